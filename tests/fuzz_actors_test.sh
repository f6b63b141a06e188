#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ALONE: it counts what the whole system has.
#
# Actors made up at random (tests/fuzz/actor_*.c), always the same ones; and that a seed
# says all, and violations are seen.

TIME_LIMIT=400
. "$(dirname "$0")/lib/tap.sh"

ACTORS=$BUILD/tests/fuzz/actors
COUNT=400
# The debug kernel is slow.
((${SPAWNPOL_SLOWNESS:-1} == 1)) || COUNT=100

# number_of NAME: as the fuzzer counts it at the end.
number_of() { sed -n "\$s/.* \([0-9]*\) $1\b.*/\1/p" <<<"$OUT"; }

test_A4_actors_at_random_do_what_the_interface_says()
{
	local what

	run "$ACTORS" --seed 0x12 --count "$COUNT"
	expect_status 0
	expect_out ' 0 violations, seed 0x12'
	# it is not only what fails at once that was seen
	for what in runs 'requests staged' 'CQEs posted' 'after another actor' cancelled \
		'without a program' deadlocks 'programs replaced' 'rings closed'; do
		printf '# %s %s\n' "$(number_of "$what")" "$what"
		(($(number_of "$what") > 0)) || fail "no $what: $OUT"
	done
}

test_a_case_is_the_same_for_the_same_seed()
{
	local first
	run "$ACTORS" --seed 0x5eed --count 50 --print
	expect_status 0
	expect_out 'case 49 of seed 0x5eed'
	first=$OUT
	run "$ACTORS" --seed 0x5eed --count 50 --print
	expect_equal "$OUT" "$first"
	run "$ACTORS" --seed 0x5eee --count 50 --print
	[[ $OUT != "$first" ]] || fail "the seed makes no difference"
	run "$ACTORS" --seed 0x5eed --case 49
	expect_status 0
	expect_out ' 1 cases, '
	expect_out 'case 49 of seed 0x5eed'
}

# notices WHAT TEXT: that violation, made by hand, is found and said. The run ends there:
# the count is for what few cases show.
notices()
{
	run "$ACTORS" --seed 0x5eed --count 500 --break "$1"
	[[ $STATUS == 1 && $OUT == *VIOLATION:*"$2"* ]] && return
	show_run
	fail "it did not notice '$1'"
}

test_the_judge_notices_violations()
{
	notices lost-cqe 'no CQE for actor'
	notices second-cqe 'a second CQE'
	notices strange-cqe "which is nobody's"
	notices result 'the result is'
	notices posted 'CQEs posted'
	notices told 'the link counts'
	notices told-twice 'of which none is in flight'
	notices in-flight 'in flight, which are'
	notices room 'room for'
	notices start 'it runs before its start'
	notices counter 'the link counts'
	notices left 'actors are left'
}

run_tests "$@"
