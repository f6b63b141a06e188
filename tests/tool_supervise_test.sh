#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# spawnpol supervise: a program that is started again when it has ended (A7).

. "$(dirname "$0")/lib/tool.sh"

# program COMMANDS: $DIR/program, which notes each of its runs in $DIR/runs.
program()
{
	printf '#!/bin/sh\necho $$ >>%q\n%s\n' "$DIR/runs" "$1" >"$DIR/program"
	chmod +x "$DIR/program"
	: >"$DIR/runs"
}
nr_runs() { wc -l <"$DIR/runs"; }
has_run() { (($(nr_runs) >= $1)); }

# supervise STATUS OPTION...
supervise()
{
	local status=$1
	shift
	run "$TOOL" supervise "$@" "$DIR/program"
	expect_status "$status"
}

# start OPTION...: in the background, but with signals as in the foreground; sets SUPERVISOR.
start()
{
	env --default-signal=INT,QUIT "$TOOL" supervise "$@" -- "$DIR/program" \
		>"$DIR/out" 2>"$DIR/err" &
	SUPERVISOR=$!
	STARTED+=("$SUPERVISOR")
}

# json EXPRESSION: of the list d of objects in ERR.
json()
{
	/usr/bin/python3 -c 'import json, sys
d = [json.loads(line) for line in sys.stdin]
print(eval(sys.argv[1]))' "$1" <<<"$ERR" || fail "no JSON: $ERR"
}

test_success_is_the_end()
{
	program 'echo "$@"; exit 0'
	run "$TOOL" supervise -- "$DIR/program" a 'b c' --help
	expect_status 0
	expect_equal "$OUT" 'a b c --help'
	expect_equal "$(nr_runs)" 1
}

test_a_failure_starts_it_again()
{
	# the third run succeeds
	program "[ \$(wc -l <$DIR/runs) -ge 3 ] || exit 4"
	supervise 0 --delay 10ms
	expect_equal "$(nr_runs)" 3
	expect_err 'has exited with status 4'
	expect_err 'started again, as process'
	program "[ \$(wc -l <$DIR/runs) -ge 3 ] || kill -KILL \$\$"
	supervise 0 --delay 0
	expect_err 'was ended by the signal KILL'
}

test_it_gives_up()
{
	program 'exit 9'
	supervise 9 --delay 1ms
	expect_equal "$(nr_runs)" 6
	expect_err 'gave up: started again 5 times within 10s'
	program 'exit 9'
	supervise 9 --restart 2 --within 1m --delay 1ms
	expect_equal "$(nr_runs)" 3
	program 'kill -TERM $$'
	supervise 143 --restart 0
	expect_equal "$(nr_runs)" 1
	[[ $ERR != *'gave up'* ]] || fail "$ERR"
}

test_restarts_that_are_too_old_do_not_count()
{
	program "sleep 0.3; [ \$(wc -l <$DIR/runs) -ge 6 ] || exit 4"
	supervise 0 --restart 2 --within 400ms --delay 0
	expect_equal "$(nr_runs)" 6
	# any number
	program "[ \$(wc -l <$DIR/runs) -ge 30 ] || exit 4"
	supervise 0 --restart 1 --within 0 --delay 0
	expect_equal "$(nr_runs)" 30
}

test_always()
{
	program 'exit 0'
	supervise 0 --always --restart 3 --delay 1ms
	expect_equal "$(nr_runs)" 4
	program 'exit 0'
	supervise 0 --on-failure
	expect_equal "$(nr_runs)" 1
}

