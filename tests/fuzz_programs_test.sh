#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# KERNEL: debug
#
# BPF programs made up at random: what the verifier accepts keeps to the rules,
# and the kernel has nothing to complain about. Always the same ones, as in
# fuzz_chains_test.sh.

. "$(dirname "$0")/lib/tap.sh"

FUZZ=$BUILD/tests/fuzz/programs

# number_of NAME: of the last line.
number_of() { sed -n "\$s/.* \\([0-9]*\\) $1.*/\\1/p" <<<"$OUT"; }

test_programs_made_up_at_random()
{
	run "$FUZZ" --seed 0x5eed3 --count 200
	printf '# %s\n' "${OUT//$'\n'/$'\n# '}"
	expect_status 0
	expect_out ' 0 violations, seed 0x'
	# a fuzzer whose programs are all refused finds nothing
	(($(number_of accepted) > 0)) || fail "no program was accepted"
	(($(number_of chains) > 0)) || fail "no chain was run"
	[[ $OUT =~ one\ SPAWN:\ ([0-9]+),\ with\ a\ search:\ ([0-9]+) ]] ||
		fail "nothing is said of SPAWN"
	((BASH_REMATCH[1] > BASH_REMATCH[2] && BASH_REMATCH[2] > 0)) ||
		fail "SPAWN was not run with a search and without"
}

# rows: how many programs of each kind were made, and accepted.
rows() { grep -E '^(generated|accepted)' <<<"$OUT"; }

# too_slow: how many programs the verifier had no time for, which depends on what else
# the machine has to do.
too_slow() { sed -n 's/^refused *\([0-9]*\): EAGAIN: .*/\1/p' <<<"$OUT"; }

# The programs follow from the seed: the same are accepted again.
test_a_seed_repeats_its_programs()
{
	local first slow try
	for try in 1 2 3 4 5; do
		run "$FUZZ" --seed 7 --count 20
		expect_status 0
		first=$(rows) slow=$(too_slow)
		run "$FUZZ" --seed 7 --count 20
		[[ $(too_slow) != "$slow" ]] || break
		echo "try $try: not the same were too slow"
	done
	expect_equal "$(grep ^generated <<<"$OUT")" "$(grep ^generated <<<"$first")"
	[[ $(too_slow) != "$slow" ]] || expect_equal "$(rows)" "$first"
	run "$FUZZ" --seed 7 --case 3
	expect_status 0
	expect_out 'insn'
}

run_tests "$@"
