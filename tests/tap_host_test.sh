#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The C harness judged by a program whose tests go wrong in every way.

. "$(dirname "$0")/lib/tap.sh"

build_sample()
{
	cat >"$DIR/sample.c" <<-'EOF'
	#include "tap.h"
	#include <stdlib.h>
	#include <stdio.h>
	#include <sys/wait.h>
	#include <unistd.h>
	TEST(passes) { CHECK_EQ(CHECK_SYS(dup2(1, 40)), 40); }
	TEST(compares) { CHECK_LT(-1, 0U); CHECK_LT(2.3, 2.4); CHECK_LT(2, 2.4); }
	TEST(has_fractions) { CHECK_LT(2.4, 2.3); }
	TEST(differs) { EXPECT_EQ(-2, 3); CHECK_STR("a", "b"); puts("too far"); }
	TEST(skips) { SKIP("there is no %s", "reason"); }
	TEST(crashes) { puts("words before"); abort(); }
	TEST(hangs, .timeout = 1) { pause(); }
	TEST(exits) { exit(3); }
	TEST(leaves_processes) { if (!fork()) { fork(); for (;;) pause(); } }
	TEST(fails_in_a_child) { if (!fork()) CHECK(0); wait(NULL); }
	TEST(has_a_directory) { CHECK_SYS(chdir(tap_dir())); }
	EOF
	cc -D_GNU_SOURCE -I"$TOP/tests/lib" "$DIR/sample.c" "$TOP"/tests/lib/tap*.c \
		-o "$DIR/sample" || fail "the sample does not compile"
}

test_each_end_is_reported()
{
	build_sample
	run "$DIR/sample"
	expect_status 1
	expect_equal "$(grep -v '^#' <<<"$OUT")" "KTAP version 1
1..11
ok 1 passes
ok 2 compares
not ok 3 has_fractions
not ok 4 differs
ok 5 skips # SKIP there is no reason
not ok 6 crashes
not ok 7 hangs
not ok 8 exits
ok 9 leaves_processes
not ok 10 fails_in_a_child
ok 11 has_a_directory"
	expect_out 'sample.c:9: not true: -2 == 3'
	expect_out 'left  -2 (ENOENT)'
	expect_out '# differs: 2 checks failed'
	expect_out '# words before'
	expect_out '# crashes: died of signal 6 (SIGABRT)'
	expect_out '# hangs: not done after 4 s'
	expect_out '# exits: exited with 3'
	[[ $OUT != *"too far"* ]] || fail "a failed CHECK did not end the test"
}

test_nothing_is_left_behind()
{
	build_sample
	export TMPDIR=$DIR
	run "$DIR/sample" leaves_processes has_a_directory
	expect_status 0
	expect_equal "$(ls -d "$DIR"/tap-* 2>/dev/null)" ''
	expect_equal "$(pgrep -f "^$DIR/sample")" ''
}

test_arguments_choose_tests()
{
	build_sample
	run "$DIR/sample" 'pass*' skips
	expect_status 0
	expect_out '1..2'
	run "$DIR/sample" nonsense
	expect_status 2
	run "$DIR/sample" -l
	expect_out leaves_processes
}

# A busy machine gets as much in C as in shell.
test_limits_are_raised_alike()
{
	expect_equal "$(sed -n 's/^#define TAP_LOAD //p' "$TOP/tests/lib/tap.h")" "$LOAD"
}

# A suite for programs of the test's own.
make_suite()
{
	mkdir -p "$DIR/tests" "$DIR/kernel-patches"
	cp -r "$TOP/tests/lib" "$TOP/tests/suite.sh" "$DIR/tests"
}

# A suite counts what a program does not say of itself.
test_suite_finds_what_programs_hide()
{
	local name
	make_suite
	printf '#!/bin/sh\necho 1..2\necho ok 1 a\n' >"$DIR/tests/short_test.sh"
	printf '#!/bin/sh\necho 1..1\necho ok 1 a\nexit 3\n' >"$DIR/tests/status_test.sh"
	printf '#!/bin/sh\necho 1..1\necho ok 1 a\n' >"$DIR/tests/good_test.sh"
	chmod +x "$DIR"/tests/*_test.sh
	run "$DIR/tests/suite.sh" short_test status_test missing_test good_test
	expect_status 1
	expect_out '    not ok - 2 tests planned, 1 results'
	expect_out '    not ok - it ended with status 3'
	expect_out '    not ok - missing_test does not exist'
	for name in 'not ok [1-4] short_test' 'not ok [1-4] status_test' \
		'not ok [1-4] missing_test' 'ok [1-4] good_test'; do
		grep -qx "$name" <<<"$OUT" || fail "no '$name' in $OUT"
	done
}

# Two that each wait for the other can only end when both run; one that must be
# alone has nobody to wait for.
test_suite_runs_programs_at_once_but_not_those_that_must_be_alone()
{
	local name
	make_suite
	(($(nproc) > 1)) || skip "one processor"
	for name in one two; do
		cat >"$DIR/tests/${name}_test.sh" <<-'EOF'
		#!/bin/bash
		touch "$0.runs"
		for ((try = 0; try < 1000; try++)); do
			runs=("${0%/*}"/*.runs)
			((${#runs[@]} < 2)) || break
			sleep 0.1
		done
		echo 1..1
		((${#runs[@]} == 2)) && echo ok 1 a || echo not ok 1 a
		EOF
	done
	cat >"$DIR/tests/alone_test.sh" <<-'EOF'
	#!/bin/bash
	# ALONE: it says so.
	rm "${0%/*}"/{one,two}_test.sh.runs || exit 9
	echo 1..1
	echo ok 1 a
	EOF
	chmod +x "$DIR"/tests/*_test.sh
	run "$DIR/tests/suite.sh" alone_test one_test two_test
	expect_status 0
	expect_out 'ok 3 alone_test'
}

run_tests "$@"
