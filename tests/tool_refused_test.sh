#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# ALONE: unload looks at, and so holds for a moment, the links of the whole system.
#
# What is not loaded or attached, and why: privileges, a kernel or pins that lack
# something, and rules that budgets make impossible.

. "$(dirname "$0")/lib/tool.sh"

# incomplete POLICY: its name is of no use, and can be freed.
incomplete()
{
	refused "'$1' is incomplete" load spawn_policy --name "$1"
	expect_err "try: spawnpol unload $1"
	refused "'$1' is incomplete" run --policy "$1" true
	done_by list
	expect_out "$1: incomplete"
	done_by list "$1" --json
	expect_value complete false prog_id null
	done_by unload "$1"
	load_default "$1"
	done_by unload "$1"
	nothing_is_left
}

test_pins_that_were_removed_by_hand()
{
	load_default
	rm "$PINS/policy/prog"
	incomplete policy
	load_default
	rm "$PINS"/policy/*
	incomplete policy
	mkdir -p "$PINS/policy/sub"
	incomplete policy
}

# Whether it decides for a ring is not known then.
test_a_program_that_cannot_be_opened()
{
	load_default
	hold_rings 1
	attach policy "$RING_PID"
	rm "$PINS/policy/prog"
	mkdir "$PINS/policy/prog"
	refused "cannot open $PINS/policy/prog" unload --force policy
	done_by detach "$LINK"
	rmdir "$PINS/policy/prog"
	done_by unload policy
	nothing_is_left
}

# What it decides for is no less than that of a whole policy.
test_an_incomplete_policy_that_is_attached()
{
	load_default
	hold_rings 1
	attach policy "$RING_PID"
	rm "$PINS/policy/prog"
	refused "'policy' is attached to 1 ring" unload policy
	done_by list policy
	expect_out "link $LINK: slot 0"
	expect_out "'spawn_policy', of no loaded policy"
	done_by list policy --json
	expect_value policy null pinned true
	done_by unload --force policy
	refused 'there is no link' detach "$LINK"
	nothing_is_left
}

# Libbpf guesses that it is RLIMIT_MEMLOCK.
test_load_without_the_capability()
{
	run setpriv --bounding-set -all "$TOOL" load spawn_policy
	expect_status 1
	expect_err 'no policy can be loaded without CAP_BPF'
	expect_err 'try: run as root, or with CAP_BPF'
	[[ $ERR != *MEMLOCK* ]] || { show_run; fail "it speaks of memory"; }
	run unshare --user --map-root-user "$TOOL" load spawn_policy
	expect_status 1
	expect_err 'initial user namespace'
	[[ $ERR != *MEMLOCK* ]] || { show_run; fail "it speaks of memory"; }
	nothing_is_left
}

test_load_without_type_information_of_the_kernel()
{
	run unshare -m bash -c "mount -t tmpfs none /sys/kernel/btf; '$TOOL' load spawn_policy"
	expect_status 3
	expect_err 'the kernel has no type information (BTF)'
	expect_err 'CONFIG_DEBUG_INFO_BTF=y'
	nothing_is_left
}

test_load_of_a_policy_for_another_kernel()
{
	run "$TOOL" load "$BUILD/tests/function_missing.bpf.o"
	expect_status 3
	expect_err "lacks a function that 'function_missing' calls"
	expect_err bpf_iouring_of_a_later_release
	nothing_is_left
}

# With rules that its budgets make impossible a spawn would fail with ETOOMANYREFS.
test_rules_beyond_the_ceilings_are_not_loaded()
{
	run "$TOOL" load spawn_policy --retry ETXTBSY=301@1s
	expect_status 2
	expect_err 'can wait 301s for one step; the kernel'"'"'s ceiling is 300s'
	expect_err 'try: fewer tries'
	run "$TOOL" load spawn_policy --retry EAGAIN=65535 --retry EINTR=2
	expect_status 2
	expect_err 'can issue 65539 requests'
	nothing_is_left
	done_by load spawn_policy --name most --retry ETXTBSY=300@1s --retry EAGAIN=65233
}

test_rules_beyond_the_budgets_are_not_attached()
{
	load_default policy --retry ETXTBSY=100@50ms --retry EBUSY=6@1s
	load_default small
	hold_rings 1
	refused 'can wait 11s for one step; the budget is 10s' attach policy --pid "$RING_PID"
	expect_err 'try: --max-delay 11s'
	refused 'can issue 108 requests for one step; the budget is 99' \
		attach policy --pid "$RING_PID" --max-delay 11s --max-issues 99
	expect_err 'try: --max-issues 108'
	attach policy "$RING_PID" --max-delay 11s --max-issues 108
	done_by detach "$LINK"
	attach small "$RING_PID"
	refused 'can wait 11s' update "$LINK" policy
	expect_err "try: detach link $LINK, and attach policy with --max-delay 11s"
	[[ -e $PINS/small/link-$LINK ]] || fail "the pin has moved"
}

# The log says what the verifier saw; the author also learns what to do.
test_the_verifiers_refusals_come_with_a_remedy()
{
	local object
	for object in "$BUILD"/tests/*_fail.bpf.o; do
		run "$TOOL" load "$object"
		expect_status 1
		expect_err 'spawnpol: try: '
		[[ $ERR != *"the log's last lines"* ]] || fail "no remedy for $object: $ERR"
	done
	run "$TOOL" load "$BUILD/tests/rodata_path_fail.bpf.o"
	expect_err 'try: a copy in a local array'
	run "$TOOL" load "$BUILD/tests/scratch_address_fail.bpf.o"
	expect_err 'store to it in a separate function'
	run "$TOOL" load "$BUILD/tests/licence_fail.bpf.o"
	expect_err 'try: SPAWNPOL_LICENSE("GPL")'
}

run_tests "$@"
