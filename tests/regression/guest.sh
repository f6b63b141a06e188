#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: guest.sh SUITE/TEST=SECONDS ...
#>
#> In the VM, in the directory that build.sh filled: runs each test in a writable
#> copy of its suite, for at most SECONDS, and prints what it wrote between
#> "@@ SUITE/TEST" and "@@ SUITE/TEST STATUS SECONDS".

set -u

WORK=/tmp/work
LOG=/tmp/output
LIMIT=8000000			# bytes of output that are kept of a test

# What was here before the first test, and stays.
declare -A OURS

processes() { (cd /proc && echo [0-9]*); }

remember_ours()
{
	local pid
	for pid in $(processes); do
		OURS[$pid]=1
	done
}

# A kernel thread has no program, nor has a zombie.
kill_leftovers()
{
	local pid
	for pid in $(processes); do
		[[ ${OURS[$pid]:-} || ! -e /proc/$pid/exe ]] || kill -9 "$pid"
	done 2>/dev/null
}

# Below what a test left may be more: from the inside out.
remove_cgroups()
{
	compgen -G '/sys/fs/cgroup/*/' >/dev/null || return 0
	find /sys/fs/cgroup -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
}

# liburing's tests want a file system that knows O_DIRECT, fallocate() and leases.
make_disk()
{
	truncate -s 400M /tmp/disk &&
		mkfs.ext4 -q -O ^has_journal /tmp/disk &&
		mkdir -p "$WORK" &&
		mount -o loop /tmp/disk "$WORK"
}

# The scripts of all suites look for helpers beside their directory.
copy_suite()
{
	rm -rf "${WORK:?}"/*
	mkdir -p "$WORK/$1"
	cp -a --sparse=always "$BUILT/$1/." "$WORK/$1"
	case $1 in
	kselftest/*) cp -a "$BUILT/kselftest/kselftest" "$WORK/kselftest/" ;;
	esac
}

run_test()
{
	local test=$1 seconds=$2 start status
	printf '\n@@ %s\n' "$test"
	echo "spawnpol-test: ${test##*/}" >/dev/kmsg
	start=${EPOCHREALTIME/./}
	(cd "$WORK/${test%/*}" && exec timeout -k 5 "$seconds" \
		"./${test##*/}") </dev/null >"$LOG" 2>&1
	status=$?
	start=$((${EPOCHREALTIME/./} - start))
	kill_leftovers
	remove_cgroups
	head -c "$LIMIT" "$LOG"
	printf '\n@@ %s %d %d.%03d\n' "$test" "$status" $((start / 1000000)) \
		$((start / 1000 % 1000))
}

# Mounts that tests of a suite leave end with it.
run_suite()
{
	local word
	copy_suite "$1" || exit 1
	remember_ours
	shift
	for word in "$@"; do
		run_test "${word%=*}" "${word##*=}"
	done
}

# suite_words SUITE WORD...: those that name its tests
suite_words()
{
	local suite=$1 word test
	shift
	for word in "$@"; do
		test=${word%=*}
		[[ ${test%/*} != "$suite" ]] || echo "$word"
	done
}

main()
{
	local suite
	local -a words
	make_disk || exit 1
	printf '%s\n' "${@%/*}" | awk '!seen[$0]++' | while read -r suite; do
		mapfile -t words < <(suite_words "$suite" "$@")
		unshare --mount "$0" --suite "$suite" "${words[@]}" || exit 1
	done
}

BUILT=$PWD
export PATH=$BUILT/bin:$PATH
if [[ ${1:-} == --suite ]]; then
	shift
	run_suite "$@"
else
	main "$@"
fi
exit
