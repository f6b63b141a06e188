#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: patches.sh prepare [DIR]      make a git tree of the base with the series
#>        patches.sh refresh [DIR]      write the tree's commits back
#>        patches.sh check [WHAT ...]   check the series
#>        patches.sh check-builds       compile it patch by patch
#>        patches.sh range              try it on every point release that apt offers
#>        patches.sh export [DIR [TO]]  write it as a series of full patches
#>        patches.sh figures            print how large it is
#>
#> The series is kernel-patches/files, which holds the files that it adds to the
#> kernel, and a directory like kernel-patches/6.12 for the source that it changes:
#> which source that is (BASE), new files that only this source needs (files), the
#> changes to files that the source has (*.patch), and their order (series). The line
#> of one patch in `series` ends with the word "files": the new files come with that
#> patch. SPAWNPOL_BASE=6.12, which is the default, selects the directory.
#>
#> DIR is a git tree whose tag "base" is that source and whose commits base..HEAD
#> are the series; the default is ${XDG_CACHE_HOME:-~/.cache}/spawnpol/tree.
#>
#>   prepare   makes DIR, which must not exist
#>   refresh   writes files/, the patches and `series` from DIR; what is not
#>             committed there is left out. All new files have to come with one
#>             commit
#>   export    writes each commit as a full patch to TO, which must not exist
#>             (default: export in the cache directory, which is replaced). The
#>             commit with the new files is divided as kernel-patches/export says.
#>             Checks that git am applies the result and ends with DIR's files
#>   figures   prints the table that README.md has, which refresh puts there
#>
#> WHAT is one or more of
#>   complete    the files, the list `series` and the tables in README.md agree
#>   files       new files are in files/ and nowhere else, and all are exported
#>   applies     every patch applies with patch -F0, and no new file is there yet
#>   identical   applied and written back, all is the same to the byte
#>   style       checkpatch.pl --strict accepts the patches and the files
#> and everything by default. check-builds compiles the directories that the
#> series touches after each patch, with its options on and off, and remembers
#> what passed.

set -u
. "$(dirname "$0")/../tests/lib/common.sh"
. "$PATCHES/lib/tree.sh"
. "$PATCHES/lib/figures.sh"
. "$PATCHES/lib/check.sh"
. "$PATCHES/lib/builds.sh"
. "$PATCHES/lib/export.sh"

TREE=$CACHE/tree

# The outcome must not depend on whose machine this is.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=spawnpol GIT_AUTHOR_EMAIL=spawnpol@localhost
export GIT_COMMITTER_NAME=spawnpol GIT_COMMITTER_EMAIL=spawnpol@localhost
export LC_ALL=C

do_prepare()
{
	local dir=${1:-$TREE} tarball
	[[ ! -e $dir ]] || die "$dir exists; remove it or name another directory"
	tarball=$(base_tarball) || exit 1
	phase "unpacking $PACKAGE $VERSION" unpack "$tarball" "$dir" &&
		phase "importing it into git (a minute)" import "$dir" &&
		phase "committing $(series_size)" commit_series "$dir" || exit 1
	note "$dir is ready"
}

# same_file A B: contents and permission to execute.
same_file()
{
	cmp -s "$1" "$2" && [[ -x $1 && -x $2 || ! -x $1 && ! -x $2 ]]
}

# replace FROM TO: say so if that changes anything.
replace()
{
	same_file "$1" "$2" && return
	mkdir -p "${2%/*}" && cp -P "$1" "$2" && note "wrote ${2#"$PATCHES/"}"
}

remove()
{
	rm -f "$1" && note "removed ${1#"$PATCHES/"}"
	rmdir -p --ignore-fail-on-non-empty "${1%/*}" 2>/dev/null
	return 0
}

# put_back FROM: what write_series() made of a tree takes the series' place.
put_back()
{
	local path
	for path in "$SERIES"/*.patch; do
		[[ ! -e $path || -e $1/${path##*/} ]] || remove "$path"
	done
	for path in "$1"/*.patch "$1/series"; do
		[[ ! -e $path ]] || replace "$path" "$SERIES/${path##*/}" || return 1
	done
	new_files | while read -r path; do
		[[ -e $1/files/$path ]] || remove "$(new_file "$path")"
	done
	files_in "$1/files" | while read -r path; do
		replace "$1/files/$path" "$(new_file "$path")" || exit 1
	done
}

do_refresh()
{
	local dir=${1:-$TREE}
	is_tree "$dir" || die "$dir is no git tree with a tag 'base'"
	[[ ! $(git -C "$dir" status --porcelain -uno) ]] ||
		note "$dir has changes that are not committed: they are left out"
	write_series "$dir" "$WORK/written" && put_back "$WORK/written" &&
		put_figures || exit 1
	note "the series has $(series_size)"
}

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
	export) do_export "$@" ;;
	figures) print_figures ;;
	*) misuse "unknown command: $command" ;;
	esac
	exit
}

main "$@"
