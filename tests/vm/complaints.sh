# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What a kernel says when something is wrong.

# An injected failure dumps the stack too, so "Call Trace" alone is no sign.
COMPLAINTS='WARNING: |BUG: |kernel BUG at |BUG [a-zA-Z0-9_-]+ \(|Oops|'
COMPLAINTS+='general protection fault|KASAN: |UBSAN: |ODEBUG: |refcount_t: |'
COMPLAINTS+='list_(add|del) corruption|DEBUG_LOCKS_WARN_ON|Kernel panic|'
COMPLAINTS+='INFO: task .* blocked for more than|INFO: possible |'
COMPLAINTS+='INFO: trying to register non-static key|INFO: lockdep is turned off|'
COMPLAINTS+='rcu: INFO: .*stall|detected stalls|soft lockup|hard LOCKUP|'
COMPLAINTS+='[1-9][0-9]* new suspected memory leaks|leak detector disabled|'
COMPLAINTS+='Unable to mount root|'
COMPLAINTS+='unable to handle (kernel|page fault)|Bad page state|'
COMPLAINTS+='bad: scheduling|nobody cared|Attempted to kill init'

# A program that dies of a fault of its own: "traps: NAME[PID] general protection
# fault ip:...", "traps: NAME[PID] trap invalid opcode ip:..." and "NAME[PID]:
# segfault at ...". NAME is 15 characters of the program's choice.
PROGRAM_FAULTS='^[0-9]+:(\[[^]]*\] )?'
PROGRAM_FAULTS+='(traps: .{0,15}\[[0-9]+\] (trap )?[A-Za-z ]+ ip:[0-9a-f]+ sp:|'
PROGRAM_FAULTS+='.{0,15}\[[0-9]+\]: segfault at [0-9a-f]+ ip )'

# complaints: the offending lines of a kernel log on stdin, numbered; false if
# there are none.
complaints() { grep -anE "$COMPLAINTS" | grep -avE "$PROGRAM_FAULTS"; }

# first_complaint FILE: the number of the line, if there is one.
first_complaint() { complaints <"$1" | head -n1 | cut -d: -f1; }

# excerpt COUNT FILE: at most that many lines, from the first complaint on.
excerpt()
{
	local first
	first=$(first_complaint "$2")
	[[ $first ]] && tail -n +"$first" "$2" | head -n "$1" | tr -d '\r'
}

# culprits FILE: the tests that ran at the first complaint. Markers are
# "PROGRAM.TEST" at a test's begin and "PROGRAM ended".
culprits()
{
	head -n "$(first_complaint "$1")" "$1" | tr -d '\r' | awk '
		!sub(/.*spawnpol-test: /, "") { next }
		{ program = $1; sub(/[.].*/, "", program) }
		$2 == "ended" { delete at[program]; next }
		{ at[program] = $1 }
		END { for (program in at) print at[program] }' |
		sort | paste -sd,
}
