#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: run.sh [--debug] [--seed N] [--time SECONDS]
#>
#> Builds the fuzzers and runs them in the VM: build/tests/fuzz/chains for half of
#> the time (60 seconds unless said), build/tests/fuzz/actors and
#> build/tests/fuzz/programs for a quarter each. Inside the VM it only runs them.
#> What they find they say, with the command that repeats it; what the kernel
#> complains about, the VM's runner finds. The exit status is not 0 if there was
#> anything.
#>
#>   --debug   on the kernel with KASAN, lockdep, kmemleak and the rest
#>   --seed N  the same cases again; otherwise they are new each time

set -u
. "$(dirname "$0")/../lib/common.sh"

DEBUG=() SEED=() TIME=60
# For booting, what is under way when the time is over, and the scan for leaks.
GRACE=180

parse_options()
{
	while (($#)); do
		case $1 in
		--debug) DEBUG=(--debug) ;;
		--seed)
			[[ ${2:-} =~ ^(0x[0-9a-fA-F]+|[0-9]+)$ ]] ||
				misuse "--seed needs a number"
			SEED=(--seed "$2")
			shift ;;
		--time)
			[[ ${2:-} =~ ^[1-9][0-9]*$ ]] ||
				misuse "--time needs a number of seconds"
			TIME=$2
			shift ;;
		-h | --help) show_help; exit 0 ;;
		*) misuse "unknown option: $1" ;;
		esac
		shift
	done
}

# fuzz NAME SECONDS
fuzz()
{
	"build/tests/fuzz/$1" "${SEED[@]}" --time $(($2 > 0 ? $2 : 1)) || FAILED=1
}

run_here()
{
	FAILED=0
	fuzz chains $((TIME - 2 * (TIME / 4)))
	fuzz actors $((TIME / 4))
	fuzz programs $((TIME / 4))
	exit $FAILED
}

main()
{
	local slowness=1

	parse_options "$@"
	cd "$TOP" || exit 1
	[[ ! ${SPAWNPOL_VM:-} ]] || run_here
	((${#DEBUG[@]} == 0)) || slowness=4
	make -j"$(nproc)" fuzzers >&2 || exit 1
	SPAWNPOL_SLOWNESS=$slowness tests/vm/run.sh --cached "${DEBUG[@]}" \
		--timeout $((TIME + GRACE * slowness)) \
		-- tests/fuzz/run.sh "${SEED[@]}" --time "$TIME"
	exit
}

main "$@"
