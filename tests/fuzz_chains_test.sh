#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# KERNEL: debug
# TIMEOUT: 300
# ALONE: it counts what the whole system has.
#
# Chains made up at random (tests/fuzz). The seed is new each time, and shown if
# something is found; make fuzz does the same for longer.

TIME_LIMIT=120
. "$(dirname "$0")/lib/tap.sh"

CHAINS=$BUILD/tests/fuzz/chains

test_S11_chains_at_random_do_what_the_interface_says()
{
	run "$CHAINS" --time 40
	expect_status 0
	expect_out '0 violations'
	# it is not only what fails at once that was seen
	[[ $OUT =~ \ ([0-9]+)\ programs ]] || fail "no summary: $OUT"
	((BASH_REMATCH[1] > 0)) || fail "no program ran: $OUT"
}

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

# notices WHAT TEXT: that violation, made by hand, is found and said.
notices()
{
	run "$CHAINS" --seed 0x5eed --count 40 --break "$1"
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
	notices run 'but a policy ran for'
	notices killed 'was killed'
	notices verdict 'VIOLATION'
}

run_tests "$@"
