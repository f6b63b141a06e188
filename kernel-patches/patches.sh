#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: patches.sh prepare [DIR]      make a git tree of BASE with the series
#>        patches.sh refresh [DIR]      write the tree's commits back as patches
#>        patches.sh check [WHAT ...]   check the series
#>        patches.sh check-builds       compile it patch by patch
#>        patches.sh range              try it on every 6.12.y that apt offers
#>
#> The kernel source is pinned in BASE. DIR is a git tree whose tag "base" is
#> that source and whose commits base..HEAD are the series; the default is
#> ${XDG_CACHE_HOME:-~/.cache}/spawnpol/tree. A patch is changed by changing
#> its commit there (git commit --amend, git rebase -i) and refreshing.
#>
#> WHAT is one or more of
#>   complete    the files, the list `series` and the table in README.md agree
#>   applies     every patch applies with patch -F0, and with git am
#>   identical   applied and exported again, it is the same to the byte
#>   style       checkpatch.pl --strict has nothing to say
#> and everything by default. check-builds compiles the directories that the
#> series touches after each patch, with its options on and off, and remembers
#> what passed.

set -u
. "$(dirname "$0")/../tests/lib/common.sh"

TREE=$CACHE/tree

# The outcome must not depend on whose machine this is.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=spawnpol GIT_AUTHOR_EMAIL=spawnpol@localhost
export GIT_COMMITTER_NAME=spawnpol GIT_COMMITTER_EMAIL=spawnpol@localhost

patch_paths() { series_list | sed "s,^,$PATCHES/,"; }

# The files that the series changes or adds.
touched_files()
{
	patch_paths | xargs -r sed -nE 's,^(---|\+\+\+) [ab]/,,p' | sort -u
}

# The files that the series touches, what checkpatch.pl needs, and
# .gitattributes, which decides what git writes behind the second @@.
needed_files()
{
	touched_files
	printf '%s\n' .gitattributes scripts include/linux \
		COPYING CREDITS Kbuild MAINTAINERS Makefile README
}

# partial_tree TARBALL DIR: only those. tar calls it an error that the files
# which the series adds are not there.
partial_tree()
{
	needed_files | sed "s,^,$PACKAGE/," >"$WORK/needed"
	mkdir -p "$2"
	tar -xf "$1" -C "$2" --strip-components=1 -T "$WORK/needed" 2>/dev/null
	(cd "$2" && mkdir -p Documentation arch drivers fs init ipc kernel lib)
	[[ -e $2/Makefile ]]
}

# The same of the pinned base, kept in the cache.
base_partial_tree()
{
	local key tarball dir
	key=$({ echo "$SHA256"; needed_files; } | sha256sum | cut -c1-16)
	dir=$CACHE/partial-$key
	if [[ ! -d $dir ]]; then
		rm -rf "$CACHE"/partial-*
		tarball=$(base_tarball) || exit 1
		partial_tree "$tarball" "$dir.part" ||
			die "cannot unpack $tarball"
		mv "$dir.part" "$dir"
	fi
	echo "$dir"
}

# copy_base DIR: those files of the base that the series touches.
copy_base()
{
	local base
	base=$(base_partial_tree) || exit 1
	mkdir "$1" && (cd "$base" && { touched_files; echo .gitattributes; } |
		while read -r f; do
			[[ ! -e $f ]] || cp --parents "$f" "$1" || exit 1
		done)
}

# import DIR: make the source in DIR a git tree with one commit, tagged base.
import()
{
	# Debian's list ends by ignoring everything, which would hide new files.
	[[ ! -e $1/.gitignore ]] || sed -i '\,^/\*$,d; \,^!/debian/$,d' "$1/.gitignore"
	git -C "$1" init -q -b spawnpol &&
		git -C "$1" add -A &&
		git -C "$1" commit -q -m "$PACKAGE $VERSION" &&
		git -C "$1" tag base
}

am() { patch_paths | xargs -r git -C "$1" am -q --keep-non-patch --committer-date-is-author-date; }

# export_series DIR TO: the commits base..HEAD as patches and their list.
export_series()
{
	git -C "$1" format-patch -q --zero-commit --no-signature -N --full-index \
		-o "$2" refs/tags/base..HEAD || return 1
	{
		echo "# SPDX-License-Identifier: LGPL-2.1-or-later"
		echo "# The order in which the patches apply. Written by patches.sh refresh."
		(cd "$2" && ls -- *.patch 2>/dev/null)
	} >"$2/series"
}

