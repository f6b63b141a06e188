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
	misuse_of 'begins with an event and a step' 'failed open:ENOENT'
	expect_err 'try: quotes around single words only'
	misuse_of "there is no event 'fail' (did you mean failed" fail exec
	misuse_of 'more than one event' failed,done exec
	misuse_of "no operation 'exce' (did you mean exec" failed exce
	misuse_of "'any' is not a step" failed any:ENOENT
	misuse_of "no errno 'ENOET' (did you mean ENOENT" failed exec:ENOET
	misuse_of "no errno '-2'" failed exec:-2
	misuse_of "'then' needs a situation before it" 'then' failed exec:ENOENT
	misuse_of 'exclude each other' --table x failed exec
	misuse_of 'exclude each other' --table x hello_policy
	expect_err 'try: --policy hello_policy if it is loaded, --object hello_policy if'
	misuse_of 'exclude each other' --policy a --object b failed exec
	misuse_of '--path does not go with --policy' --policy a --path /bin failed exec
	misuse_of 'is no name for a policy' --policy ./x failed exec
	expect_err 'try: --object FILE'
	misuse_of "'expct' is no key here (did you mean expect?)" failed exec expct skip
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
	misuse_of 'scratch=: more than 8 numbers' failed exec scratch=1,2,3,4,5,6,7,8,9
	misuse_of "no operation 'x'" failed exec request=x
	# messages show a backslash as two, as the names of files
	misuse_of "head=: '#!\\\\q' has an escape" failed exec:ENOEXEC name=x 'head=#!\q'
	expect_err 'try: \xHH'
	misuse_of "head=: '\\\\x4' has an escape" failed exec:ENOEXEC name=x 'head=\x4'
	misuse_of 'head= needs the first bytes' failed exec:ENOEXEC name=x head=
	misuse_of 'head=: more than 256 bytes' failed exec:ENOEXEC name=x \
		"head=$(printf '%257s' '' | tr ' ' x)"
	misuse_of 'path=: a path has at most 4095' failed chdir:ENOENT \
		"path=$(printf '%4096s' '' | tr ' ' x)"
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

# It would be a difference from whatever the policy has staged.
test_staged_requests_that_cannot_be()
{
	local situation=(before-exec exec name=x expect submit)
	misuse_of "no operation 'exek' (did you mean exec?)" "${situation[@]}" staged=exek:/bin/x
	misuse_of "no operation '/bin/x'" "${situation[@]}" staged=/bin/x
	misuse_of "no operation ''" "${situation[@]}" staged=
	misuse_of "'exec:' has no path" "${situation[@]}" staged=exec:
	misuse_of "'any' is not a step" "${situation[@]}" staged=any
	misuse_of "'exec,search' is no request" "${situation[@]}" staged=exec,search
	expect_err 'try: staged= once for each'
	bad_table "table:2: there is no operation 'serach'" \
		'before-exec exec name=x expect submit staged=search:/bin' \
		'before-exec exec name=x expect submit staged=serach:/bin'
}

# never CAUSE REMEDY ARGUMENT...
never()
{
	local cause=$1 remedy=$2
	shift 2
	misuse_of "the kernel never makes this situation: $cause" "$@"
	expect_err "spawnpol: try: "
	expect_err "$remedy"
}

test_situations_that_the_kernel_never_makes()
{
	never 'the event clone is about' 'clone clone:EAGAIN' clone exec:EAGAIN name=x
	never 'the event clone is about' 'another event' failed clone:EAGAIN
	never 'policies are asked only about a clone' 'clone:EAGAIN' clone clone:EPERM
	never 'with the event clone there is no child yet' 'leave out step=' clone clone:EAGAIN step=1
	never 'before-exec is only about exec' 'before-step' before-exec open
	never 'before-step is about all steps but exec' 'before-exec' before-step exec name=x
	never 'the event of an exec that has succeeded is execed' 'failed exec:ENOENT' 'done' exec name=x
	never 'a step that is done has no error' 'failed' 'done' open:ENOENT
	never 'before a step is issued it has no result' 'leave out the result' before-exec exec:ENOENT name=x
	never 'before a step is issued it has no result' 'leave out the result' before-step open:0
	never 'before a step is issued for the first time, attempt is 0' 'leave out attempt=' before-exec exec name=x attempt=1
	never 'after a request was issued, attempt is at least 1' 'leave out attempt=' failed exec:ENOENT name=x attempt=0
	never 'a step that has failed has an error' 'STEP:ERRNO' failed exec name=x
	never 'a step that has failed has an error' 'STEP:ERRNO' failed open:3
	never 'request= is only for the event staged' 'staged' failed exec:ENOENT name=x request=open
	never 'the event of a staged exec that has succeeded is execed' 'STEP:ERRNO' staged exec name=x
	never 'the event of a staged exec that has succeeded is execed' 'request=' staged open request=exec
	never 'an exec has a name' 'name=PROGRAM' before-exec exec
	never 'the path of an exec is its name' 'name=' failed exec:ENOENT name=x path=/x
	never 'policies see the paths of' 'leave out path=' failed setsid:EPERM path=/x
	never 'head= is only for an exec' 'failed exec:ENOEXEC' failed open:ENOENT head=x
	never 'head= is only for an exec' 'failed exec:ENOEXEC' before-exec exec name=x head=x
	never 'an exec has a name' 'name=PROGRAM' failed exec:ENOENT
	never 'only the commands of a child have off=' 'leave out off=' failed read:EIO off=3
	never 'flags=search is about an exec' 'leave out search' failed open:ENOENT flags=search
	never 'with search, hardlink is set only for' 'flags=search,hardlink' \
		failed exec:ENOENT name=x flags=search
	never 'with search, hardlink is set only for' 'flags=search' \
		failed exec:ENOEXEC name=x flags=search,hardlink
	never 'flags=exec-at is about' 'without a slash' \
		before-exec exec name=/bin/x flags=exec-at
	never 'flags=exec-at is about' 'without a slash' failed open:ENOENT flags=exec-at
	never 'no exec follows' 'leave out name=' failed open:ENOENT name=x flags=last
}

