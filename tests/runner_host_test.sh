#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What tests/run.sh builds, boots and runs for the tests that it is given. It runs in
# a project that consists of it and of stand-ins that say when they are called.

. "$(dirname "$0")/lib/tap.sh"

# stub PATH: a script that says that it was called.
stub()
{
	mkdir -p "$DIR/top/${1%/*}"
	cat >"$DIR/top/$1"
	chmod +x "$DIR/top/$1"
}

# a_test NAME [HEADER]: one that passes.
a_test()
{
	stub "tests/$1.sh" <<-END
		#!/bin/bash
		# ${2:-}
		echo 1..1
		echo "ok 1 $1"
	END
}

make_project()
{
	mkdir -p "$DIR/top/tests/lib"
	cp "$TOP/tests/run.sh" "$TOP/tests/suite.sh" "$DIR/top/tests/"
	cp "$TOP/tests/lib/common.sh" "$DIR/top/tests/lib/"
	stub tests/vm/kernel.sh <<-'END'
		#!/bin/bash
		echo "kernel $2" >>"$CALLS"
	END
	stub tests/setup.sh <<-'END'
		#!/bin/bash
		echo "setup $*" >>"$CALLS"
	END
	stub tests/vm/run.sh <<-'END'
		#!/bin/bash
		[[ " $* " == *' --debug '* ]] && kernel=debug
		echo "boot ${kernel:-prod}" >>"$CALLS"
		while [[ $1 != -- ]]; do shift; done
		exec "${@:2}"
	END
	printf '%s\n' 'all host-tests:' $'\t@echo "make $@" >>"$$CALLS"' >"$DIR/top/Makefile"
	a_test here_host_test
	a_test anywhere_test
	a_test checked_test 'KERNEL: debug'
	a_test long_slow_test
}

# expect_calls TEST... -- CALL...: what is done for these tests.
expect_calls()
{
	local -a names=()
	while [[ $1 != -- ]]; do
		names+=("$1")
		shift
	done
	: >"$CALLS"
	run "$DIR/top/tests/run.sh" "${names[@]}"
	expect_status 0
	# the order of calls is not fixed: some are made at the same time
	run sort "$CALLS"
	[[ $OUT == "$(printf '%s\n' "${@:2}" | sort)" ]] ||
		fail "${names[*]}: $OUT"
}

start()
{
	export CALLS=$DIR/calls
	make_project
}

test_tests_of_the_host_need_no_kernel()
{
	start
	expect_calls here_host_test -- 'make host-tests'
}

test_other_tests_need_the_kernels_that_they_run_on()
{
	start
	expect_calls anywhere_test -- 'kernel prod' 'kernel prod' 'kernel debug' \
		'kernel debug' 'make all' 'boot prod' 'boot debug'
	expect_calls checked_test -- 'kernel debug' 'kernel debug' 'make all' 'boot debug'
}

test_slow_tests_need_all()
{
	start
	expect_calls long_slow_test -- 'kernel prod' 'kernel prod' 'kernel debug' \
		'kernel debug' 'make all'
}

# steps: those that it named, in their order.
steps() { sed -n 's/^run.sh: step \([0-9]* of [0-9]*\): .*/\1/p' <<<"$ERR" | paste -sd,; }

test_it_says_at_which_step_it_is()
{
	start
	run "$DIR/top/tests/run.sh" --setup anywhere_test
	expect_status 0
	expect_equal "$(steps)" '1 of 5,2 of 5,3 of 5,4 of 5,5 of 5'
	expect_equal "$(head -n 2 "$CALLS" | paste -sd,)" 'setup test,make all'
	run "$DIR/top/tests/run.sh" here_host_test
	expect_equal "$(steps)" '1 of 2,2 of 2'
}

test_a_test_that_is_not_there()
{
	start
	run "$DIR/top/tests/run.sh" nothing_test
	expect_status 1
	expect_out 'nothing was tested'
}

run_tests "$@"
