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

# Print where the program is, if it is there.
program_of()
{
	local path
	for path in "$TOP/tests/$1.sh" "$TOP/build/tests/$1"; do
		[[ -x $path ]] && echo "$path" && return
	done
}

time_limit()
{
	local seconds
	seconds=$(sed -n '1,30s/.*TIMEOUT: \([0-9]*\).*/\1/p' \
		"$TOP/tests/$1".{c,sh} 2>/dev/null | head -n1)
	echo $((${seconds:-600} * SLOWNESS))
}

mark() { [[ ! $IN_VM ]] || echo "<6>spawnpol-test: $1" >/dev/kmsg; }

# The kernel's log from this program's start on.
log_since()
{
	dmesg --notime | awk -v mark="spawnpol-test: $1" \
		'$0 == mark { text = "" } { text = text $0 "\n" } END { printf "%s", text }'
}

# A problem is a failed test of its own, so that it is counted and named.
problem() { echo "not ok - $1"; }

# Compare the results with the plan.
check_plan()
{
	awk '/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
	     /^(not )?ok / { results++ }
	     END {
		if (!planned)
			print "not ok - no plan, " results + 0 " results"
		else if (plan != results)
			print "not ok - " plan " tests planned, " results + 0 " results"
	     }' "$1"
}

check_status()
{
	case $2 in
	0) grep -q '^not ok' "$1" && problem "it failed and ended with status 0" ;;
	1) grep -q '^not ok' "$1" || problem "it ended with status 1" ;;
	124 | 137) problem "not done after $3 s" ;;
	*) problem "it ended with status $2" ;;
	esac
}

check_kernel()
{
	local log=$1.kernel
	[[ $IN_VM ]] || return
	log_since "$2" >"$log"
	complaints <"$log" >/dev/null || return
	excerpt 50 "$log" | sed 's/^/# /'
	problem "the kernel complained during $(culprit "$log")"
}

# Blocked tasks' stacks go to the kernel's log, which is shown.
show_blocked()
{
	[[ $IN_VM ]] || return
	echo w >/proc/sysrq-trigger
	dmesg --notime | tail -n 60 | sed 's/^/# /'
}

run_program()
{
	local name=$1 path limit status begin=$SECONDS
	local out=$WORK/out

	path=$(program_of "$name")
	if [[ ! $path ]]; then
		problem "$name does not exist: was it built?" | tee "$out.problems"
		return
	fi
	limit=$(time_limit "$name")
	mark "$name"
	timeout -k 10 "$limit" "$path" </dev/null 2>&1 | tee "$out"
	status=${PIPESTATUS[0]}
	{
		((status != 124 && status != 137)) || show_blocked
		check_plan "$out"
		check_status "$out" "$status" "$limit"
		check_kernel "$out" "$name"
	} | tee "$out.problems"
	echo "# $name took $((SECONDS - begin)) s"
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
	for name; do
		rm -f "$WORK"/*
		echo "# Subtest: $name"
		run_program "$name" | sed -u 's/^/    /'
		((++number))
		if grep -qs '^not ok' "$WORK"/out*; then
			echo "not ok $number $name"
			failed=1
		else
			echo "ok $number $name"
		fi
	done
	exit $failed
}

main "$@"
