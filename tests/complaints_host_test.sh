#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Which lines of a kernel's log count as a complaint.

. "$(dirname "$0")/lib/tap.sh"
. "$TOP/tests/vm/complaints.sh"

# expect_complaints: each line of stdin is one, with a number and the time before it.
expect_complaints()
{
	local line
	while IFS= read -r line; do
		complaints <<<"[    7.123456] $line"$'\r' >/dev/null ||
			fail "no complaint: $line"
	done
}

expect_no_complaints()
{
	local line
	while IFS= read -r line; do
		! complaints <<<"[    7.123456] $line"$'\r' >/dev/null ||
			fail "a complaint: $line"
	done
}

test_a_programs_fault_is_no_complaint()
{
	expect_no_complaints <<-'END'
	traps: sh[71] general protection fault ip:401136 sp:7ffd5e0 error:0 in sh[401000+1000]
	traps: two words[71] general protection fault ip:401136 sp:7ffd5e0 error:0
	traps: WARNING: a[b]c[71] general protection fault ip:401136 sp:7ffd5e0 error:0
	traps: spawn_exec_test[4194304] trap invalid opcode ip:401136 sp:7ffd5e0 error:0 in x[401000+1000]
	traps: sh[71] trap divide error ip:401136 sp:7ffd5e0 error:0
	traps: sh[71] trap invalid TSS ip:401136 sp:7ffd5e0 error:8
	sh[71]: segfault at 0 ip 0000000000401136 sp 00007ffd5e0 error 4 in sh[401000+1000] likely on CPU 0 (core 0, socket 0)
	BUG: Oops[71]: segfault at ffffffffff ip 0000000000401136 sp 00007ffd5e0 error 4
	Code: 00 00 <0f> 0b
	END
}

test_a_kernels_fault_is_a_complaint()
{
	expect_complaints <<-'END'
	Oops: general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] PREEMPT SMP
	general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] SMP
	general protection fault, maybe for address 0x1000: 0000 [#1] SMP
	general protection fault: 0000 [#1] SMP
	Oops: segment-related general protection fault: 0018 [#1] SMP
	Oops: invalid opcode: 0000 [#1] PREEMPT SMP
	BUG: kernel NULL pointer dereference, address: 0000000000000008
	BUG: unable to handle page fault for address: ffffc90000000000
	KASAN: null-ptr-deref in range [0x0000000000000000-0x0000000000000007]
	kernel BUG at io_uring/io_uring.c:71!
	Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b
	END
}

# The words of a program's fault excuse no line that only ends in them.
test_a_complaint_that_names_a_programs_fault_is_one()
{
	expect_complaints <<-'END'
	WARNING: CPU: 0 PID: 71 at kernel/fork.c:71 traps: sh[71] general protection fault ip:401136 sp:7ffd5e0
	Oops: traps: sh[71] general protection fault, probably for non-canonical address
	BUG: scheduling while atomic: sh[71]: segfault at 0 ip 0000000000401136
	END
}

test_ordinary_lines_are_no_complaints()
{
	expect_no_complaints <<-'END'
	Linux version 6.12.0
	tsc: Detected 2600.000 MHz processor
	kmemleak: 0 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
	FAULT_INJECTION: forcing a failure.
	Call Trace:
	END
}

# As run.sh reads it: the first complaint's line and the test that it belongs to.
test_the_first_complaint_and_its_test_are_found()
{
	cat >"$DIR/log" <<-'END'
	[    1.000000] spawnpol-test: a_test.one
	[    2.000000] traps: sh[71] general protection fault ip:401136 sp:7ffd5e0 error:0
	[    3.000000] spawnpol-test: a_test.two
	[    4.000000] Oops: general protection fault, maybe for address 0x0: 0000 [#1]
	[    5.000000] WARNING: later
	END
	expect_equal "$(first_complaint "$DIR/log")" 4
	expect_equal "$(culprits "$DIR/log")" a_test.two
	expect_equal "$(excerpt 1 "$DIR/log")" "$(sed -n 4p "$DIR/log")"
}

run_tests "$@"
