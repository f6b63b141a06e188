# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For patches.sh: every patch compiles, that with the new files included.

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

# patch_key PATCH: of what apply_patch() would do
patch_key()
{
	{
		cat "$SERIES/$1"
		[[ $1 != "$(files_patch)" ]] || files_hashes
	} | sha256sum
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
		apply_patch "$BUILDS" "$p" || exit 1
		key=$({ echo "$key"; patch_key "$p"; } | sha256sum)
		check_build "$p" "$key" || exit 1
	done
	note "every patch compiles"
}
