#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: root.sh
#>
#> Prints the path of a file system image with a minimal Debian 12, a compiler for C, and
#> a repository with what the project's packages depend on, which is not installed: apt
#> works there without a network. The image is made once, in a minute or two, and kept in
#> the cache directory. That takes Debian's archive, and, without root's rights, user name
#> spaces and an entry in /etc/subuid.

set -u
. "$(dirname "$0")/../lib/common.sh"

SUITE=bookworm
INSTALLED=gcc,libc6-dev,make,pkg-config
# In the repository, with all that they depend on.
AVAILABLE='libbpf-dev liburing-dev'
REPOSITORY=/srv/repository

# Debian's archive as this machine knows it, which may be a mirror.
sources()
{
	# shellcheck disable=SC2016 # apt expands it
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' 'Origin: Debian' 'Component: main' |
		grep -E " $SUITE(-[a-z]+)? " | sort -u
}

# What mmdebstrap runs when it has installed everything; $1 is the root directory.
make_repository()
{
	cat <<-END
		set -eu
		mkdir -p "\$1$REPOSITORY/partial"
		chroot "\$1" apt-get install -y --no-install-recommends --download-only \\
			-o Dir::Cache::archives=$REPOSITORY $AVAILABLE
		rm -r "\$1$REPOSITORY/partial"
		(cd "\$1$REPOSITORY" && dpkg-scanpackages --multiversion . >Packages)
		rm -rf "\$1/etc/apt/sources.list.d" "\$1"/var/lib/apt/lists/*
		echo 'deb [trusted=yes] file:$REPOSITORY ./' >"\$1/etc/apt/sources.list"
		chroot "\$1" apt-get update
	END
}

# make_image FILE: complete or not there at all.
make_image()
{
	local dir status
	dir=$(mktemp -d) || return 1
	make_repository >"$dir/hook" && sources >"$dir/sources" && chmod 755 "$dir" &&
		mmdebstrap --variant=apt --include="$INSTALLED" --skip=cleanup/apt/lists \
			--customize-hook="sh $dir/hook \"\$1\"" \
			--format=ext2 "$SUITE" "$1.part" "$dir/sources" &&
		mv "$1.part" "$1"
	status=$?
	rm -rf "$dir" "$1.part"
	return $status
}

main()
{
	local image

	case ${1:-} in
	-h | --help) show_help; exit 0 ;;
	'') ;;
	*) misuse "unknown argument: $1" ;;
	esac
	image=$CACHE/root/$SUITE-$(sha256sum <"$0" | cut -c1-16).ext2
	if [[ ! -s $image ]]; then
		mkdir -p "$CACHE/log" "$CACHE/root" || exit 1
		PHASE_LOG=$CACHE/log/root.log
		: >"$PHASE_LOG"
		rm -f "$CACHE/root/$SUITE"-*.ext2
		phase "making a Debian to install packages in" make_image "$image" || exit 1
	fi
	echo "$image"
}

main "$@"
