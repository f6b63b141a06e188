# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the project's shell scripts share: where things are, how they talk,
# and how the kernel source is obtained. Sourced, never run.

TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/spawnpol
PATCHES=$TOP/kernel-patches
# The kernel source that everything is for: a directory of kernel-patches/.
SPAWNPOL_BASE=${SPAWNPOL_BASE:-6.12}
SERIES=$PATCHES/$SPAWNPOL_BASE
# Where the files are that the series adds. A file that is in the second, too, is
# taken from there.
FILES=("$PATCHES/files" "$SERIES/files")

# The makes that a script calls are nobody's sub-makes: what the make that called the
# script said is not for them. (In a sub-make the kernel's selftests for BPF take
# their directory for given, and build into the root directory without it.)
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

# A path that holds nothing to build from would end up in every log line.
PROGRAM=${0##*/}

# Limits in seconds are for a machine that has nothing else to do. One that has gets so
# many times as much (TAP_LOAD in lib/tap.h is the same for tests in C).
# shellcheck disable=SC2034 # for the harness
LOAD=4

note() { printf '%s: %s\n' "$PROGRAM" "$*" >&2; }
die() { note "$*"; exit 1; }
misuse() { note "$* (try --help)"; exit 2; }

# Print the comment block between "#>" markers of the calling script: the
# help text stands at the top of each script, where a reader looks first.
show_help() { sed -n 's/^#> \{0,1\}//p' "$0"; }

# step WHAT: the next one of STEPS, which the calling script has counted.
step() { note "step $((++STEP)) of ${STEPS:?}: $1"; }

# progress SECONDS: how far the command of a phase has come in so many seconds. If it
# is known how many lines like PHASE_UNIT it writes, PHASE_TOTAL, that is told as a part
# of these; otherwise by the last line it wrote.
progress()
{
	local lines part
	if [[ ! ${PHASE_TOTAL:-} ]]; then
		echo "$1 s so far, at $(tail -n1 "$PHASE_LOG")"
		return
	fi
	lines=$(tail -n +"${PHASE_BEGIN:-1}" "$PHASE_LOG" | grep -cE "$PHASE_UNIT")
	# The total is that of an earlier time: there can be more now.
	part=$((lines < PHASE_TOTAL ? 100 * lines / PHASE_TOTAL : 99))
	printf '%d %% in %d s' "$part" "$1"
	((part == 0)) || printf ', some %d s left' $(($1 * (100 - part) / part))
	echo
}

# Say every half minute that a long command is still at it, and where. (read
# with a timeout is a sleep that leaves no process when it is killed.)
heartbeat()
{
	while ! read -r -t 30; do
		note "$1: $(progress $((SECONDS - $2)))"
	done <> <(:)
}

# phase WHAT COMMAND...: run a long command with its output in $PHASE_LOG,
# say how long it took, and show what went wrong if it failed.
phase()
{
	local what=$1 start=$SECONDS beat status
	shift
	note "$what ..."
	PHASE_BEGIN=$(($(wc -l <"$PHASE_LOG") + 1))
	heartbeat "$what" "$start" & beat=$!
	"$@" >>"$PHASE_LOG" 2>&1
	status=$?
	kill "$beat"
	wait "$beat" 2>/dev/null
	if ((status == 0)); then
		note "$what: done in $((SECONDS - start)) s"
		return 0
	fi
	note "$what: FAILED after $((SECONDS - start)) s; from $PHASE_LOG:"
	# With parallel jobs the error is not at the end.
	if ! grep -nE -A3 '(error|warning): |ERROR: ' "$PHASE_LOG" >&2; then
		tail -n 20 "$PHASE_LOG" >&2
	fi
	return 1
}

# Sets PACKAGE, VERSION, SHA256, OLDEST, NEWEST.
load_base()
{
	[[ -r $SERIES/BASE ]] || die "there is no kernel-patches/$SPAWNPOL_BASE/BASE;" \
		"SPAWNPOL_BASE has to name a directory that has one"
	# shellcheck source=../../kernel-patches/6.12/BASE
	. "$SERIES/BASE"
	: "${PACKAGE:?}" "${VERSION:?}" "${SHA256:?}"
}

has_sha256()
{
	[[ -r $1 ]] && echo "$2  $1" | sha256sum --status -c -
}

# download_source VERSION DIR: leave that version's tarball in DIR.
# apt-get download needs neither root nor the package to be installed.
download_source()
{
	local version=$1 dir=$2 deb
	mkdir -p "$dir" || return 1
	(cd "$dir" && apt-get download -q "$PACKAGE=$version") >&2 || return 1
	for deb in "$dir"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$dir" --transform 's,.*/,,' --wildcards \
				"*/$PACKAGE.tar.xz" || return 1
		rm -f "$deb"
	done
}

# Print the path of the pinned tarball, getting it if need be.
base_tarball()
{
	local installed=/usr/src/$PACKAGE.tar.xz
	local own=$CACHE/source/$VERSION/$PACKAGE.tar.xz

	if has_sha256 "$installed" "$SHA256"; then
		echo "$installed"
		return 0
	fi
	if ! has_sha256 "$own" "$SHA256"; then
		note "fetching $PACKAGE $VERSION"
		download_source "$VERSION" "${own%/*}" ||
			die "cannot get $PACKAGE=$VERSION from apt; try apt-get" \
				"update, and if it is gone, move" \
				"kernel-patches/$SPAWNPOL_BASE/BASE to a version" \
				"that patches.sh range says is fit"
		has_sha256 "$own" "$SHA256" ||
			die "$own does not have the checksum BASE asks for"
	fi
	echo "$own"
}

# unpack TARBALL DIR: complete or not there at all.
unpack()
{
	local tarball=$1 to=$2
	rm -rf "$to" "$to.part"
	mkdir -p "$to.part" &&
		tar -xf "$tarball" -C "$to.part" --strip-components=1 &&
		mv "$to.part" "$to"
}

series_lines()
{
	[[ -r $SERIES/series ]] && sed 's/#.*//; /^[[:space:]]*$/d' "$SERIES/series"
	return 0
}

# The patches of the series, in order, one name per line.
series_list() { series_lines | awk '{ print $1 }'; }

# The patch that the new files come with.
files_patch() { series_lines | awk '$2 == "files" { print $1 }'; }

# files_in DIR: their paths there, without what .gitignore names.
files_in()
{
	[[ ! -d $1 ]] || (cd "$1" && find . ! -type d ! -name '*~' ! -name '*.swp' \
		-printf '%P\n' | LC_ALL=C sort)
}

# The files that the series adds, as paths in the kernel's source.
new_files()
{
	local dir
	for dir in "${FILES[@]}"; do
		files_in "$dir"
	done | LC_ALL=C sort -u
}

# new_file PATH: which file that is.
new_file()
{
	if [[ -e ${FILES[1]}/$1 ]]; then
		echo "${FILES[1]}/$1"
	else
		echo "${FILES[0]}/$1"
	fi
}

files_hashes()
{
	local dir
	for dir in "${FILES[@]}"; do
		[[ ! -d $dir ]] || (cd "$dir" && files_in . | xargs -rd '\n' sha256sum)
	done
}

# One hash for the series: names, order and contents.
series_hash()
{
	local p
	{
		series_lines
		series_list | while read -r p; do cat "$SERIES/$p"; done
		files_hashes
	} | sha256sum | cut -c1-16
}

# add_files DIR: the new files, which must not be there.
add_files()
{
	local f
	new_files | while read -r f; do
		[[ ! -e $1/$f ]] ||
			{ echo "files/$f does not apply: there is one"; exit 1; }
		mkdir -p "$(dirname "$1/$f")" && cp -P "$(new_file "$f")" "$1/$f" ||
			exit 1
	done
}

# apply_patch DIR PATCH: zero fuzz; with the new files if they come with it.
apply_patch()
{
	patch -d "$1" -p1 -F0 -s --no-backup-if-mismatch -i "$SERIES/$2" ||
		{ echo "$2 does not apply"; return 1; }
	[[ $2 != "$(files_patch)" ]] || add_files "$1"
}

# apply_series DIR: stop at the first patch that does not apply.
apply_series()
{
	local p
	series_list | while read -r p; do
		apply_patch "$1" "$p" || exit 1
	done
}

# Compilers are the slow part; ccache makes a changed series cost only the
# files it changes. The source directory's name differs per series, so it must
# not be part of ccache's key, and the build stamps must be constant.
ccache_env()
{
	export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 2026'
	export KBUILD_BUILD_USER=spawnpol KBUILD_BUILD_HOST=spawnpol
	# shellcheck disable=SC2034 # for whoever calls
	KCC=gcc
	if command -v ccache >/dev/null; then
		export CCACHE_DIR=$CACHE/ccache CCACHE_NOHASHDIR=1
		export CCACHE_MAXSIZE=6G CCACHE_SLOPPINESS=time_macros,locale
		# shellcheck disable=SC2034
		KCC='ccache gcc'
	fi
}
