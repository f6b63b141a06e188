#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# spawnpol jobs and supervise: command lines that are not understood, files that cannot be
# read, and what --dry-run shows. None of it needs a kernel with actors.

. "$(dirname "$0")/lib/tap.sh"

TOOL=$BUILD/spawnpol

# misuse_of CAUSE ARGUMENT...: refused with 2, and the cause named.
misuse_of()
{
	local cause=$1
	shift
	run "$TOOL" "$@"
	expect_status 2
	expect_err "$cause"
	[[ ! $OUT ]] || fail "it wrote to stdout: $OUT"
}

test_options_of_jobs_that_make_no_sense()
{
	misuse_of 'jobs needs FILE' jobs
	misuse_of "unexpected argument 'b'" jobs a b
	misuse_of "--jobs: '0' is not a number" jobs -j 0 /dev/null
	misuse_of "--jobs: '-1' is not a number" jobs -j -1 /dev/null
	misuse_of "--halt: 'later' is none of now, soon and never" jobs --halt later /dev/null
	misuse_of '--keep-going means --halt never and excludes --halt now' \
		jobs --keep-going --halt now /dev/null
	misuse_of '--keep-order does not go with --ungroup' jobs -k -u /dev/null
	misuse_of '--jobs is given twice' jobs -j 1 -j 2 /dev/null
	run "$TOOL" jobs --keep-going --halt never --dry-run /dev/null
	expect_status 0
}

test_dry_run_shows_what_would_be_run()
{
	printf '%s\n' 'echo one' '' $' \t' "  printf '%s' \"a b\"  " '# nothing' '-x' >"$DIR/list"
	printf 'no newline' >>"$DIR/list"
	run "$TOOL" jobs --dry-run "$DIR/list"
	expect_status 0
	expect_equal "$OUT" $'echo one\n  printf \'%s\' "a b"  \n# nothing\n-x\nno newline'
	OUT=$("$TOOL" jobs -n - <"$DIR/list")
	expect_equal "$(wc -l <<<"$OUT")" 5
	run "$TOOL" jobs -n --json "$DIR/list"
	OUT=$(PATH=/usr/bin:/bin python3 -c 'import json, sys
print([(c["line"], c["command"][:4]) for c in json.load(sys.stdin)["commands"]])' <<<"$OUT")
	expect_equal "$OUT" "[(1, 'echo'), (4, '  pr'), (5, '# no'), (6, '-x'), (7, 'no n')]"
	run "$TOOL" jobs -n --quiet "$DIR/list"
	expect_equal "$OUT" ''
	run "$TOOL" jobs -n /dev/null
	expect_status 0
	expect_equal "$OUT" ''
}

test_files_that_cannot_be_read()
{
	run "$TOOL" jobs -n "$DIR/none"
	expect_status 1
	expect_err "cannot read the commands in $DIR/none: No such file or directory (ENOENT)"
	run "$TOOL" jobs -n "$DIR"
	expect_status 1
	expect_err 'Is a directory (EISDIR)'
	printf 'echo one\necho \0two\n' >"$DIR/list"
	run "$TOOL" jobs -n "$DIR/list"
	expect_status 1
	expect_err 'list:2: there is a NUL in the line'
	yes | head -n 1048577 >"$DIR/list"
	run "$TOOL" jobs -n "$DIR/list"
	expect_status 1
	expect_err 'has more than 1048576 commands'
}

# What is an error before anything has run goes where the reports go.
test_errors_of_jobs_as_json()
{
	run "$TOOL" jobs --json "$DIR/none"
	expect_status 1
	[[ ! $OUT && $ERR == '{"error": {'*ENOENT*'}}' ]] || fail "out: $OUT, err: $ERR"
}

# told_as json|text ARGUMENT...: that the line is not understood.
told_as()
{
	local wanted=$1 is=text
	shift
	run "$TOOL" "$@"
	expect_status 2
	[[ $OUT$ERR != '{'*'"error": {'*'}' ]] || is=json
	expect_equal "$* is told as $is" "$* is told as $wanted"
}

# "-j" is --jobs with jobs, and no option at all where a value or an argument stands.
test_what_asks_for_json_after_an_error()
{
	told_as text jobs --bad -j 4 /dev/null
	told_as text jobs -j 0 -j 4 /dev/null
	told_as text --bad jobs -j 4 /dev/null
	told_as json jobs --bad --json /dev/null
	told_as json jobs --bad --bad --json -j 4 /dev/null
	told_as json -j jobs --bad /dev/null
	told_as json list --bad -j
	told_as json list --bad -qj
	told_as json --bad list -j
	told_as json lsit -j
	told_as text list --bad -q -- -j
	told_as text load x --bad --name -j
	told_as text load x --bad --name --json
	told_as text load x --bad -n--json
	told_as json load x --bad --name y -j
	# what follows the program is the program's
	told_as text run --bad ls -j
	told_as text supervise --bad ls --json
	told_as json supervise --bad --json ls
}

test_options_of_supervise_that_make_no_sense()
{
	misuse_of 'supervise needs PROGRAM' supervise
	misuse_of 'supervise needs PROGRAM' supervise --
	misuse_of '--always and --on-failure exclude' supervise --always --on-failure true
	misuse_of "--restart: '65' is not a number from 0 to 64" supervise --restart 65 true
	misuse_of "--within: '5' is no" supervise --within 5 true
	misuse_of "--delay: 'x' is neither TIME nor MIN..MAX" supervise --delay x true
	misuse_of "--delay: '1s..' is neither" supervise --delay 1s.. true
	misuse_of "--delay: '..1s' is neither" supervise --delay ..1s true
	misuse_of "--delay: '1s..2' is neither" supervise --delay 1s..2 true
	misuse_of "--delay: MAX is below MIN in '2s..1s'" supervise --delay 2s..1s true
	misuse_of "--delay: from MIN to MAX of '1ms..1m' are more than 15 doublings" supervise --delay 1ms..1m true
	expect_err 'try: --delay 2ms..60s'
	misuse_of 'unknown option --restarts (did you mean --restart?)' supervise --restarts true
}

# What follows the program is the program's.
test_supervise_leaves_options_behind_the_program_alone()
{
	run "$TOOL" supervise -- true --no-such-option
	[[ $ERR != *'unknown option'* ]] || fail "$ERR"
	run "$TOOL" supervise true --help
	[[ $OUT != *usage* ]] || fail "$OUT"
}

run_tests "$@"
