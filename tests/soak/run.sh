#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: run.sh [--debug] [--spawns N]
#>
#> Builds the soak test and runs it in the VM: N spawns (1000000) on many rings, and
#> actors on the same rings, while policies and the programs of actors come and go. The
#> last two lines count what was done and what was lost; the exit status is not 0 if
#> anything was, or if memory grew.
#>
#>   --debug   on the kernel with KASAN, lockdep, kmemleak and the rest

set -u
. "$(dirname "$0")/../lib/common.sh"

DEBUG=() SPAWNS=1000000 SLOWNESS=1

parse_options()
{
	while (($#)); do
		case $1 in
		--debug) DEBUG=(--debug) SLOWNESS=4 ;;
		--spawns)
			[[ ${2:-} =~ ^[1-9][0-9]*$ ]] ||
				misuse "--spawns needs a number"
			SPAWNS=$2
			shift ;;
		-h | --help) show_help; exit 0 ;;
		*) misuse "unknown option: $1" ;;
		esac
		shift
	done
}

main()
{
	parse_options "$@"
	cd "$TOP" || exit 1
	make -j"$(nproc)" soaker >&2 || exit 1
	# ten milliseconds for a spawn are several times what it takes
	SPAWNPOL_SLOWNESS=$SLOWNESS tests/vm/run.sh --cached "${DEBUG[@]}" \
		--timeout $((300 + SPAWNS * SLOWNESS / 100)) \
		-- build/tests/soak.bin --spawns "$SPAWNS"
}

main "$@"
