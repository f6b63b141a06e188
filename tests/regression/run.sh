#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: run.sh [PATTERN ...]
#>
#> Does the series break what was there? Runs the selftests of the kernel's
#> source and the tests of liburing's package in the VM, the same programs on the
#> kernel without the series and on the one with it, and compares the results.
#> What comes out differently runs up to two times more on both: a test that is
#> not the same each time on the same kernel says nothing. PATTERN, as the shell
#> has them, selects from SUITE/TEST, for example 'landlock/*'.
#>
#> Builds kernels and tests first if need be (build.sh, below 20 minutes, once).
#> What the tests printed stays in the cache directory, in log/regression.
#>
#> exit status: 0, 1 if a test is worse on the patched kernel or only that kernel
#> complained, 2 for wrong usage.

set -u
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../vm/complaints.sh"

HERE=$TOP/tests/regression
RUNS=$CACHE/log/regression
SECONDS_EACH=60			# for a test that special.tests does not mention
LIMIT=2400			# for all tests on a kernel; idle machines need a third
RERUNS=2

# Each test as SUITE/TEST, in the order in which it runs.
all_tests()
{
	sed 's,:,/,' "$BUILT/kselftest/kselftest-list.txt" | sort
	(cd "$BUILT" && printf '%s\n' liburing/*.t)
}

# The limits of time that special.tests has, and what does not run.
declare -A LIMITS

read_special()
{
	local name limit
	while read -r name limit _; do
		[[ $name == '#'* ]] || LIMITS[$name]=$limit
	done <"$HERE/special.tests"
}

# selected NAME PATTERN...
selected()
{
	local name=$1 pattern
	shift
	(($#)) || return 0
	for pattern in "$@"; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ $name == $pattern ]] && return 0
	done
	return 1
}

# guest_words PATTERN...: the tests as guest.sh wants them.
guest_words()
{
	local name limit path
	all_tests | while read -r name; do
		selected "$name" "$@" || continue
		limit=${LIMITS[$name]:-$SECONDS_EACH}
		[[ $limit != never ]] || continue
		path=kselftest/$name
		[[ $name != liburing/* ]] || path=$name
		echo "$path=$limit"
	done
}

# run_on KERNEL NUMBER WORD...
run_on()
{
	local out=$RUNS/$1.$2
	local -a option=()
	[[ $1 != base ]] || option=(--base)
	shift 2
	(cd "$BUILT" && "$TOP/tests/vm/run.sh" --cached "${option[@]}" --timeout "$LIMIT" \
		--log "$out.kernel" -- "$HERE/guest.sh" "$@" >"$out" 2>"$out.messages")
	echo $? >"$out.status"
}

# At the same time, so that both have the same share of a busy machine.
run_on_both()
{
	local base
	run_on base "$@" & base=$!
	run_on patched "$@"
	wait "$base"
}

run_all()
{
	local number
	local -a words differing
	mapfile -t words < <(guest_words "$@")
	((${#words[@]})) || die "no such tests"
	PHASE_LOG=$RUNS/patched.0
	: >"$PHASE_LOG"
	phase "running ${#words[@]} programs on two kernels" run_on_both 0 "${words[@]}"
	for ((number = 1; number <= RERUNS; number++)); do
		mapfile -t differing < <("$HERE/compare.py" --differing "$RUNS")
		((${#differing[@]})) || return 0
		mapfile -t words < <(guest_words "${differing[@]}")
		phase "running ${#words[@]} once more" run_on_both "$number" "${words[@]}"
	done
}

# complaints_of KERNEL: what it said, without what differs from boot to boot.
complaints_of()
{
	cat "$RUNS/$1".*.kernel | tr -d '\r' | complaints |
		sed -E 's/^[0-9]+:\[ *[0-9.]+\] //; s/(CPU|PID): [0-9]+ //g; s,[+]0x[0-9a-f/x]+,,' | sort -u
}

# Something that a test provokes on both kernels is not the series' fault.
check_complaints()
{
	local more
	more=$(comm -13 <(complaints_of base) <(complaints_of patched))
	[[ $more ]] || return 0
	note "the patched kernel complained, the base did not:"
	echo "$more" >&2
	return 1
}

# A machine that went away or ran out of time takes tests with it.
check_machines()
{
	local status bad=0
	for status in "$RUNS"/*.status; do
		case $(<"$status") in
		0 | 70) ;;
		*)	note "the machine of ${status##*/} did not last:"
			tail -n 5 "${status%.status}.messages" >&2
			bad=1 ;;
		esac
	done
	return "$bad"
}

main()
{
	local bad=0
	case ${1:-} in
	-h | --help) show_help; exit 0 ;;
	-*) misuse "unknown option: $1" ;;
	esac
	BUILT=$("$HERE/build.sh") || exit 1
	"$TOP/tests/vm/kernel.sh" path base >/dev/null &&
		"$TOP/tests/vm/kernel.sh" path prod >/dev/null || exit 1
	rm -rf "$RUNS"
	mkdir -p "$RUNS" || exit 1
	read_special
	run_all "$@"
	if [[ -s $BUILT/failed ]]; then
		echo "could not be built here:"
		sed 's/^/  /' "$BUILT/failed"
	fi
	check_machines || bad=1
	check_complaints || bad=1
	"$HERE/compare.py" "$RUNS" || bad=1
	exit "$bad"
}

main "$@"
