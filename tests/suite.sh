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
#> results do not match its plan. (What the kernel complains about, run.sh
#> finds.) Near the top of its source a line "TIMEOUT: seconds" changes the limit
#> of 1800 seconds (four times that, for a machine that has much else to do), and
#> a line "ALONE: reason" has it run by itself, after the others.

set -u
. "$(dirname "$0")/lib/common.sh"

IN_VM=${SPAWNPOL_VM:-}
SLOWNESS=${SPAWNPOL_SLOWNESS:-1}

# Processes are slow to start on a debug kernel under emulation: a program gets no
# other one beside it, and its results are read here.

declare -A RUNNING=()		# programs' names by their processes' ids
declare -A BEGIN=()		# when they began, by name

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
	LIMIT=1800 ALONE=''
	[[ ! -r $SOURCE ]] || mapfile -n 30 -t lines <"$SOURCE"
	for line in "${lines[@]}"; do
		[[ $line =~ TIMEOUT:\ ([0-9]+) ]] && LIMIT=${BASH_REMATCH[1]}
		[[ $line == *ALONE:\ * ]] && ALONE=1
	done
	LIMIT=$((LIMIT * SLOWNESS * LOAD))
}

# run.sh, outside, looks for these marks in the log.
mark() { [[ ! $IN_VM ]] || echo "<6>spawnpol-test: $1" >/dev/kmsg; }

# A problem is a failed test of its own, so that it is counted and named.
problem()
{
	echo "    not ok - $1"
	((++BAD))
}

# check_status STATUS: does how it ended fit what it said?
check_status()
{
	case $1 in
	0) ((FAILED == 0)) || problem "it failed and ended with status 0" ;;
	1) ((FAILED > 0)) || problem "it ended with status 1" ;;
	124 | 137) problem "not done after $LIMIT s" ;;
	*) problem "it ended with status $1" ;;
	esac
}

# Blocked tasks' stacks go to the kernel's log, which is shown.
show_blocked()
{
	[[ $IN_VM ]] || return
	echo w >/proc/sysrq-trigger
	dmesg --notime | tail -n 60 | sed 's/^/    # /'
}

# pass_on FILE: print a program's output, nested, and compare its results with its
# plan. Sets FAILED to the number of those that failed.
pass_on()
{
	local line plan='' results=0
	FAILED=0
	while IFS= read -r line || [[ $line ]]; do
		echo "    $line"
		case $line in
		1..*) plan=${line#1..} ;;
		'ok '*) ((++results)) ;;
		'not ok '*) ((++results, ++FAILED)) ;;
		esac
	done <"$1"
	[[ $plan ]] || problem "no plan, $results results"
	[[ ${plan:-$results} == "$results" ]] ||
		problem "$plan tests planned, $results results"
}

# verdict NAME: the program's own line.
verdict()
{
	local word=ok
	((BAD == 0)) || word='not ok' SOME_FAILED=1
	echo "$word $((++NUMBER)) $1"
}

# start NAME
start()
{
	find_program "$1"
	if [[ ! $PROGRAM ]]; then
		BAD=0
		echo "# Subtest: $1"
		problem "$1 does not exist: was it built?"
		verdict "$1"
		return
	fi
	read_header
	echo "# $1 begins"
	mark "$1"
	BEGIN[$1]=$SECONDS
	# wait -n loses a job that a signal ended beside another one's end
	{
		timeout -k 10 "$LIMIT" "$PROGRAM" </dev/null >"$WORK/$1" 2>&1
		exit $?
	} &
	RUNNING[$!]=$1
}

# Wait for one of those that run, and print its results.
finish()
{
	local id status name
	wait -n -p id
	status=$?
	name=${RUNNING[$id]} BAD=0
	unset "RUNNING[$id]"
	mark "$name ended"
	echo "# Subtest: $name"
	pass_on "$WORK/$name"
	((status != 124 && status != 137)) || show_blocked
	find_program "$name"
	read_header
	check_status "$status"
	((BAD += FAILED))
	echo "    # $name took $((SECONDS - BEGIN[$name])) s"
	verdict "$name"
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
	NUMBER=0 SOME_FAILED=0
	echo "KTAP version 1"
	echo "1..$#"
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
	((NUMBER == $#)) || die "$# programs, but $NUMBER results"
	exit $SOME_FAILED
}

main "$@"
