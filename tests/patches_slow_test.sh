#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TIMEOUT: 3600

TIME_LIMIT=3500
. "$(dirname "$0")/lib/tap.sh"

test_every_patch_compiles_with_its_options_on_and_off()
{
	run "$TOP/kernel-patches/patches.sh" check-builds
	expect_status 0
}

run_tests "$@"
