#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# KERNEL: debug
# ALONE: it counts what the whole system has.
#
# Chains made up at random (tests/fuzz). Always the same ones, with other timing:
# what has been judged right stays right, and a faster machine comes to no others.
# make fuzz takes new ones each time, and its judge may yet be wrong in a case in
# thousands.

TIME_LIMIT=400
. "$(dirname "$0")/lib/tap.sh"

CHAINS=$BUILD/tests/fuzz/chains

test_S11_chains_at_random_do_what_the_interface_says()
{
	run "$CHAINS" --seed 0x5eed2 --count 400
	expect_status 0
	expect_out '0 violations'
	# it is not only what fails at once that was seen
	[[ $OUT =~ \ ([0-9]+)\ programs ]] || fail "no summary: $OUT"
	((BASH_REMATCH[1] > 0)) || fail "no program ran: $OUT"
}

run_tests "$@"
