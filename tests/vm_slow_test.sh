#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TIMEOUT: 2700
#
# The runner passes on what goes in and comes out, and sees what goes wrong.

. "$(dirname "$0")/vm/faults.sh"

test_status_output_and_arguments_pass_through()
{
	cd "$TOP" || fail "cannot enter $TOP"
	# shellcheck disable=SC2016 # the guest's shell expands it
	run vm -- sh -c 'printf "%s|" "$@"; pwd; id -u; echo to stderr >&2; exit 42' \
		sh 'two words' '' $'a\nb' '$x*'
	expect_status 42
	expect_equal "$OUT" $'two words||a\nb|$x*|'"$TOP"$'\n0'
	expect_equal "${ERR#*$'\n'}" "to stderr"
	[[ ${ERR%%$'\n'*} == 'run.sh: booting the prod kernel ('*')' ]] ||
		fail "it does not say that it boots: $ERR"
}

test_output_is_complete_and_streamed()
{
	mkdir "$DIR/shared"
	# shellcheck disable=SC2016 # the guest's shell expands it
	vm --writable "$DIR/shared" -- sh -c 'echo first
		until test -e "$1/go"; do sleep 0.1; done
		seq 200000; echo last' sh "$DIR/shared" >"$DIR/out" &
	# an output that comes all at once never comes
	while ! grep -qs first "$DIR/out"; do sleep 0.1; done
	: >"$DIR/shared/go"
	wait $! || fail "status $?"
	expect_equal "$({ echo first; seq 200000; echo last; } | sha256sum)" \
		"$(sha256sum <"$DIR/out")"
}

test_root_is_read_only_and_leftovers_are_killed()
{
	run vm -- sh -c "touch '$TOP/x' && exit 1; touch /tmp/x || exit 2
		setsid sleep 1000 & exit 0"
	expect_status 0
	expect_err 'Read-only'
}

# The guest reads all there is, waits until this machine has changed it, and reads it
# again. This machine's own files are not there under /tmp: DIR is, because it is where
# the guest's command runs.
test_what_changes_here_is_new_in_the_guest()
{
	mkdir "$DIR/shared" "$DIR/work"
	cd "$DIR/work" || fail "no directory"
	echo old >edited
	echo old >replaced
	echo old >removed
	printf '#!/bin/sh\necho old\n' >program
	chmod +x program
	cat >look <<-'END'
		cat edited replaced removed appears
		./program
		ls
	END
	# shellcheck disable=SC2016 # the guest's shell expands it
	vm --writable "$DIR/shared" -- sh -c 'sh ./look; : >"$1/read"
		until test -e "$1/go"; do sleep 0.1; done
		echo now; sh ./look' sh "$DIR/shared" >"$DIR/out" 2>"$DIR/err" &
	until [[ -e $DIR/shared/read ]]; do
		kill -0 $! 2>/dev/null || fail "the machine is gone: $(<"$DIR/err")"
		sleep 0.1
	done
	echo 'as long as this' >edited
	echo new >replaced.new && mv replaced.new replaced
	rm removed
	echo new >appears
	sed -i s/old/new/ program
	: >"$DIR/shared/go"
	wait $! || fail "status $?: $(<"$DIR/err")"
	expect_equal "$(paste -sd, "$DIR/out")" "$(paste -sd, <<-'END'
		old
		old
		old
		old
		edited
		look
		program
		removed
		replaced
		now
		as long as this
		new
		new
		new
		appears
		edited
		look
		program
		replaced
	END
	)"
}

test_panic()
{
	mkdir "$DIR/shared"
	# what is still on its way out when the kernel panics is lost
	vm --writable "$DIR/shared" -- sh -c "echo before
		until test -e '$DIR/shared/go'; do sleep 0.1; done
		echo PANIC >$CRASH; echo after" >"$DIR/out" 2>"$DIR/err" &
	until grep -qs before "$DIR/out"; do
		kill -0 $! 2>/dev/null || fail "the machine is gone: $(<"$DIR/err")"
		sleep 0.1
	done
	: >"$DIR/shared/go"
	wait $!
	expect_equal $? 70
	expect_equal "$(<"$DIR/out")" before
	grep -q 'Kernel panic' "$DIR/err" || fail "no panic: $(<"$DIR/err")"
}

test_oops()
{
	run vm -- sh -c "echo EXCEPTION >$CRASH"
	expect_status 70
	expect_err 'BUG: kernel NULL pointer'
}

