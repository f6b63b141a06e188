#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TIMEOUT: 1800
#
# The runner sees what takes time to show: hangs, and what only the debug kernel
# tells. (A program of its own, so that it waits beside the others.)

. "$(dirname "$0")/vm/faults.sh"

# hang_for SECONDS: two at once, a program that waits for ever, and a kernel whose
# only processor does nothing else with interrupts off. Sets OTHER_STATUS. False if
# one of them was given up before it had come so far.
hang_for()
{
	local other
	"$TOP/tests/vm/run.sh" --cpus 1 --timeout "$1" --log "$DIR/locked.log" \
		-- sh -c "echo HARDLOCKUP >$CRASH" 2>"$DIR/kernel.err" &
	other=$!
	run vm --timeout $(($1 + 10)) -- sleep 1000
	wait "$other"
	OTHER_STATUS=$?
	grep -q 'direct entry HARDLOCKUP' "$DIR/locked.log" &&
		grep -q hrtimer_nanosleep "$DIR/kernel.log"
}

# A machine with much else to do takes longer to boot.
test_hangs_run_into_the_timeout()
{
	local seconds
	for seconds in 15 60 240; do
		hang_for "$seconds" && break
	done
	expect_status 72
	expect_err "timed out after $((seconds + 10)) s"
	expect_in_log 'process [0-9]* \(sleep\)'
	expect_err hrtimer_nanosleep
	expect_equal "$OTHER_STATUS" 72
	grep -q 'timed out' "$DIR/kernel.err" || fail "$(<"$DIR/kernel.err")"
	grep -q 'direct entry HARDLOCKUP' "$DIR/locked.log" || fail "it had not locked up"
}

# All in one boot, because it is slow: a task that blocks for ever, a write
# after free, and memory that oopses leave behind. (Several, because the kernel
# may hold on to the last addresses that faulted. An oops comes last, because
# hung tasks are not looked for after it.)
test_debug_kernel_sees_more()
{
	run vm --debug --timeout 2400 -- bash -c "
		echo 0 >/proc/sys/kernel/panic_on_oops
		echo 2 >/proc/sys/kernel/hung_task_timeout_secs
		sh -c 'echo HUNG_TASK >$CRASH' &
		for i in {1..1000}; do
			dmesg | grep -q 'INFO: task sh' && break
			sleep 1
		done
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
