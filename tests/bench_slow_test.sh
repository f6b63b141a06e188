#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TIMEOUT: 2700
#
# The cost of a spawn in instructions, method by method, beside the baseline in
# bench/: with --icount the guest's clock counts them, so that figures of
# different runs and machines can be compared. Loose on purpose: compilers and
# libraries differ a little. A new baseline: bench/run.sh --icount --baseline
# --iterations 20 latency idle.

TIME_LIMIT=1800
. "$(dirname "$0")/lib/tap.sh"

BASELINE=$TOP/bench/baseline-icount.json
PERCENT=10

# Of medians: minima depend on whether a launcher happens to preempt the program.
gate() { "$TOP/bench/report.py" --counts --gate "$PERCENT" --baseline "$1" "$2"; }

test_no_method_needs_more_instructions()
{
	"$TOP/tests/vm/run.sh" --cached --icount --timeout 3600 -- \
		"$BUILD/bench/bench" --counting --iterations 20 latency idle \
		>"$DIR/results" ||
		fail "measuring failed with status $?"
	run gate "$BASELINE" "$DIR/results"
	printf '# %s\n' "${OUT//$'\n'/$'\n# '}"
	expect_status 0
}

test_growth_and_loss_are_noticed()
{
	sed 's/"median": /"median": 2/' "$BASELINE" >"$DIR/grown"
	run gate "$BASELINE" "$DIR/grown"
	expect_status 1
	expect_out 'grown by'
	head -n 2 "$BASELINE" >"$DIR/lost"
	run gate "$BASELINE" "$DIR/lost"
	expect_status 1
	expect_out 'gone: '
	run gate "$BASELINE" "$BASELINE"
	expect_status 0
}

run_tests "$@"
