#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TIMEOUT: 900
#
# The runner's own test: whatever goes wrong in the guest must turn red, and
# nothing else may. Faults are planted with the kernel's LKDTM driver. (That the
# debug kernel has nothing to say of good programs, the test suites show.)

TIME_LIMIT=180
. "$(dirname "$0")/../lib/tap.sh"

CRASH=/sys/kernel/debug/provoke-crash/DIRECT

vm() { "$TOP/tests/vm/run.sh" --log "$DIR/kernel.log" "$@"; }

expect_in_log()
{
	grep -qE "$1" "$DIR/kernel.log" && return
	tail -n 100 "$DIR/kernel.log"
	fail "the kernel's log has no '$1'"
}

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
	local first last
	# shellcheck disable=SC2016 # the guest's shell expands it
	vm -- sh -c 'echo first; sleep 3; seq 200000; echo last' >"$DIR/fifo.out" &
	while ! grep -qs first "$DIR/fifo.out"; do sleep 0.1; done
	first=${EPOCHREALTIME/./}
	wait $! || fail "status $?"
	last=${EPOCHREALTIME/./}
	((last - first > 2000000)) || fail "the output came all at once"
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
	run vm -- sh -c "echo 'spawnpol-test: a.b' >/dev/kmsg
		echo WARNING >$CRASH; exit 0"
	expect_status 70
	expect_err 'WARNING: '
	expect_err "complained during a.b; COMMAND's status: 0"
}

# Two at once: a program that waits for ever, and a kernel whose only processor
# does nothing else with interrupts off.
test_hangs_run_into_the_timeout()
{
	local other
	"$TOP/tests/vm/run.sh" --cpus 1 --timeout 25 \
		-- sh -c "echo HARDLOCKUP >$CRASH" 2>"$DIR/kernel.err" &
	other=$!
	run vm --timeout 25 -- sleep 1000
	expect_status 72
	expect_err 'timed out after 25 s'
	expect_in_log 'process [0-9]* \(sleep\)'
	expect_err hrtimer_nanosleep
	wait "$other"
	expect_equal $? 72
	grep -q 'timed out' "$DIR/kernel.err" || fail "$(<"$DIR/kernel.err")"
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

# All in one boot, because it is slow: a task that blocks for ever, a write
# after free, and memory that oopses leave behind. (Several, because the kernel
# may hold on to the last addresses that faulted. An oops comes last, because
# hung tasks are not looked for after it.)
test_debug_kernel_sees_more()
{
	run vm --debug -- bash -c "
		echo 0 >/proc/sys/kernel/panic_on_oops
		echo 2 >/proc/sys/kernel/hung_task_timeout_secs
		sh -c 'echo HUNG_TASK >$CRASH' &
		sleep 8
		echo WRITE_AFTER_FREE >$CRASH
		for i in 1 2 3 4 5 6; do
			sh -c 'echo EXEC_KMALLOC >$CRASH'
		done"
	expect_status 70
	expect_err 'INFO: task sh'
	expect_in_log 'KASAN: slab-use-after-free'
	expect_in_log 'BUG: processes that cannot be killed'
	expect_in_log 'unreferenced object'
	expect_in_log 'lkdtm_EXEC_KMALLOC'
	expect_in_log 'new suspected memory leaks'
}

run_tests "$@"
