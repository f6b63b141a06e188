#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: kernel.sh build {prod|debug|base} [--tree DIR] [--jobs N]
#>        kernel.sh path {prod|debug|base}
#>        kernel.sh config {prod|debug|base}
#>        kernel.sh configure {prod|debug|base} DIR
#>
#> Builds the guest kernels and keeps them in the cache directory
#> (${XDG_CACHE_HOME:-~/.cache}/spawnpol/kernel), keyed by source, series,
#> configuration and compiler. base is prod without the series, to compare with.
#>
#>   build   build that kernel unless it is cached. With --tree DIR, build the
#>           working tree DIR (a git tree with a tag "base") as it is now,
#>           incrementally, as <variant>-dev
#>   path    print the path of the bzImage, building it first if need be
#>   config  print the path of the final configuration, likewise
#>   configure  make that configuration in the kernel source tree DIR
#>
#> SPAWNPOL_KERNEL=dev makes path and config name what the last
#> `build --tree` made instead; there is no such base.

set -u
. "$(dirname "$0")/../lib/common.sh"

# Others work in the tree that --tree names: leave its index alone.
export GIT_OPTIONAL_LOCKS=0

CONFIGS=$TOP/tests/vm/config
KEEP=3				# cached kernels of each variant

fragments()
{
	echo "$CONFIGS/base.config"
	[[ $1 != debug ]] || echo "$CONFIGS/debug.config"
}

# put_series VARIANT TREE
put_series()
{
	[[ $1 == base ]] ||
		phase "applying $(series_list | wc -l) patches" apply_series "$2"
}

# Everything that decides what comes out of a build.
kernel_key()
{
	local -a parts
	mapfile -t parts < <(fragments "$1")
	{
		echo "$SHA256"
		[[ $1 == base ]] || series_hash
		cat "${parts[@]}"
		gcc --version | head -n1
		pahole --version
	} | sha256sum | cut -c1-16
}

kernel_dir()
{
	if [[ ${SPAWNPOL_KERNEL:-} == dev ]]; then
		echo "$CACHE/kernel/$1-dev"
	else
		echo "$CACHE/kernel/$1-$(kernel_key "$1")"
	fi
}

# The options the fragments ask for, the last word on each: "NAME WANTED",
# where WANTED is "n" or the rest of the line.
requested()
{
	sed -n -e 's/^# \(CONFIG_[A-Za-z0-9_]*\) is not set$/\1 n/p' \
		-e 's/^\(CONFIG_[A-Za-z0-9_]*\)=\(.*\)$/\1 \2/p' "$@" |
		awk '{ n = $1; sub(/^[^ ]* /, ""); want[n] = $0 }
		     END { for (n in want) print n, want[n] }' | sort
}

# The series' own options do not exist in an unpatched tree.
unknown_to_tree()
{
	case $2 in
	CONFIG_IO_URING_SPAWN | CONFIG_IO_URING_BPF)
		! grep -rqsE "^(menu)?config ${2#CONFIG_}\$" \
			"$1/init/Kconfig" "$1/io_uring/Kconfig" ;;
	*)	return 1 ;;
	esac
}

# merge_config only warns about an option whose dependencies are not met.
check_config()
{
	local tree=$1 name want got bad=0
	shift
	while read -r name want; do
		got=$(sed -n "s/^$name=//p" "$tree/.config")
		[[ ${got:-n} == "$want" ]] && continue
		unknown_to_tree "$tree" "$name" && continue
		echo "$name: asked for $want, got ${got:-n}"
		bad=1
	done < <(requested "$@")
	return "$bad"
}

# From nothing each time: a .config made earlier, perhaps for a tree without some
# option, does not count. What comes out the same is not compiled again.
make_config()
{
	local variant=$1 tree=$2
	local -a parts
	mapfile -t parts < <(fragments "$variant")
	make -C "$tree" CC="$KCC" tinyconfig &&
		(cd "$tree" && scripts/kconfig/merge_config.sh -m .config \
			"${parts[@]}") &&
		make -C "$tree" CC="$KCC" olddefconfig || return 1
	check_config "$tree" "${parts[@]}"
}

# Bring the build tree up to date with a working tree by copying the files
# that differ from the base, now or at the last sync. Copies get the current
# time: a file edited while the previous build ran must be built again.
sync_tree()
{
	local from=$1 to=$2 f
	local list=$to/.spawnpol-synced
	{
		git -C "$from" diff --name-only refs/tags/base --
		git -C "$from" ls-files -o --exclude-standard
	} | sort -u >"$list.new" || return 1
	touch "$list"
	sort -u "$list" "$list.new" | while read -r f; do
		if [[ ! -e $from/$f ]]; then
			rm -f "$to/$f"
		elif ! cmp -s "$from/$f" "$to/$f"; then
			echo "sync $f"
			mkdir -p "$(dirname "$to/$f")"
			cp "$from/$f" "$to/$f" || exit 1
		fi
	done || return 1
	mv "$list.new" "$list"
}

