#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# KERNEL: prod
# ALONE: it counts what the whole system has.
#
# The fuzzer of chains itself: a seed says all, and violations are seen.

TIME_LIMIT=300
. "$(dirname "$0")/lib/tap.sh"

CHAINS=$BUILD/tests/fuzz/chains

test_a_case_is_the_same_for_the_same_seed()
{
	local first
	run "$CHAINS" --seed 0x5eed --count 50 --print
	expect_status 0
	expect_out 'case 49 of seed 0x5eed'
	first=$OUT
	run "$CHAINS" --seed 0x5eed --count 50 --print
	expect_equal "$OUT" "$first"
	run "$CHAINS" --seed 0x5eee --count 50 --print
	[[ $OUT != "$first" ]] || fail "the seed makes no difference"
}

# notices WHAT TEXT: that violation, made by hand, is found and said. The run ends there:
# the count is for what few cases show.
notices()
{
	run "$CHAINS" --seed 0x5eed --count 3000 --break "$1"
	[[ $STATUS == 1 && $OUT == *VIOLATION:*"$2"* ]] && return
	show_run
	fail "it did not notice '$1'"
}

test_the_judge_notices_violations()
{
	notices lost-cqe 'no CQE for request'
	notices second-cqe 'a second CQE'
	notices strange-cqe "which is nobody's"
	notices result 'the result of EXEC'
	notices order 'came too early'
	notices hardlink 'the chain of CLONE'
	notices signal 'SIGCHLDs'
	notices child 'child'
	notices run 'but a policy ran for'
	notices killed 'was killed'
	notices verdict 'became a program, but did not end as one'
}

test_O6_the_judge_notices_what_a_SPAWN_does_not_do()
{
	notices whole 'cannot be right, but its result is'
	notices step 'failed at step'
	notices report 'its report says'
	notices miss 'is no miss of SPAWN'
	notices candidate 'links executed candidate'
	notices twin 'links failed with'
	notices execed 'a policy was told 0 times'
	notices lists 'SPAWN'
	notices told 'was told something else for SPAWN than for links'
}

test_C1_the_judge_notices_what_becomes_of_kept_children()
{
	notices kept 'was to wait, and is gone'
	notices number 'but its result is'
	notices keeping 'is there after SPAWN only'
}

run_tests "$@"
