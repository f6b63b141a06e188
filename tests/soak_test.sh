#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ALONE: it counts what the whole system has.
#
# The soak test (make soak) for a short time, and that it notices what is wrong.

TIME_LIMIT=300
. "$(dirname "$0")/lib/tap.sh"

SOAK=$BUILD/tests/soak.bin
SPAWNS=3000
# The debug kernel is slow.
((${SPAWNPOL_SLOWNESS:-1} == 1)) || SPAWNS=300

test_nothing_is_lost_left_or_grown()
{
	run "$SOAK" --spawns "$SPAWNS"
	printf '# %s\n' "${OUT//$'\n'/$'\n# '}"
	expect_status 0
	expect_out ' 0 lost, 0 left'
	[[ $OUT =~ \(([0-9]+)\ by\ one\ SPAWN,\ ([0-9]+)\ of\ them ]] ||
		fail "nothing is said of SPAWN"
	((BASH_REMATCH[1] > BASH_REMATCH[2] && BASH_REMATCH[2] > 0)) ||
		fail "no SPAWN with a search, or none without"
	[[ $OUT =~ \ ([1-9][0-9]*)\ of\ these\ in\ open\ directories ]] ||
		fail "no search in open directories"
	[[ $OUT =~ \ ([0-9]+)\ through\ kept\ children,\ ([0-9]+)\ of\ these ]] ||
		fail "nothing is said of kept children"
	((BASH_REMATCH[1] > BASH_REMATCH[2] && BASH_REMATCH[2] > 0)) ||
		fail "no kept child that is copied, or none that is not"
	[[ $OUT =~ \ ([0-9]+)\ actors\ \(([0-9]+)\ of\ them\ spawned,\ ([0-9]+)\ were ]] ||
		fail "nothing is said of actors"
	((BASH_REMATCH[1] > BASH_REMATCH[2] && BASH_REMATCH[2] > 0 && BASH_REMATCH[3] > 0)) ||
		fail "no actor that spawns, none that is cancelled, or no other"
	[[ $OUT =~ \ ([1-9][0-9]*)\ changes\ of\ their\ programs ]] ||
		fail "no program of actors came or went"
}

# sabotaged WHAT SPAWNS: 1 is the status, if it is noticed.
sabotaged()
{
	run "$SOAK" --spawns "$2" --patience 3 --sabotage "$1"
	expect_status 1
}

test_a_lost_cqe_is_noticed()
{
	sabotaged cqe 200
	expect_out 'CQEs do not come'
}

test_a_lost_cqe_of_an_actor_is_noticed()
{
	sabotaged actor 200
	expect_out 'the CQE of an actor does not come'
}

test_a_child_nobody_waits_for_is_noticed()
{
	sabotaged child 200
	expect_out 'a child is left'
}

test_memory_that_grows_is_noticed()
{
	sabotaged memory 2000
	expect_out 'memory of the process'
	expect_out 'memory of the kernel'
	expect_out 'descriptors'
}

# There is nothing to be compared on the debug kernel, and waiting takes long.
if ((${SPAWNPOL_SLOWNESS:-1} > 1 && $# == 0)); then
	set -- test_nothing_is_lost_left_or_grown
fi
run_tests "$@"