test_delays_grow()
{
	local begin=${EPOCHREALTIME//./} passed
	program 'exit 1'
	supervise 1 --restart 4 --delay 100ms..400ms
	passed=$(((${EPOCHREALTIME//./} - begin) / 1000))
	# 100, 200, 400, 400
	((passed >= 1100)) || fail "only $passed ms"
	begin=${EPOCHREALTIME//./}
	program 'exit 1'
	supervise 1 --restart 4 --delay 300ms
	passed=$(((${EPOCHREALTIME//./} - begin) / 1000))
	((passed >= 1200)) || fail "only $passed ms"
}

test_a_program_that_cannot_be_started()
{
	run "$TOOL" supervise nosuchprogram
	expect_status 127
	expect_err 'cannot start nosuchprogram'
	expect_err 'ENOENT'
	echo text >"$DIR/text"
	run "$TOOL" supervise "$DIR/text"
	expect_status 126
	expect_err 'EACCES'
	# what execvp(3) runs by the shell
	echo 'exit 5' >"$DIR/script"
	chmod +x "$DIR/script"
	run "$TOOL" supervise --restart 0 "$DIR/script"
	expect_status 5
	run env PATH=/nowhere:/bin "$TOOL" supervise --restart 0 sh -c 'exit 6'
	expect_status 6
}

test_json()
{
	program 'exit 3'
	run "$TOOL" supervise --json --restart 1 --delay 0 "$DIR/program"
	expect_status 3
	expect_equal "$(json '[e["event"] for e in d]')" "['start', 'end', 'start', 'end', 'gave-up']"
	expect_equal "$(json '[(e["run"], e["outcome"], e["status"]) for e in d if e["event"] == "end"]')" \
		"[(0, 'exited', 3), (1, 'exited', 3)]"
	expect_equal "$(json '[str(e["pid"]) for e in d if e["event"] == "start"]')" \
		"['$(sed -n 1p "$DIR/runs")', '$(sed -n 2p "$DIR/runs")']"
	run "$TOOL" supervise --quiet --restart 1 --delay 0 "$DIR/program"
	expect_equal "$OUT$ERR" ''
	run "$TOOL" supervise --json nosuchprogram
	expect_status 127
	expect_equal "$(json 'd[0]["error"]["errno"]')" ENOENT
}

test_signals_of_the_program_are_those_of_before()
{
	local of_shell
	of_shell=$(grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status)
	run "$TOOL" supervise grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
	expect_equal "$OUT" "$of_shell"
	OUT=$(trap '' CHLD USR1
		"$TOOL" supervise grep -E '^SigIgn' /proc/self/status)
	[[ $OUT == *0000000000010200 ]] || fail "$OUT"
}

test_the_program_has_our_files()
{
	program 'cat; echo more >&7'
	"$TOOL" supervise "$DIR/program" <<<input 7>"$DIR/seven" >"$DIR/out"
	expect_equal $? 0
	expect_equal "$(<"$DIR/out")$(<"$DIR/seven")" inputmore
	run "$TOOL" supervise sh -c 'ls -l /proc/$$/fd | grep -c -e io_uring -e bpf -e signalfd || :'
	expect_equal "$OUT" 0
}

test_a_signal_ends_it()
{
	local sig
	for sig in INT TERM QUIT; do
		program "trap 'exit 7' $sig; while :; do sleep 0.05; done"
		start
		until_true has_run 1
		sleep 0.2
		kill "-$sig" "$SUPERVISOR"
		wait "$SUPERVISOR"
		expect_equal "$sig $?" "$sig 7"
		expect_equal "$(nr_runs)" 1
	done
	program 'exec sleep 1000'
	start
	until_true has_run 1
	kill -TERM "$SUPERVISOR"
	wait "$SUPERVISOR"
	expect_equal $? 143
}

test_a_signal_in_a_delay_ends_it()
{
	program 'exit 3'
	start --delay 100s
	until_true has_run 1
	until_true grep -q 'status 3' "$DIR/err"
	kill -TERM "$SUPERVISOR"
	wait "$SUPERVISOR"
	expect_equal $? 3
	expect_equal "$(nr_runs)" 1
}

test_other_signals_are_for_the_program()
{
	program "trap 'echo got \$(date +%s%N) >>$DIR/got' HUP USR1 USR2
		while :; do sleep 0.05; done"
	: >"$DIR/got"
	start
	until_true has_run 1
	sleep 0.2
	for sig in HUP USR1 USR2; do
		kill "-$sig" "$SUPERVISOR"
		until_true bash -c "grep -q got $DIR/got"
		: >"$DIR/got"
	done
	expect_equal "$(nr_runs)" 1
	kill -KILL "$(<"$DIR/runs")"
	until_true has_run 2
	kill -KILL "$SUPERVISOR"
	kill -KILL "$(tail -n 1 "$DIR/runs")"
}

# A terminal tells all in the foreground; nobody is told twice.
test_signals_of_a_terminal()
{
	program "trap 'echo int >>$DIR/got' INT
		i=0; while [ \$i -lt 30 ]; do sleep 0.05; i=\$((i + 1)); done; exit 5"
	: >"$DIR/got"
	OUT=$(/usr/bin/python3 - "$TOOL" "$DIR" <<-'END'
		import os, pty, sys, time
		tool, dir = sys.argv[1:]
		pid, fd = pty.fork()
		if not pid:
		    os.execv(tool, [tool, "supervise", "--delay", "0", dir + "/program"])
		while not os.path.getsize(dir + "/runs"):
		    time.sleep(0.05)
		time.sleep(0.3)
		os.write(fd, b"\x03")
		status = os.waitpid(pid, 0)[1]
		print(os.waitstatus_to_exitcode(status))
	END
	)
	expect_equal "$OUT" 5
	expect_equal "$(wc -l <"$DIR/got")" 1
	expect_equal "$(nr_runs)" 1
}

test_the_launcher_sleeps()
{
	local before
	program 'exec sleep 1000'
	start
	until_true has_run 1
	sleep 0.5
	before=$(awk '/^(non)?voluntary_ctxt/ { n += $2 } END { print n }' "/proc/$SUPERVISOR/status")
	sleep 1.5
	expect_equal "$(awk '/^(non)?voluntary_ctxt/ { n += $2 } END { print n }' "/proc/$SUPERVISOR/status")" \
		"$before"
	kill -TERM "$SUPERVISOR"
	wait "$SUPERVISOR"
	expect_equal $? 143
}

run_tests "$@"
