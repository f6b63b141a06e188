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
#>   --icount        let the guest's clock count instructions: the figures
#>                   repeat to a few parts in a hundred; ten times slower
#>   --baseline      keep the figures as the baseline: bench/baseline.json, or
#>                   bench/baseline-icount.json with --icount
#>
#> BENCHMARK is one of those that build/bench/bench --help lists; all, if none
#> is named.

set -u
. "$(dirname "$0")/../tests/lib/common.sh"

OUT=$TOP/build/bench
ITERATIONS=() ICOUNT=() COUNTING=() BENCHES=() BASELINE=$TOP/bench/baseline.json
KEEP=0

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
			BASELINE=$TOP/bench/baseline-icount.json ;;
		--baseline) KEEP=1 ;;
		-h | --help) show_help; exit 0 ;;
		-*) misuse "unknown option: $1" ;;
		*) BENCHES+=("$1") ;;
		esac
		shift
	done
}

# The memory is for the launcher that touches a GiB of its own. Programs are where
# ASLR puts them, as in life: the runner does without for the sake of tests.
measure()
{
	tests/vm/run.sh --mem 4G --timeout 3600 "${ICOUNT[@]}" \
		--append sysctl.kernel.randomize_va_space=2 -- build/bench/bench \
		"${ITERATIONS[@]}" "${COUNTING[@]}" "${BENCHES[@]}" \
		>"$OUT/results.json.part" ||
		die "measuring failed with status $?; the figures so far are in $OUT/results.json.part"
	mv "$OUT/results.json.part" "$OUT/results.json"
}

main()
{
	local -a compare=()

	parse_options "$@"
	cd "$TOP" || exit 1
	tests/vm/kernel.sh build prod && make -j"$(nproc)" bench-programs >&2 ||
		exit 1
	measure
	if ((KEEP)); then
		{
			echo "# SPDX-License-Identifier: LGPL-2.1-or-later"
			cat "$OUT/results.json"
		} >"$BASELINE"
		note "kept as ${BASELINE#"$TOP/"}"
	fi
	[[ -e $BASELINE ]] && compare=(--baseline "$BASELINE")
	bench/report.py "${compare[@]}" --plots "$OUT" "$OUT/results.json"
}

main "$@"