do_prepare()
{
	local dir=${1:-$TREE} tarball
	[[ ! -e $dir ]] || die "$dir exists; remove it or name another directory"
	tarball=$(base_tarball) || exit 1
	phase "unpacking $PACKAGE $VERSION" unpack "$tarball" "$dir" &&
		phase "importing it into git (a minute)" import "$dir" &&
		phase "applying $(series_list | wc -l) patches" am "$dir" || exit 1
	note "$dir is ready"
}

do_refresh()
{
	local dir=${1:-$TREE} p
	git -C "$dir" rev-parse -q --verify 'refs/tags/base^0' >/dev/null ||
		die "$dir is no git tree with a tag 'base'"
	[[ ! $(git -C "$dir" status --porcelain -uno) ]] ||
		note "$dir has changes that are not committed: they are left out"
	export_series "$dir" "$WORK/export" || exit 1
	for p in "$PATCHES"/*.patch; do
		[[ -e $WORK/export/${p##*/} ]] || rm -f "$p"
	done
	for p in "$WORK/export"/*; do
		cmp -s "$p" "$PATCHES/${p##*/}" || cp "$p" "$PATCHES/"
	done
	note "the series has $(series_list | wc -l) patches"
}

series_is_there()
{
	[[ $(series_list) ]] || { echo "the series is empty" >&2; return 1; }
}

# --- checks -----------------------------------------------------------------

# The patches named in the first column of the table.
table_list()
{
	sed -nE 's,^\|[^|]*\b([0-9]{4}-[A-Za-z0-9._-]*\.patch).*,\1,p' "$PATCHES/README.md"
}

check_complete()
{
	local bad=0
	series_is_there || return 1
	diff <(series_list) <(cd "$PATCHES" && ls -- *.patch) ||
		{ echo "series (<) and the files (>) differ"; bad=1; }
	diff <(series_list) <(table_list) ||
		{ echo "series (<) and the table in README.md (>) differ"; bad=1; }
	return "$bad"
}

check_applies()
{
	copy_base "$WORK/applies" && apply_series "$WORK/applies"
}

check_identical()
{
	local dir=$WORK/identical
	copy_base "$dir" && import "$dir" && am "$dir" &&
		export_series "$dir" "$WORK/again" || return 1
	diff -r -x '*.md' -x '*.sh' -x BASE "$PATCHES" "$WORK/again"
}

# Two things checkpatch.pl says are no faults here: it asks for a MAINTAINERS
# entry for each new file, though directories cover them, and it cannot parse
# the layout that every trace event header has.
expected_style()
{
	grep -vE -e '(^| )[A-Z]+:FILE_PATH_CHANGES:' \
		-e '^[^ ]+ include/trace/events/.*:(OPEN_ENDED_LINE|PARENTHESIS_ALIGNMENT):'
}

check_style()
{
	local base
	base=$(base_partial_tree) || exit 1
	# needs modules that Debian's Python lacks; our own style test has it
	rm -f "$base/scripts/spdxcheck.py"
	# shellcheck disable=SC2016 # sh expands it, for each patch
	patch_paths | xargs -r -n1 -P"$(nproc)" sh -c '
		perl "$0/scripts/checkpatch.pl" --strict --quiet --no-summary \
			--terse --show-types --showfile --root="$0" "$1" 2>&1 |
			sed "s,^,${1##*/} ,"' "$base" >"$WORK/style"
	! expected_style <"$WORK/style"
}

