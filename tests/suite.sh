#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: suite.sh NAME ...
#>
#> Runs test programs where it stands, in the guest or on the host, as many at
#> once as there are processors, and prints KTAP: one result per program as it
#> ends, with the results of its tests nested in it. NAME is a test's source
#> without folder and ending: "probe_test" for tests/probe_test.c (run as
#> build/tests/probe_test) or for tests/probe_test.sh.
#>
#> On top of what a program says of itself, these are failures: it does not
#> exist, it does not end in time, it ends with an unexpected status, its
#> results do not match its plan, and, in the guest, the kernel complained
#> while it ran. Near the top of its source a line "TIMEOUT: seconds" changes
#> the limit of 600 seconds, and a line "ALONE: reason" has it run by itself,
#> after the others.

set -u
. "$(dirname "$0")/lib/common.sh"
. "$(dirname "$0")/vm/complaints.sh"

IN_VM=${SPAWNPOL_VM:-}
SLOWNESS=${SPAWNPOL_SLOWNESS:-1}

# Processes are slow to start on a debug kernel under emulation: what is done for
# every program is done with few.

declare -A RUNNING=()		# the programs' names by their watchers' ids

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

# read_header: sets LIMIT to the seconds that the program may take, and ALONE.
read_header()
{
	local line
	local -a lines=()
	LIMIT=600 ALONE=''
	[[ ! -r $SOURCE ]] || mapfile -n 30 -t lines <"$SOURCE"
	for line in "${lines[@]}"; do
		[[ $line =~ TIMEOUT:\ ([0-9]+) ]] && LIMIT=${BASH_REMATCH[1]}
		[[ $line == *ALONE:\ * ]] && ALONE=1
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

# check_kernel NAMES: what has it said since this was called last?
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

# watch NAME: run it, print its results, and leave in files of that name what else
# was wrong with it and the number of its tests that failed.
watch()
{
	local status begin=$SECONDS
	find_program "$1"
	if [[ ! $PROGRAM ]]; then
		problem "$1 does not exist: was it built?" >"$WORK/$1.problems"
		return
	fi
	read_header
	mark "$1"
	timeout -k 10 "$LIMIT" "$PROGRAM" </dev/null 2>&1 |
		pass_on "$WORK/$1.failed"
	status=${PIPESTATUS[0]}
	((status != 124 && status != 137)) || show_blocked
	check_status "$status" "$(<"$WORK/$1.failed")" >"$WORK/$1.problems"
	echo "    # $1 took $((SECONDS - begin)) s"
	mark "$1 ended"
}

start()
{
	echo "# $1 begins"
	watch "$1" >"$WORK/$1.results" &
	RUNNING[$!]=$1
}

# Wait for one of those that run, and print its results.
finish()
{
	local watcher name file verdict=ok
	wait -n -p watcher
	name=${RUNNING[$watcher]} file=$WORK/${RUNNING[$watcher]}
	# Nobody knows which of those that ran then made the kernel complain.
	check_kernel "${RUNNING[*]}" >>"$file.problems"
	unset "RUNNING[$watcher]"
	if [[ -s $file.problems || $(<"$file.failed") != 0 ]]; then
		verdict='not ok' FAILED=1
	fi
	echo "# Subtest: $name"
	cat "$file.results" "$file.problems"
	echo "$verdict $((++NUMBER)) $name"
}

# run_all JOBS NAME...: as many at once.
run_all()
{
	local jobs=$1 name
	shift
	for name; do
		((${#RUNNING[@]} < jobs)) || finish
		start "$name"
	done
	while ((${#RUNNING[@]})); do
		finish
	done
}

main()
{
	local name
	local -a alone=() together=()

	case ${1:-} in
	-h | --help) show_help; exit 0 ;;
	'' | -*) misuse "which tests?" ;;
	esac
	cd "$TOP" || exit 1
	WORK=$(mktemp -d) || exit 1
	trap 'rm -rf "$WORK"' EXIT
	NUMBER=0 FAILED=0
	echo "KTAP version 1"
	echo "1..$#"
	[[ ! $IN_VM ]] || dmesg --clear
	for name; do
		find_program "$name"
		read_header
		if [[ $ALONE ]]; then
			alone+=("$name")
		else
			together+=("$name")
		fi
	done
	run_all "$(nproc)" "${together[@]}"
	run_all 1 "${alone[@]}"
	exit $FAILED
}

main "$@"
