#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# KERNEL: prod
# ALONE: it takes io_uring away from the whole system.
#
# What probe says where io_uring is disabled.

. "$(dirname "$0")/lib/tool.sh"

test_probe_with_io_uring_disabled()
{
	local switch=/proc/sys/kernel/io_uring_disabled
	[[ -e $switch ]] || skip "no such switch in this kernel"
	echo 2 >"$switch"
	run "$TOOL" probe --json
	echo 0 >"$switch"
	expect_status 3
	expect_present io_uring false
	expect_present op_exec null
	expect_out '"remedy": "sysctl -w kernel.io_uring_disabled=0'
}

run_tests "$@"