do_check()
{
	local what bad=0
	local -a wanted=("$@")
	((${#wanted[@]})) || wanted=(complete applies identical style)
	for what in "${wanted[@]}"; do
		case $what in
		complete | applies | identical | style) ;;
		*) misuse "unknown check: $what" ;;
		esac
		if "check_$what" >"$WORK/output" 2>&1; then
			note "$what: ok"
		else
			cat "$WORK/output" >&2
			note "$what: FAILED"
			bad=1
		fi
	done
	return "$bad"
}

# --- every patch compiles ---------------------------------------------------

BUILDS=$CACHE/builds
PASSED=$CACHE/builds-passed	# keys of what compiled, one per line

# The base in $BUILDS, by putting back what the series touches, or anew.
reset_builds()
{
	local tarball base f
	# a file that the series no longer touches could not be put back
	touched_files | cmp -s - "$BUILDS/.touched" || rm -rf "$BUILDS"
	if [[ ! -d $BUILDS ]]; then
		tarball=$(base_tarball) || return 1
		unpack "$tarball" "$BUILDS" || return 1
	fi
	base=$(base_partial_tree) || return 1
	# shellcheck disable=SC2013 # kernel files have no spaces in their names
	for f in $(cat "$BUILDS/.touched" 2>/dev/null); do
		if [[ ! -e $base/$f ]]; then
			rm -f "$BUILDS/$f"
		elif ! cmp -s "$base/$f" "$BUILDS/$f"; then
			cp "$base/$f" "$BUILDS/$f"
		fi
	done
	touched_files >"$BUILDS/.touched"
}

# What to compile: io_uring, each file of the base that the series changes at
# some point (so that a changed prototype meets all who are to follow it), and
# the directories of new files, which may not be meant for this configuration.
# That the rest compiles with the whole series, a built kernel shows.
build_targets()
{
	local base f
	base=$(base_partial_tree) || exit 1
	echo io_uring/
	touched_files | grep -vE '^(tools|samples)/' | grep '\.c$' |
		while read -r f; do
			if [[ -e $base/$f ]]; then
				echo "${f%.c}.o"
			elif [[ -d $BUILDS/${f%/*} ]]; then
				echo "${f%/*}/"
			fi
		done
}

# Only what depends on an option that changed is compiled again.
configure_builds()
{
	"$TOP/tests/vm/kernel.sh" configure prod "$BUILDS" &&
		"$BUILDS/scripts/config" --file "$BUILDS/.config" \
			--set-val IO_URING_SPAWN "$1" --set-val IO_URING_BPF "$2" &&
		make -C "$BUILDS" CC="$KCC" olddefconfig
}

compile_builds()
{
	local -a targets
	local log=$WORK/compile status
	mapfile -t targets < <(build_targets | sort -u)
	configure_builds "$1" "$2" || return 1
	nice -n 5 make -C "$BUILDS" CC="$KCC" -j"$(nproc)" prepare \
		"${targets[@]}" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	((status == 0)) && ! grep -q 'warning:' "$log"
}

# The combinations of the two options that make a difference in this tree.
option_values()
{
	local kconfigs=("$BUILDS/init/Kconfig" "$BUILDS/io_uring/Kconfig")
	echo n n
	grep -qs 'config IO_URING_SPAWN$' "${kconfigs[@]}" && echo y n
	grep -qs 'config IO_URING_BPF$' "${kconfigs[@]}" && echo y y
	return 0
}

# check_build NAME KEY: the state of $BUILDS, with all option values.
check_build()
{
	local spawn bpf
	grep -qsx "$2" "$PASSED" && return
	while read -r spawn bpf; do
		phase "$1, SPAWN=$spawn BPF=$bpf" compile_builds "$spawn" "$bpf" ||
			return 1
	done < <(option_values)
	echo "$2" >>"$PASSED"
}

do_check_builds()
{
	local p key
	series_is_there || exit 1
	ccache_env
	key=$({ cat "$TOP/tests/vm/config/base.config"; echo "$SHA256"; } | sha256sum)
	PHASE_LOG=$CACHE/log/builds.log
	: >"$PHASE_LOG"
	phase "putting the base into $BUILDS" reset_builds || exit 1
	for p in $(series_list); do
		patch -d "$BUILDS" -p1 -F0 -s --no-backup-if-mismatch \
			-i "$PATCHES/$p" || die "$p does not apply"
		key=$(echo "$key" | cat - "$PATCHES/$p" | sha256sum)
		check_build "$p" "$key" || exit 1
	done
	note "every patch compiles"
}

# --- other point releases ---------------------------------------------------

# try_version VERSION: does the series apply to it?
try_version()
{
	local dir=$WORK/range
	rm -rf "$dir"
	download_source "$1" "$dir" &&
		partial_tree "$dir/$PACKAGE.tar.xz" "$dir/tree" &&
		apply_series "$dir/tree"
}

do_range()
{
	local version
	local -a versions
	series_is_there || exit 1
	mapfile -t versions < <(apt-cache madison "$PACKAGE" |
		awk -F' *[|] *' '{ print $2 }' | sort -uV)
	for version in "${versions[@]}"; do
		if try_version "$version" >"$WORK/output" 2>&1; then
			echo "$version applies"
		else
			echo "$version $(grep 'does not apply' "$WORK/output" ||
				echo 'cannot be had')"
		fi
	done
}

main()
{
	local command=${1:-}
	shift || misuse "no command given"
	case $command in
	-h | --help) show_help; exit 0 ;;
	esac
	load_base
	mkdir -p "$CACHE/log" || exit 1
	PHASE_LOG=$CACHE/log/patches.log
	: >"$PHASE_LOG"
	WORK=$(mktemp -d) || exit 1
	trap 'rm -rf "$WORK"' EXIT
	case $command in
	prepare) do_prepare "$@" ;;
	refresh) do_refresh "$@" ;;
	check) do_check "$@" ;;
	check-builds) do_check_builds ;;
	range) do_range ;;
	*) misuse "unknown command: $command" ;;
	esac
	exit
}

main "$@"
