#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TIMEOUT: 2700
#
# The runner passes on what goes in and comes out, and sees what goes wrong.

. "$(dirname "$0")/vm/faults.sh"

test_status_output_and_arguments_pass_through()
{
	cd "$TOP" || fail "cannot enter $TOP"
	# shellcheck disable=SC2016 # the guest's shell expands it
	run vm -- sh -c 'printf "%s|" "$@"; pwd; id -u; echo to stderr >&2; exit 42' \
		sh 'two words' '' $'a\nb' '$x*'
	expect_status 42
	expect_equal "$OUT" $'two words||a\nb|$x*|'"$TOP"$'\n0'
	expect_equal "$ERR" "to stderr"
}

test_output_is_complete_and_streamed()
{
	# shellcheck disable=SC2016 # the guest's shell expands it
	vm -- sh -c 'echo first; sleep 3; seq 200000; echo last' >"$DIR/fifo.out" &
	while ! grep -qs first "$DIR/fifo.out"; do sleep 0.1; done
	! grep -q last "$DIR/fifo.out" || fail "the output came all at once"
	wait $! || fail "status $?"
	expect_equal "$({ echo first; seq 200000; echo last; } | sha256sum)" \
		"$(sha256sum <"$DIR/fifo.out")"
}

test_root_is_read_only_and_leftovers_are_killed()
{
	run vm -- sh -c "touch '$TOP/x' && exit 1; touch /tmp/x || exit 2
		setsid sleep 1000 & exit 0"
	expect_status 0
	expect_err 'Read-only'
}

test_panic()
{
	run vm -- sh -c "echo before; echo PANIC >$CRASH; echo after"
	expect_status 70
	expect_out before
	expect_err 'Kernel panic'
}

test_oops()
{
	run vm -- sh -c "echo EXCEPTION >$CRASH"
	expect_status 70
	expect_err 'BUG: kernel NULL pointer'
}

test_warning_turns_success_into_failure()
{
	run vm -- sh -c "for mark in a.b c.d e.f 'c ended' a.g; do
			echo \"spawnpol-test: \$mark\" >/dev/kmsg
		done
		echo WARNING >$CRASH; exit 0"
	expect_status 70
	expect_err 'WARNING: '
	expect_err "complained during a.g,e.f; COMMAND's status: 0"
}

test_machine_that_goes_away()
{
	run vm -- sh -c 'echo b >/proc/sysrq-trigger; sleep 10'
	expect_status 71
	expect_err 'went away'
}

test_wrong_usage()
{
	run "$TOP/tests/vm/run.sh" --nonsense -- true
	expect_status 2
	run "$TOP/tests/vm/run.sh"
	expect_status 2
	run "$TOP/tests/vm/run.sh" --kernel "$DIR/none" -- true
	expect_status 1
	expect_err "$DIR/none"
}

run_tests "$@"
