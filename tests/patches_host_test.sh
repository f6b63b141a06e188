#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The kernel series is tested code. That every patch compiles takes longer: see
# make patches-check.

TIME_LIMIT=300
. "$(dirname "$0")/lib/tap.sh"

check()
{
	run "$TOP/kernel-patches/patches.sh" check "$1"
	expect_status 0
}

test_series_files_and_table_agree() { check complete; }
test_new_files_are_in_their_place() { check files; }
test_every_patch_applies_without_fuzz() { check applies; }
test_export_is_identical() { check identical; }
test_checkpatch_is_content() { check style; }

test_user_space_has_the_kernels_header()
{
	run cmp "$TOP/include/io_uring_spawn.h" \
		"$TOP/kernel-patches/files/include/uapi/linux/io_uring_spawn.h"
	expect_status 0
}

run_tests "$@"
