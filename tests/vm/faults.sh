# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For the runner's own tests: whatever goes wrong in the guest must turn red, and
# nothing else may. Faults are planted with the kernel's LKDTM driver. (That the
# debug kernel has nothing to say of good programs, the test suites show.)

TIME_LIMIT=900
. "${BASH_SOURCE[0]%/*}/../lib/tap.sh"

# shellcheck disable=SC2034 # for the tests
CRASH=/sys/kernel/debug/provoke-crash/DIRECT

vm() { "$TOP/tests/vm/run.sh" --log "$DIR/kernel.log" "$@"; }

expect_in_log()
{
	grep -qE "$1" "$DIR/kernel.log" && return
	tail -n 100 "$DIR/kernel.log"
	fail "the kernel's log has no '$1'"
}
