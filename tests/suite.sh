#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: suite.sh NAME ...
#>
#> Runs test programs where it stands, in the guest or on the host, one after
#> the other, and prints KTAP: one result per program, with the results of its
#> tests nested in it. NAME is a test's source without folder and ending:
#> "probe_test" for tests/probe_test.c (run as build/tests/probe_test) or for
#> tests/probe_test.sh.
#>
#> On top of what a program says of itself, these are failures: it does not
#> exist, it does not end in time, it ends with an unexpected status, its
#> results do not match its plan, and, in the guest, the kernel complained
#> while it ran. A line "TIMEOUT: seconds" near the top of the source changes
#> the limit of 600 seconds.

set -u
. "$(dirname "$0")/lib/common.sh"
. "$(dirname "$0")/vm/complaints.sh"

IN_VM=${SPAWNPOL_VM:-}
SLOWNESS=${SPAWNPOL_SLOWNESS:-1}

# Processes are slow to start on a debug kernel under emulation: what is done for
# every program is done with few.

# find_program NAME: sets SOURCE and PROGRAM; PROGRAM is empty if there is none.
find_program()
{
	PROGRAM='' SOURCE=$TOP/tests/$1.sh
	if [[ -x $SOURCE ]]; then
		PROGRAM=$SOURCE
	elif [[ -x $TOP/build/tests/$1 ]]; then
		SOURCE=$TOP/tests/$1.c PROGRAM=$TOP/build/tests/$1
	fi
}

# find_limit: sets LIMIT to the seconds that the program may take.
find_limit()
{
	local line lines
	LIMIT=600
	mapfile -n 30 -t lines <"$SOURCE"
	for line in "${lines[@]}"; do
		[[ $line =~ TIMEOUT:\ ([0-9]+) ]] && LIMIT=${BASH_REMATCH[1]} && break
	done
	LIMIT=$((LIMIT * SLOWNESS))
}

# run.sh, outside, looks for these marks in the log.
mark() { [[ ! $IN_VM ]] || echo "<6>spawnpol-test: $1" >/dev/kmsg; }

# A problem is a failed test of its own, so that it is counted and named.
problem() { echo "    not ok - $1"; }

# pass_on FILE: print the program's output, nested, compare its results with its
# plan, and leave the number of those that failed in FILE.
pass_on()
{
	awk -v tally="$1" '
		{ print "    " $0; fflush() }
		/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
		/^ok / { results++ }
		/^not ok / { results++; failed++ }
		function problem(text) { print "    not ok - " text; failed++ }
		END {
			if (!planned)
				problem("no plan, " results + 0 " results")
			else if (plan != results)
				problem(plan " tests planned, " \
					results + 0 " results")
			print failed + 0 >tally
		}'
}

# check_status STATUS FAILED: does how it ended fit what it said?
check_status()
{
	case $1 in
	0) (($2 == 0)) || problem "it failed and ended with status 0" ;;
	1) (($2 > 0)) || problem "it ended with status 1" ;;
	124 | 137) problem "not done after $LIMIT s" ;;
	*) problem "it ended with status $1" ;;
	esac
}

# What the kernel has said since this was called last.
check_kernel()
{
	local log=$WORK/kernel
	[[ $IN_VM ]] || return
	dmesg --notime --read-clear >"$log"
	complaints <"$log" >/dev/null || return
	excerpt 50 "$log" | sed 's/^/    # /'
	problem "the kernel complained during $1"
}

# Blocked tasks' stacks go to the kernel's log, which is shown.
show_blocked()
{
	[[ $IN_VM ]] || return
	echo w >/proc/sysrq-trigger
	dmesg --notime | tail -n 60 | sed 's/^/    # /'
}

# run_program NAME: true if nothing was wrong with it.
run_program()
{
	local status begin=$SECONDS
	find_program "$1"
	if [[ ! $PROGRAM ]]; then
		problem "$1 does not exist: was it built?"
		return 1
	fi
	find_limit
	mark "$1"
	timeout -k 10 "$LIMIT" "$PROGRAM" </dev/null 2>&1 |
		pass_on "$WORK/failed"
	status=${PIPESTATUS[0]}
	((status != 124 && status != 137)) || show_blocked
	{
		check_status "$status" "$(<"$WORK/failed")"
		check_kernel "$1"
	} >"$WORK/problems"
	[[ ! -s $WORK/problems ]] || cat "$WORK/problems"
	echo "    # $1 took $((SECONDS - begin)) s"
	[[ ! -s $WORK/problems && $(<"$WORK/failed") == 0 ]]
}

main()
{
	local name number=0 failed=0

	case ${1:-} in
	-h | --help) show_help; exit 0 ;;
	'' | -*) misuse "which tests?" ;;
	esac
	cd "$TOP" || exit 1
	WORK=$(mktemp -d) || exit 1
	trap 'rm -rf "$WORK"' EXIT
	echo "KTAP version 1"
	echo "1..$#"
	[[ ! $IN_VM ]] || dmesg --clear
	for name; do
		echo "# Subtest: $name"
		((++number))
		if run_program "$name"; then
			echo "ok $number $name"
		else
			echo "not ok $number $name"
			failed=1
		fi
	done
	exit $failed
}

main "$@"
