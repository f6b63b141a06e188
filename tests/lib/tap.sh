# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The KTAP harness for tests written in shell. A test file looks like this:
#
#	#!/bin/bash
#	. "$(dirname "$0")/lib/tap.sh"
#
#	test_help_goes_to_stdout()
#	{
#		run "$BUILD/spawnpol" --help
#		expect_status 0
#		expect_out 'usage: spawnpol'
#		[[ ! $ERR ]] || fail "it wrote to stderr"
#	}
#
#	run_tests "$@"
#
# Every function named test_... is a test; they run in the order of the file,
# or only those named as arguments, each in a process group of its own with a
# time limit (TIME_LIMIT, 180 seconds unless the file sets it). A failed check
# ends the test. DIR is an empty directory of the test's own.

. "${BASH_SOURCE[0]%/*}/common.sh"

# shellcheck disable=SC2034 # for the tests
BUILD=$TOP/build
TIME_LIMIT=${TIME_LIMIT:-180}
SKIPPED=77
DIR=''
STATUS='' OUT='' ERR=''

# The line of the test, not of the helper that found the failure.
fail()
{
	local at=0
	while [[ ${FUNCNAME[at]} != test_* && ${FUNCNAME[at + 1]:-} ]]; do
		((at++))
	done
	echo "${BASH_SOURCE[at]#"$TOP"/}:${BASH_LINENO[at - 1]}: $*"
	exit 1
}

skip() { echo "$*" >"$DIR/.skip"; exit $SKIPPED; }

# run COMMAND...: sets STATUS, OUT and ERR.
run()
{
	"$@" >"$DIR/.out" 2>"$DIR/.err" </dev/null
	STATUS=$?
	OUT=$(<"$DIR/.out") ERR=$(<"$DIR/.err")
}

show_run() { printf 'status %s\nstdout:\n%s\nstderr:\n%s\n' "$STATUS" "$OUT" "$ERR"; }

expect_status()
{
	((STATUS == $1)) && return
	show_run
	fail "the status is $STATUS, not $1"
}

# expect_out and expect_err: the text occurs there.
expect_out() { [[ $OUT == *"$1"* ]] || { show_run; fail "stdout has no '$1'"; }; }
expect_err() { [[ $ERR == *"$1"* ]] || { show_run; fail "stderr has no '$1'"; }; }

# until_true COMMAND...: try it for two minutes, because the machine may have much
# else to do. (read with a timeout is a sleep that starts no process; those are
# slow on an emulated debug kernel.)
until_true()
{
	local try never most=$((2400 * ${SPAWNPOL_SLOWNESS:-1}))
	"$@" && return
	exec {never}<> <(:)
	for ((try = 0; try < most; try++)); do
		read -r -t 0.05 -u "$never"
		"$@" && break
	done
	exec {never}>&-
	((try < most)) || fail "this did not come true: $*"
}

# expect_equal GOT WANTED
expect_equal() { [[ $1 == "$2" ]] || fail "got '$1' instead of '$2'"; }

in_vm() { [[ ${SPAWNPOL_VM:-} ]]; }

# The tests of this file by line; declare -F tells the line under extdebug.
list_tests()
{
	shopt -s extdebug
	local name
	while read -r _ _ name; do
		[[ $name == test_* ]] && declare -F "$name"
	done < <(declare -F) | sort -n -k2 | cut -d' ' -f1
	shopt -u extdebug
}

report()
{
	local status=$1 number=$2 name=$3 why=''
	case $status in
	0) echo "ok $number $name"; return ;;
	"$SKIPPED") echo "ok $number $name # SKIP $(cat "$DIR/.skip" 2>/dev/null)"; return ;;
	124 | 137) why="not done after $TIME_LIMIT s" ;;
	*) why="ended with status $status" ;;
	esac
	sed 's/^/# /' "$DIR/.log"
	echo "# $name: $why"
	echo "not ok $number $name"
}

run_tests()
{
	local name number=0 failed=0 status begin
	local -a names=("$@")

	if [[ ${1:-} == --one ]]; then
		DIR=$2
		"$3"
		exit
	fi
	((${#names[@]})) || mapfile -t names < <(list_tests)
	TIME_LIMIT=$((TIME_LIMIT * ${SPAWNPOL_SLOWNESS:-1} * LOAD))
	echo "KTAP version 1"
	echo "1..${#names[@]}"
	for name in "${names[@]}"; do
		DIR=$(mktemp -d) || exit 1
		! in_vm || echo "<6>spawnpol-test: ${PROGRAM%.sh}.$name" >/dev/kmsg
		begin=$SECONDS
		timeout -k 5 "$TIME_LIMIT" "$0" --one "$DIR" "$name" \
			>"$DIR/.log" 2>&1 </dev/null
		status=$?
		((SECONDS - begin < 3)) || echo "# $name: took $((SECONDS - begin)) s"
		report $status $((++number)) "$name"
		((status == 0 || status == SKIPPED)) || failed=1
		rm -rf "$DIR"
	done
	exit $failed
}
