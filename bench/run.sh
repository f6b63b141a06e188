#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: run.sh [OPTION ...] [BENCHMARK ...]
#>
#> Runs benchmarks in the VM, on the production kernel, and shows the figures
#> as tables, with their ratios to what a user would pick instead, to the goals
#> and to the baseline. build/bench/ then has results.json and the plots.
#>
#>   --iterations N  so many samples instead of each benchmark's usual number
#>   --icount        let the guest's clock count instructions, with and without
#>                   those that clear pages: medians repeat to a few parts in a
#>                   thousand; ten times slower, and measured twice. `latency`
#>                   then also tells the phases of a launch
#>   --kernel FILE   boot that bzImage; the programs in build/ must fit it
#>   --baseline      keep the figures as the baseline: bench/baseline.json, or
#>                   bench/baseline-icount.json with --icount
#>
#> BENCHMARK is one of those that build/bench/bench --help lists; all, if none
#> is named.

set -u
. "$(dirname "$0")/../tests/lib/common.sh"

OUT=$TOP/build/bench
ITERATIONS=() ICOUNT=() COUNTING=() BENCHES=() BASELINE=$TOP/bench/baseline.json
KERNEL=() KEEP=0
# Programs are where ASLR puts them, as in life: the runner does without for the
# sake of tests.
APPEND=sysctl.kernel.randomize_va_space=2

parse_options()
{
	while (($#)); do
		case $1 in
		--iterations)
			[[ ${2:-} =~ ^[1-9][0-9]*$ ]] ||
				misuse "--iterations needs a number"
			ITERATIONS=(--iterations "$2")
			shift ;;
		--icount)
			ICOUNT=(--icount) COUNTING=(--counting)
			# a program's addresses decide how many pages are cleared
			APPEND=
			BASELINE=$TOP/bench/baseline-icount.json ;;
		--kernel)
			[[ -r ${2:-} ]] || misuse "--kernel needs a bzImage"
			KERNEL=(--kernel "$2")
			shift ;;
		--baseline) KEEP=1 ;;
		-h | --help) show_help; exit 0 ;;
		-*) misuse "unknown option: $1" ;;
		*) BENCHES+=("$1") ;;
		esac
		shift
	done
}

# measure FILE [WORD ...]: with these words on the kernel's command line. The memory
# is for the launcher that touches a GiB of its own.
measure()
{
	local file=$1
	shift
	tests/vm/run.sh --cached --mem 4G --timeout 3600 "${ICOUNT[@]}" "${KERNEL[@]}" \
		--append "$APPEND $*" -- build/bench/bench \
		"${ITERATIONS[@]}" "${COUNTING[@]}" "${BENCHES[@]}" \
		>"$OUT/$file.part" ||
		die "measuring failed with status $?; the figures so far are in $OUT/$file.part"
	mv "$OUT/$file.part" "$OUT/$file"
}

main()
{
	local -a compare=() counts=()

	parse_options "$@"
	cd "$TOP" || exit 1
	if ((${#KERNEL[@]} == 0)); then
		# also that of SPAWNPOL_KERNEL=dev, which nothing here builds
		tests/vm/kernel.sh path prod >/dev/null || exit 1
	fi
	make -j"$(nproc)" bench-programs >&2 || exit 1
	measure results.json
	if ((${#ICOUNT[@]})); then
		# A kernel that thinks that the processor is slow at `rep stosb`
		# clears pages by `rep stosq`: an eighth of the iterations.
		measure words.json clearcpuid=erms
		counts=(--counts --words "$OUT/words.json")
	fi
	if ((KEEP)); then
		{
			echo "# SPDX-License-Identifier: LGPL-2.1-or-later"
			# phases explain figures, they are none to compare
			grep -v '"bench": "phases"' "$OUT/results.json"
		} >"$BASELINE"
		note "kept as ${BASELINE#"$TOP/"}"
	fi
	[[ -e $BASELINE ]] && compare=(--baseline "$BASELINE")
	bench/report.py "${compare[@]}" "${counts[@]}" --plots "$OUT" "$OUT/results.json"
}

main "$@"
