#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# KERNEL: prod
#
# O5: tests of the library that have passed with chains as one request, again with links.

. "$(dirname "$0")/lib/tap.sh"

with_links()
{
	TEST_LINKS=1 run "$BUILD/tests/$1"
	expect_status 0
	[[ $OUT == *'ok 1 '* ]] || fail "it tested nothing"
}

test_O5_actions_as_links() { with_links library_actions_test; }
test_O5_flight_as_links() { with_links library_flight_test; }
test_O5_reports_as_links() { with_links library_report_test; }
test_O5_searches_as_links() { with_links library_search_test; }
test_O5_launches_as_links() { with_links library_test; }
test_O5_exits_as_links() { with_links library_exit_test; }
test_C1_kept_children_as_links() { with_links kept_library_test; }

run_tests "$@"