# install_kernel TREE DIR: complete or not there at all.
install_kernel()
{
	local tree=$1 dir=$2
	rm -rf "$dir.part"
	mkdir -p "$dir.part" || return 1
	cp "$tree/arch/x86/boot/bzImage" "$dir.part/bzImage" &&
		cp "$tree/.config" "$dir.part/config" &&
		cp "$tree/vmlinux" "$dir.part/vmlinux" || return 1
	rm -rf "$dir"
	mv "$dir.part" "$dir"
}

prune()
{
	local -a old
	# shellcheck disable=SC2012 # the names are ours
	mapfile -t old < <(ls -1dt "$CACHE/kernel/$1"-????????????????/ 2>/dev/null |
		tail -n +$((KEEP + 1)))
	((${#old[@]})) && rm -rf "${old[@]}"
	return 0
}

compile()
{
	nice -n 5 make -C "$2" -j"$1" CC="$KCC" bzImage
}

# compile_whole VARIANT JOBS TREE: with its progress. The number of objects is that of
# the last time, if there was one.
compile_whole()
{
	local memory=$CACHE/kernel/objects-$1
	local PHASE_UNIT='^  (CC|AS) ' PHASE_TOTAL=1650
	[[ ! -s $memory ]] || PHASE_TOTAL=$(<"$memory")
	phase "compiling the $1 kernel: $PHASE_TOTAL objects, $2 at a time" \
		compile "$2" "$3" || return 1
	tail -n +"$PHASE_BEGIN" "$PHASE_LOG" | grep -cE "$PHASE_UNIT" >"$memory"
}

build_release()
{
	local variant=$1 jobs=$2 dir tarball tree
	dir=$CACHE/kernel/$variant-$(kernel_key "$variant")
	[[ -e $dir/bzImage ]] && { touch "$dir"; return 0; }
	tree=$CACHE/src-$variant
	tarball=$(base_tarball) || exit 1
	phase "unpacking $PACKAGE $VERSION" unpack "$tarball" "$tree" &&
		put_series "$variant" "$tree" &&
		phase "configuring the $variant kernel" make_config "$variant" "$tree" &&
		compile_whole "$variant" "$jobs" "$tree" &&
		install_kernel "$tree" "$dir" || return 1
	rm -rf "$tree"
	prune "$variant"
}

build_dev()
{
	local variant=$1 jobs=$2 from=$3 tarball
	local tree=$CACHE/dev-$variant
	git -C "$from" rev-parse -q --verify refs/tags/base^0 >/dev/null ||
		die "$from has no tag 'base': was it made by patches.sh prepare?"
	if [[ ! -d $tree ]]; then
		tarball=$(base_tarball) || exit 1
		phase "unpacking $PACKAGE $VERSION" unpack "$tarball" "$tree" || return 1
	fi
	phase "copying changed files from $from" sync_tree "$from" "$tree" &&
		phase "configuring the $variant kernel" make_config "$variant" "$tree" &&
		phase "compiling the $variant kernel with $jobs jobs" \
			compile "$jobs" "$tree" &&
		install_kernel "$tree" "$CACHE/kernel/$variant-dev"
}

do_build()
{
	local variant=$1 jobs tree=
	jobs=$(nproc)
	shift
	while (($#)); do
		case $1 in
		--tree) tree=${2:?--tree needs a directory}; shift 2 ;;
		--jobs) jobs=${2:?--jobs needs a number}; shift 2 ;;
		*) misuse "unknown argument: $1" ;;
		esac
	done
	[[ $variant != base || ! $tree ]] || misuse "the base is no working tree's"
	mkdir -p "$CACHE/kernel" "$CACHE/log" || exit 1
	ccache_env
	PHASE_LOG=$CACHE/log/kernel-$variant${tree:+-dev}.log
	exec 9>"$CACHE/kernel/.lock-$variant${tree:+-dev}"
	if ! flock -n 9; then
		note "waiting for another build of the $variant kernel"
		flock 9
	fi
	: >"$PHASE_LOG"
	if [[ $tree ]]; then
		build_dev "$variant" "$jobs" "$tree"
	else
		build_release "$variant" "$jobs"
	fi
}

# locate FILE VARIANT: print its path, after a build if it is not there yet.
locate()
{
	local dir
	dir=$(kernel_dir "$2")
	if [[ ! -e $dir/$1 ]]; then
		[[ ${SPAWNPOL_KERNEL:-} != dev ]] ||
			die "no $dir/$1: run kernel.sh build $2 --tree DIR"
		(do_build "$2") || exit 1
	fi
	echo "$dir/$1"
}

variant_arg()
{
	case ${1:-} in
	prod | debug) ;;
	base) SPAWNPOL_KERNEL='' ;;
	*) misuse "which kernel, prod, debug or base?" ;;
	esac
}

main()
{
	local command=${1:-}
	shift || misuse "no command given"
	case $command in
	-h | --help) show_help; exit 0 ;;
	esac
	load_base
	case $command in
	build) variant_arg "$@"; do_build "$@" ;;
	path) variant_arg "$@"; locate bzImage "$1" ;;
	config) variant_arg "$@"; locate config "$1" ;;
	configure)
		variant_arg "$@"
		[[ -d ${2:-} ]] || misuse "configure needs a source tree"
		ccache_env
		make_config "$@" ;;
	*) misuse "unknown command: $command" ;;
	esac
	exit	# this file may have been edited meanwhile: read no more of it
}

main "$@"
