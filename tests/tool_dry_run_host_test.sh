#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# spawnpol test: situations and tables that are not understood. They are read before the
# kernel is asked for anything.

. "$(dirname "$0")/lib/tap.sh"

TOOL=$BUILD/spawnpol

# misuse_of CAUSE ARGUMENT...: refused with 2, and the cause named.
misuse_of()
{
	local cause=$1
	shift
	run "$TOOL" test "$@"
	expect_status 2
	expect_err "$cause"
	[[ ! $OUT ]] || fail "it wrote to stdout: $OUT"
}

# bad_table CAUSE LINE...
bad_table()
{
	local cause=$1
	shift
	printf '%s\n' "$@" >"$DIR/table"
	misuse_of "$cause" --table "$DIR/table"
}

test_situations_that_are_not_understood()
{
	misuse_of 'test needs a situation'
	misuse_of 'begins with an event and a step' failed
	misuse_of "there is no event 'fail' (did you mean failed" fail exec
	misuse_of 'more than one event' failed,done exec
	misuse_of "no operation 'exce' (did you mean exec" failed exce
	misuse_of "'any' is no step" failed any:ENOENT
	misuse_of "no errno 'ENOET' (did you mean ENOENT" failed exec:ENOET
	misuse_of "no errno '-2'" failed exec:-2
	misuse_of "'then' follows another situation" 'then' failed exec
	misuse_of 'exclude each other' --table x failed exec
	misuse_of 'exclude each other' --policy a --object b failed exec
	misuse_of '--path does not go with --policy' --policy a --path /bin failed exec
}

test_keys_that_are_not_understood()
{
	misuse_of "'nam' is no key" failed exec nam=x
	expect_err 'try: one of: name='
	misuse_of "'name' is no key" failed exec name
	misuse_of "step=: '-1'" failed exec step=-1
	misuse_of "cookie=: '0x' is not a number" failed exec cookie=0x
	misuse_of "cookie=: '18446744073709551616'" failed exec cookie=18446744073709551616
	misuse_of "elapsed=: '5'" failed exec elapsed=5
	misuse_of "no flag 'links'" failed exec flags=last,links
	expect_err 'hardlink, last'
	misuse_of 'scratch=: more than 8 words' failed exec scratch=1,2,3,4,5,6,7,8,9
	misuse_of "no operation 'x'" failed exec request=x
}

test_expectations_that_are_not_understood()
{
	misuse_of 'expect needs a verdict' failed exec expect
	misuse_of "no verdict 'skp' (did you mean skip" failed exec expect skp
	misuse_of "'step' is no key" failed exec expect skip step=1
	expect_err 'try: one of: result='
	misuse_of "delay=: 'long'" failed exec expect skip delay=long
	misuse_of "no errno 'E'" failed exec expect skip result=E
}

test_tables_that_are_not_understood()
{
	bad_table "$DIR/table:3: there is no event 'fail'" '# one' 'failed exec' 'fail exec'
	bad_table "$DIR/table:1: nothing comes before" 'then failed exec'
	bad_table 'a quote does not end' 'failed exec name="a b'
	bad_table 'has no situation' '# nothing' '' '   # but comments'
	bad_table 'more than 64 words' "$(printf 'w %.0s' {1..65})"
	run "$TOOL" test --table "$DIR/missing"
	expect_status 1
	expect_err "cannot read the table $DIR/missing"
	run "$TOOL" test --table "$DIR"
	expect_status 1
	expect_err 'cannot read'
}

run_tests "$@"
