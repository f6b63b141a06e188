#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# KERNEL: prod
# ALONE: it lists, and so holds for a moment, the links of the whole system.
#
# spawnpol list of everything.

. "$(dirname "$0")/lib/tool.sh"

test_list_shows_all_policies_and_links()
{
	run "$TOOL" list
	expect_equal "$OUT" 'no policy is loaded'
	run "$TOOL" load spawn_policy --name first
	run "$TOOL" load hello_policy --name second
	start_daemon
	run "$TOOL" attach first --pid "$DAEMON"
	expect_status 0
	run "$TOOL" list
	expect_status 0
	expect_out 'first: '
	expect_out 'second: '
	expect_out "of process $DAEMON"
}

# The other program is the tool itself, while its command runs.
test_list_shows_links_of_other_programs()
{
	"$TOOL" run sleep 200 &
	STARTED+=("$!")
	other_is_listed() { run "$TOOL" list; [[ $OUT == *'not pinned by'* ]]; }
	until_true other_is_listed
	expect_out 'of other programs:'
	run "$TOOL" load spawn_policy --name mine
	run "$TOOL" list mine
	expect_status 0
	[[ $OUT != *'of other programs'* ]] || fail "asked for one, got $OUT"
}

run_tests "$@"
