#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What `make regression` takes for worse, for the same and for chance.

. "$(dirname "$0")/lib/tap.sh"

COMPARE=$TOP/tests/regression/compare.py

# log NAME LINE...: what a run on a kernel printed.
log()
{
	local name=$1
	shift
	printf '%s\n' "$@" >"$DIR/$name"
}

# program NAME STATUS LINE...: the part of a program.
program()
{
	local name=$1 status=$2
	shift 2
	printf '%s\n' "@@ kselftest/$name" "$@" "@@ kselftest/$name $status 0.100"
}

totals() { expect_out "regression: $1"; }

test_the_same_is_no_regression()
{
	local each
	each=$(program a/b 1 'ok 1 one' 'not ok 2 two' 'ok 3 three # SKIP no reason')
	log base.0 "$each"
	log patched.0 "$each"
	run "$COMPARE" "$DIR"
	expect_status 0
	totals '4 tests on both kernels, 1 pass on both, 2 fail on both, 1 skip, 0 worse, 0 better, 0 flaky'
}

test_a_failure_on_the_patched_kernel_only_is_worse()
{
	log base.0 "$(program a/b 0 'ok 1 one' 'ok 2 two')"
	log patched.0 "$(program a/b 1 'ok 1 one' 'not ok 2 two')"
	run "$COMPARE" "$DIR"
	expect_status 1
	expect_out 'a/b/two: pass -> fail'
	totals '3 tests on both kernels, 1 pass on both, 0 fail on both, 0 skip, 2 worse'
}

test_statuses_count_where_a_program_reports_nothing()
{
	log base.0 "$(program a/b 0)" "$(program a/c 0)" "$(program a/d 0)"
	log patched.0 "$(program a/b 139)" "$(program a/c 124)" "$(program a/d 4)"
	run "$COMPARE" "$DIR"
	expect_status 1
	expect_out 'a/b: pass -> fail'
	expect_out 'a/c: pass -> timeout'
	expect_out 'a/d: pass -> skip'
}

test_what_a_lost_machine_did_not_run_is_worse()
{
	log base.0 "$(program a/b 0)" "$(program a/c 0)"
	log patched.0 '@@ kselftest/a/b'
	run "$COMPARE" "$DIR"
	expect_status 1
	expect_out 'a/b: pass -> fail'
	expect_out 'a/c: pass -> absent'
}

test_less_is_worse_and_more_is_better()
{
	log base.0 "$(program a/b 0 'ok 1 one')" "$(program a/c 1)"
	log patched.0 "$(program a/b 0)" "$(program a/c 0)"
	run "$COMPARE" "$DIR"
	expect_status 1
	expect_out 'a/b/one: pass -> absent'
	totals '3 tests on both kernels, 1 pass on both, 0 fail on both, 0 skip, 1 worse, 1 better'
}

test_what_varies_on_one_kernel_is_flaky()
{
	log base.0 "$(program a/b 0)"
	log base.1 "$(program a/b 1)"
	log patched.0 "$(program a/b 1)"
	log patched.1 "$(program a/b 1)"
	run "$COMPARE" "$DIR"
	expect_status 0
	expect_out 'a/b: pass fail -> fail fail'
	totals '1 tests on both kernels, 0 pass on both, 0 fail on both, 0 skip, 0 worse, 0 better, 1 flaky'
}

test_only_what_differs_runs_again()
{
	log base.0 "$(program a/b 0)" "$(program a/c 0)" "$(program a/d 1)"
	log patched.0 "$(program a/b 0)" "$(program a/c 1)" "$(program a/d 0)"
	run "$COMPARE" --differing "$DIR"
	expect_equal "$OUT" $'a/c\na/d'
}

test_numbers_of_processes_are_no_names()
{
	log base.0 "$(program a/b 0 'ok 1 [738] done' 'ok 2 [738] done')"
	log patched.0 "$(program a/b 0 'ok 1 [12] done' 'ok 2 [12] done')"
	run "$COMPARE" "$DIR"
	expect_status 0
	totals '3 tests on both kernels, 3 pass on both'
}

test_programs_of_bpf_have_lines_of_their_own()
{
	log base.0 "$(program bpf/v 0 '#1/u add OK' '#2/1 log/good:OK')"
	log patched.0 "$(program bpf/v 0 '#1/u add FAIL' '#2/1 log/good:FAIL')"
	run "$COMPARE" "$DIR"
	expect_status 1
	expect_out 'bpf/v/add: pass -> fail'
	expect_out 'bpf/v/log/good: pass -> fail'
}

test_makes_that_scripts_call_are_no_sub_makes()
{
	printf '%s\n' 'all:' "	@. $TOP/tests/lib/common.sh; \$(MAKE) -f inner" \
		>"$DIR/outer"
	# shellcheck disable=SC2016 # make expands them
	printf '%s\n' 'all:' '	@echo level $(MAKELEVEL) flags=$(MAKEFLAGS).' >"$DIR/inner"
	run make -C "$DIR" -f outer -j2 SHELL=/bin/bash
	expect_status 0
	expect_out 'level 0 flags=.'
}

run_tests "$@"
