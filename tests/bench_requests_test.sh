#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# KERNEL: prod
#
# The benchmarks' methods make the requests that they are named after: the library
# would make one SPAWN of what is to be measured as a chain of links.

. "$(dirname "$0")/lib/tap.sh"

# entries METHOD: SQEs and CQEs by numbers of misses, as counted by the kernel.
entries()
{
	sed -nE 's/.*"case": "([0-9]+)", "method": "'"$1"'", "unit": "(.QE)s", "value": ([0-9]+).*/\1 \2 \3/p' \
		"$DIR/.out" | sort -n | grep -E '^(0|6?4) ' | tr '\n' ','
}

test_O2_requests_of_each_method()
{
	run "$BUILD/bench/bench" --iterations 1 path
	expect_status 0
	expect_equal "$(entries spawn)" '0 CQE 1,0 SQE 1,4 CQE 1,4 SQE 1,64 CQE 1,64 SQE 1,'
	expect_equal "$(entries spawn_listed)" "$(entries spawn)"
	expect_equal "$(entries spawn_open)" "$(entries spawn)"
	expect_equal "$(entries spawn_policy)" "$(entries spawn)"
	expect_equal "$(entries hardlink)" '0 CQE 2,0 SQE 2,4 CQE 6,4 SQE 6,64 CQE 66,64 SQE 66,'
	expect_equal "$(entries policy)" '0 CQE 2,0 SQE 2,4 CQE 2,4 SQE 2,64 CQE 2,64 SQE 2,'
	expect_equal "$(entries remember)" "$(entries policy)"
}

# They give up if the kernel or a policy does something else than they measure.
test_what_is_to_be_measured_happens()
{
	run "$BUILD/bench/bench" --iterations 1 decision path_ext4
	expect_status 0
	expect_out '"bench": "decision", "case": "idle machine", "method": "policy"'
	expect_out '"bench": "path_ext4", "case": "64", "method": "spawn_open"'
	# neither the mount nor its loop device stays
	[[ -z $(losetup -a) ]] || fail "a loop device is left: $(losetup -a)"
}

test_C4_children_that_wait_are_there_and_are_copied()
{
	run "$BUILD/bench/bench" --iterations 1 waiting template
	expect_status 0
	expect_out '"bench": "waiting", "case": "memory", "method": "1000"'
	expect_out '"bench": "template", "case": "a child", "method": "template"'
	expect_out '"bench": "template", "case": "a program", "method": "template"'
}

test_A8_actors_do_what_is_measured()
{
	run "$BUILD/bench/bench" --iterations 1 actor idle_actor copy jobs
	expect_status 0
	expect_out '"bench": "actor", "case": "1000", "method": "actor"'
	expect_out '"bench": "idle_actor", "case": "32 NOPs", "method": "64 reads"'
	expect_out '"bench": "copy", "case": "tmpfs, depth 8", "method": "actor", "unit": "ns user"'
	expect_out '"bench": "copy", "case": "ext4, O_DIRECT, depth 32", "method": "links"'
	expect_out '"bench": "jobs", "case": "500 static commands", "method": "actor"'
	[[ -z $(losetup -a) ]] || fail "a loop device is left: $(losetup -a)"
}

run_tests "$@"
