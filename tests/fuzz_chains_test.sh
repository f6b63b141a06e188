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

# number_of NAME: as the fuzzer counts it at the end.
number_of() { sed -n "s/.* \([0-9]*\) $1\b.*/\1/p" <<<"$OUT" | tail -n 1; }

test_S11_O6_chains_at_random_do_what_the_interface_says()
{
	local what

	run "$CHAINS" --seed 0x12 --count 400
	expect_status 0
	expect_out '0 violations'
	# it is not only what fails at once that was seen
	for what in programs SPAWNs 'of their programs' searches 'in open directories' misses \
		'staged searches' 'told of a program' twins 'of them open' \
		'kept children used' 'kept programs' 'copies asked for' 'of these as links'; do
		printf '# %s %s\n' "$(number_of "$what")" "$what"
		(($(number_of "$what") > 0)) || fail "no $what: $OUT"
	done
}

run_tests "$@"
