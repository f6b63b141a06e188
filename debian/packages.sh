#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: packages.sh [DIR]
#>
#> Builds the source package and the binary packages of what this checkout holds, as it
#> is now, committed or not, and has lintian check them. They are left in DIR, otherwise
#> in deb/ of the cache directory (~/.cache/spawnpol), in place of those of an earlier
#> version. Nothing is written to the checkout.
#>
#> DEB_BUILD_OPTIONS is that of dpkg-buildpackage(1): "nocheck" leaves out the tests. If it
#> is not set, it is "terse noautodbgsym", which makes no packages of debugging symbols and
#> does not log the compiler's command lines.
#>
#> exit status: 0; 1 if the packages cannot be built or lintian has an error or a warning

set -u
. "$(dirname "$0")/../tests/lib/common.sh"

# The files that git knows or would add, or all of them where there is no git.
source_files()
{
	git ls-files -z --cached --others --exclude-standard 2>/dev/null ||
		find . \( -path ./build -o -path ./.git \) -prune -o -type f -printf '%P\0'
}

# copy_source DIR: what was deleted and not committed is still in git's list.
copy_source()
{
	mkdir -p "$1" && source_files |
		while IFS= read -r -d '' file; do
			[[ ! -e $file ]] || printf '%s\0' "$file"
		done | tar -c --null --no-recursion -T - | tar -x -C "$1"
}

# build_in DIR
build_in()
{
	export DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-terse noautodbgsym}"
	cd "$1" && dpkg-buildpackage --no-sign --jobs=auto
}

# check FILE.changes: what lintian says goes to standard error.
check()
{
	local -a options=(--fail-on "error,warning" --tag-display-limit 0)
	((EUID)) || options+=(--allow-root)
	lintian "${options[@]}" "$1" >&2
}

# keep FROM TO: all files, in place of those of the last time.
keep()
{
	mkdir -p "$2" &&
		rm -f "$2"/{,lib}spawnpol*_*.{deb,dsc,tar.xz,changes,buildinfo} &&
		cp "$1"/*_* "$2"
}

main()
{
	local to work source=spawnpol

	case ${1:-} in
	-h | --help) show_help; exit 0 ;;
	-*) misuse "unknown option: $1" ;;
	esac
	(($# <= 1)) || misuse "one directory at most"
	to=$(realpath -m -- "${1:-$CACHE/deb}")
	cd "$TOP" || exit 1
	mkdir -p "$CACHE/log" || exit 1
	work=$(mktemp -d "$CACHE/deb-build.XXXXXX") || exit 1
	# shellcheck disable=SC2064 # it is known now
	trap "rm -rf '$work'" EXIT
	PHASE_LOG=$CACHE/log/deb.log
	: >"$PHASE_LOG"
	copy_source "$work/$source" || die "cannot copy the checkout"
	phase "building packages" build_in "$work/$source" || exit 1
	note "lintian checks them"
	check "$work"/*.changes || die "lintian finds faults in the packages"
	keep "$work" "$to" || exit 1
	note "the packages are in $to:"
	(cd "$work" && ls -- *.deb)
}

main "$@"