test_warning_turns_success_into_failure()
{
	run vm -- sh -c "for mark in a.b c.d e.f 'c ended' a.g; do
			echo \"spawnpol-test: \$mark\" >/dev/kmsg
		done
		echo WARNING >$CRASH; exit 0"
	expect_status 70
	expect_err 'WARNING: '
	expect_err "complained during a.g,e.f; COMMAND's status: 0"
}

# The kernel logs both, and the first in words that it has for its own faults, too.
test_a_programs_fault_is_no_complaint()
{
	local word
	for word in hlt ud2; do
		echo "int main(void) { __asm__ volatile (\"$word\"); }" >"$DIR/$word.c"
		cc -o "$DIR/$word" "$DIR/$word.c" || fail "$word.c does not compile"
	done
	cd "$DIR" || fail "cannot enter $DIR"
	run vm -- sh -c './hlt; echo $?; ./ud2; echo $?'
	expect_status 0
	expect_equal "$OUT" $'139\n132'
	expect_in_log 'traps: hlt\[[0-9]+\] general protection fault ip:'
	expect_in_log 'traps: ud2\[[0-9]+\] trap invalid opcode ip:'
}

# uptime_ms FILE: what /proc/uptime said, in milliseconds.
uptime_ms()
{
	local up
	read -r up _ <"$1"
	echo $((10#${up/./} * 10))
}

# ask: has the guest write its uptime. Sets ASKED and TOLD, this machine's before and
# after it did, and GUEST, what it wrote.
ask()
{
	local told
	told=$DIR/shared/told.$((++QUESTION))
	ASKED=$(uptime_ms /proc/uptime)
	: >"$DIR/shared/ask.$QUESTION"
	until [[ -e $told ]]; do
		kill -0 "$MACHINE" 2>/dev/null ||
			fail "the machine is gone: $(<"$DIR/err")"
		sleep 0.05
	done
	TOLD=$(uptime_ms /proc/uptime)
	GUEST=$(uptime_ms "$told")
}

# compare_clocks OPTION...: asks a guest for the time until what has passed since the
# first answer is known to a fifth, however late it answers. Sets PASSED to what passed
# there, LEAST and MOST to what passed here, in milliseconds.
compare_clocks()
{
	local MACHINE QUESTION=0 ASKED TOLD GUEST asked told guest
	rm -rf "$DIR/shared"
	mkdir "$DIR/shared"
	# shellcheck disable=SC2016 # the guest's shell expands it
	vm --writable "$DIR/shared" "$@" -- sh -c 'cd "$1"; i=1
		until test -e stop; do
			test -e ask.$i || { sleep 0.1; continue; }
			cat /proc/uptime >told && mv told told.$i
			i=$((i + 1))
		done' sh "$DIR/shared" 2>"$DIR/err" &
	MACHINE=$!
	ask	# its first answer is late, because it has to boot
	ask
	asked=$ASKED told=$TOLD guest=$GUEST
	LEAST=0 MOST=1
	until ((LEAST > 3000 && 5 * MOST < 6 * LEAST)); do
		sleep 1
		ask
		PASSED=$((GUEST - guest))
		LEAST=$((ASKED - told)) MOST=$((TOLD - asked))
	done
	: >"$DIR/shared/stop"
	wait "$MACHINE" || fail "status $?: $(<"$DIR/err")"
	echo "$PASSED ms passed in the guest, $LEAST to $MOST ms here"
}

test_the_guests_clock_is_right()
{
	local khz
	compare_clocks
	((3 * PASSED > 2 * LEAST)) || fail "the guest's clock is too slow"
	((2 * PASSED < 3 * MOST)) || fail "the guest's clock is too fast"
	khz=$(sed -n 's/.*Kernel command.* tsc_early_khz=\([0-9]*\).*/\1/p' "$DIR/kernel.log")
	[[ $khz ]] || return 0
	# A guest that is told a wrong rate shows that this would be seen.
	compare_clocks --append "tsc_early_khz=$((3 * khz))"
	((3 * PASSED < 2 * LEAST)) || fail "a clock that is too slow is not seen"
}

test_machine_that_goes_away()
{
	run vm -- sh -c 'echo b >/proc/sysrq-trigger; sleep 10'
	expect_status 71
	expect_err 'went away'
}

test_wrong_usage()
{
	run "$TOP/tests/vm/run.sh" --nonsense -- true
	expect_status 2
	run "$TOP/tests/vm/run.sh"
	expect_status 2
	run "$TOP/tests/vm/run.sh" --kernel "$DIR/none" -- true
	expect_status 1
	expect_err "$DIR/none"
}

run_tests "$@"