# O4: searches, and programs that run.
test_searches_that_the_kernel_never_makes()
{
	never 'miss is about the exec of a spawn' 'name=PROGRAM' miss open:ENOENT
	never 'miss is about the exec of a spawn' 'name=PROGRAM' miss exec:ENOENT name=/bin/x
	never 'a search goes on after EACCES' 'or failed' miss exec:EIO name=x
	never 'a search goes on after EACCES' 'or failed' miss exec name=x
	never 'a directory has been searched' 'leave out search_offset=' \
		miss exec:ENOENT name=x search_offset=-1
	never 'an exec that has succeeded has the result 0' 'use failed' execed exec:ENOENT name=x
	never 'before a step is issued, nothing has been searched' 'leave out search_offset=' \
		before-exec exec name=x search_offset=0
	misuse_of "search_offset=: '-2' is not a number from -1" \
		failed exec:ENOENT name=x search_offset=-2
}

test_an_empty_name_cannot_be_tested()
{
	misuse_of 'cannot be tested with an empty name' failed exec:ENOENT name= flags=exec-at
	expect_err 'try: name=PROGRAM'
}

test_the_line_of_a_table_is_named_with_what_never_happens()
{
	bad_table "$DIR/table:2: the kernel never makes this situation: an exec has a name" \
		'failed open:ENOENT' 'failed exec:ENOENT'
}

# These the kernel can make: without it, that it is missing is all there is to say.
test_unusual_situations_are_read()
{
	local -a words
	while read -ra words; do
		run "$TOOL" test "${words[@]}"
		[[ $ERR != *'never makes'* ]] || fail "${words[*]}: $ERR"
		[[ $OUT || $STATUS != 2 ]] || fail "${words[*]}: $ERR"
	done <<-'END'
	failed read:0
	failed splice:100
	done umask:18
	staged open request=umask
	staged exec:ENOENT name=x
	failed exec:ENOENT name=x flags=search,hardlink
	failed exec:ENOENT name=x search_offset=7
	miss exec:EACCES name=x search_offset=0
	execed exec name=x search_offset=3
	execed nop
	failed exec:ENOEXEC name=x flags=search
	failed exec:ENOENT name=a/b flags=exec-at,last
	failed open:EIO name=x flags=exec-at,hardlink off=7
	clone clone:ENOMEM name=x attempt=3
	END
}

test_events_that_are_not_understood()
{
	misuse_of "there is no event 'don' (did you mean done" --events don failed open:ENOENT
}

test_tables_that_are_not_understood()
{
	bad_table "$DIR/table:3: there is no event 'fail'" '# one' 'failed open:ENOENT' 'fail exec'
	bad_table "$DIR/table:1: the first situation cannot begin with" 'then failed exec':ENOENT
	bad_table 'a quote is not closed' 'failed exec name="a b'
	bad_table 'has no situation' '# nothing' '' '   # but comments'
	bad_table 'more than 64 words' "$(printf 'w %.0s' {1..65})"
	run "$TOOL" test --table "$DIR/missing"
	expect_status 1
	expect_err "cannot read the table $DIR/missing"
	run "$TOOL" test --table "$DIR"
	expect_status 1
	expect_err 'cannot read'
}

# Situations of an actor, which are known by their events.
test_situations_of_actors_that_are_not_understood()
{
	misuse_of 'cqe is the completion of a request' cqe
	misuse_of 'cqe is the completion of a request' cqe tag=1
	misuse_of "no operation 'raed' (did you mean read" cqe raed:1
	expect_err 'try: spawnpol help requests'
	misuse_of "no errno 'ENOET' (did you mean ENOENT" cqe read:ENOET
	misuse_of "'tga' is no key" start tga=1
	expect_err 'try: one of: tag='
	misuse_of "tag=: 'x' is not a number" cqe read:1 tag=x
	misuse_of 'args=: more than 4 numbers' start args=1,2,3,4,5
	misuse_of "cqe_flags=: there is no flag 'moer'" cqe read:1 cqe_flags=moer
	misuse_of "wait_status=: '1x' is not a number" cqe waitid:0 wait_status=1x
	misuse_of "in_flight=: '-1' is not a number" cqe read:0 in_flight=-1
	misuse_of 'linked= is only for start' cqe read:0 linked=3
	misuse_of 'expect needs a verdict' start expect
	misuse_of "no verdict of an actor 'done'" start expect 'done'
	expect_err 'try: spawnpol help actor-verdicts'
	misuse_of "no operation 'raed' (did you mean read" start expect wait staged=raed
	misuse_of "staged=: 'x' is not a number" start expect wait staged=read:x
	misuse_of "posted=: 'x' is not a number" start expect wait posted=x:1
	misuse_of "no errno 'EOI'" start expect end posted=1:EOI
	misuse_of "'delay' is no key" start expect end delay=1s
	misuse_of "'then' needs a situation before it" 'then' cqe read:1
	bad_table 'table:2: start is the first event' 'start' 'then start'
	bad_table 'table:2: this is about a policy, and the situations before it are about an actor' \
		'start' 'failed open:ENOENT'
	bad_table 'table:2: this is about an actor, and the situations before it are about a policy' \
		'failed open:ENOENT' 'then cqe read:1'
}

run_tests "$@"
