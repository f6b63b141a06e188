#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# spawnpol jobs: the commands of a file, so many at once (A7).

. "$(dirname "$0")/lib/tool.sh"

# done_with STATUS OPTION...: runs $DIR/list.
done_with()
{
	local status=$1
	shift
	run env TMPDIR="$DIR" "$TOOL" jobs "$@" "$DIR/list"
	expect_status "$status"
	no_files
}

no_files() { [[ ! $(compgen -G "$DIR/spawnpol-jobs.*") ]] || fail "left: $(ls -R "$DIR")"; }

# start_jobs OPTION...: in the background, but with signals as in the foreground; sets JOBS.
start_jobs()
{
	env --default-signal=INT,QUIT TMPDIR="$DIR" "$TOOL" jobs "$@" "$DIR/list" >"$DIR/out" 2>"$DIR/err" &
	JOBS=$!
	STARTED+=("$JOBS")
}
has_lines() { (($(wc -l <"$1") >= $2)); }

# json EXPRESSION: of the list d of objects in ERR.
json()
{
	/usr/bin/python3 -c 'import json, sys
d = [json.loads(line) for line in sys.stdin]
print(eval(sys.argv[1]))' "$1" <<<"$ERR" || fail "no JSON: $ERR"
}

test_all_commands_are_run()
{
	local i
	for i in {1..40}; do echo "echo $i"; done >"$DIR/list"
	done_with 0 -j 4
	expect_equal "$(sort -n <<<"$OUT" | paste -sd' ')" "$(echo {1..40})"
	expect_equal "$ERR" ''
	: >"$DIR/list"
	done_with 0
	expect_equal "$OUT$ERR" ''
	for i in {1..30}; do echo "echo $i"; done >"$DIR/list"
	OUT=$(TMPDIR=$DIR "$TOOL" jobs -j 3 - <"$DIR/list")
	expect_equal "$(wc -l <<<"$OUT")" 30
}

test_lines_are_the_shells()
{
	cat >"$DIR/list" <<-'END'
		echo "a  b" | tr a c; echo $((1 + 2))

		# nothing
		-x 2>/dev/null || true
		echo "$0"; [ -z "$1" ]
		read -r line || echo nothing to read
	END
	done_with 0 -k -j 1
	expect_equal "$OUT" $'c  b\n3\nsh\nnothing to read'
}

# A command that begins with $LAST goes on when the one that begins with $FIRST has ended,
# and was waited for.
FIRST="echo \$\$ >\$FIFO"
LAST="read -r pid <\$FIFO; while kill -0 \$pid 2>/dev/null; do sleep 0.01; done"
fifo()
{
	export FIFO=$DIR/fifo
	[[ -p $FIFO ]] || mkfifo "$FIFO"
}

test_output_is_grouped()
{
	local i
	for i in a b c d; do
		echo "for i in 1 2 3 4 5; do echo $i; sleep 0.05; done; echo $i >&2"
	done >"$DIR/list"
	done_with 0 -j 4
	# each of them in one piece
	expect_equal "$(uniq <<<"$OUT" | wc -l)" 4
	expect_equal "$(sort <<<"$ERR" | paste -sd' ')" 'a b c d'
}

test_order_is_kept()
{
	fifo
	printf '%s\n' "$LAST; echo 1" "$FIRST; echo 2" 'echo 3' 'echo 4' >"$DIR/list"
	done_with 0 -k -j 4
	expect_equal "$(paste -sd' ' <<<"$OUT")" '1 2 3 4'
	printf '%s\n' "$LAST; echo 1" "$FIRST; echo 2" >"$DIR/list"
	done_with 0 -j 2
	expect_equal "$(paste -sd' ' <<<"$OUT")" '2 1'
}

test_ungrouped_output_is_not_kept()
{
	fifo
	# opening a FIFO waits for the other side
	printf '%s\n' "echo a; $LAST; echo c" "$FIRST; echo b" >"$DIR/list"
	done_with 0 -u -j 2
	expect_equal "$(paste -sd' ' <<<"$OUT")" 'a b c'
}

test_large_output()
{
	printf '%s\n' 'head -c 3000000 /dev/zero' 'head -c 2000000 /dev/zero >&2' >"$DIR/list"
	"$TOOL" jobs "$DIR/list" >"$DIR/out" 2>"$DIR/err"
	expect_equal $? 0
	expect_equal "$(stat -c %s "$DIR/out" "$DIR/err" | paste -sd' ')" '3000000 2000000'
}

test_so_many_at_once()
{
	local i most
	for i in {1..12}; do
		echo ": >$DIR/runs/\$\$; sleep 0.2; ls $DIR/runs | wc -l; rm $DIR/runs/\$\$"
	done >"$DIR/list"
	mkdir "$DIR/runs"
	run "$TOOL" jobs -j 3 "$DIR/list"
	expect_status 0
	most=$(sort -n <<<"$OUT" | tail -n 1)
	((most <= 3)) || fail "$most at once"
	run "$TOOL" jobs -j 100000 "$DIR/list"
	expect_status 1
	expect_err 'the most requests that an actor can have in flight'
}

test_status_is_the_number_of_failures()
{
	local i
	printf '%s\n' true 'exit 3' false 'kill -TERM $$' true nosuchcommand >"$DIR/list"
	done_with 4 -j 2 --keep-going
	expect_err 'line 2 has failed with status 3: exit 3'
	expect_err 'line 3 has failed with status 1: false'
	expect_err 'line 4 was ended by the signal TERM'
	expect_err 'line 6 has failed with status 127'
	for i in {1..130}; do echo false; done >"$DIR/list"
	done_with 101 --keep-going --quiet -j 8
	expect_equal "$ERR" ''
}

test_no_more_are_started_after_a_failure()
{
	fifo
	printf '%s\n' "$LAST; sleep 0.5; echo first" "$FIRST; exit 1" 'echo third' 'echo fourth' >"$DIR/list"
	done_with 1 -j 2
	expect_equal "$OUT" first
	expect_err 'line 2 has failed with status 1'
	expect_err '2 commands were not run'
	printf '%s\n' false 'echo second' >"$DIR/list"
	done_with 1 -j 1 --halt soon
	expect_equal "$OUT" ''
	printf '%s\n' false 'echo second' >"$DIR/list"
	done_with 1 -j 1 --halt never
	expect_equal "$OUT" second
}

test_halt_now_ends_those_that_run()
{
	fifo
	printf '%s\n' "echo begun; $FIRST; sleep 1000" "read -r pid <\$FIFO; false" 'echo third' >"$DIR/list"
	done_with 2 -j 2 --halt now
	expect_equal "$OUT" begun
	expect_err 'line 1 was ended by the signal TERM'
	expect_err '1 command was not run'
}

test_what_cannot_be_started()
{
	local long
	long=$(printf '%0140000d' 0)
	printf '%s\n' "echo $long" 'echo second' >"$DIR/list"
	done_with 1 -j 1 --keep-going
	expect_equal "$OUT" second
	expect_err 'line 1 was not started:'
	expect_err 'E2BIG'
}

test_json()
{
	printf '%s\n' 'echo out' 'exit 3' 'kill -KILL $$' "echo $(printf '%0140000d' 0)" >"$DIR/list"
	done_with 3 -j 1 --keep-going --json
	expect_equal "$OUT" out
	expect_equal "$(json '[(e["line"], e["outcome"], e["status"], e["signal"], e["errno"]) for e in d[:4]]')" \
		"[(1, 'exited', 0, None, None), (2, 'exited', 3, None, None), (3, 'killed', None, 'KILL', None), (4, 'not-started', None, None, 'E2BIG')]"
	expect_equal "$(json 'd[4]')" "{'commands': 4, 'done': 4, 'failed': 3, 'signal': None}"
	printf '%s\n' false true >"$DIR/list"
	done_with 1 -j 1 --json
	expect_equal "$(json '[e["outcome"] for e in d[:2]], d[2]["done"]')" \
		"(['exited', 'not-run'], 1)"
}

test_progress()
{
	printf '%s\n' true false true >"$DIR/list"
	done_with 1 -j 1 --keep-going --progress
	expect_err '0 of 3 done'
	expect_err '3 of 3 done, 0 running, 1 failed'
	printf '%s\n' true false true >"$DIR/list"
	done_with 1 -j 1 --keep-going
	[[ $ERR != *done* ]] || fail "it tells without being asked: $ERR"
}

# So that a child has what this shell has, and not what the tool needs.
test_signals_of_children_are_those_of_before()
{
	local of_shell
	of_shell=$(grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status)
	echo "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status" >"$DIR/list"
	done_with 0
	expect_equal "$OUT" "$of_shell"
	# (shells handle SIGCHLD themselves: tool_supervise_test.sh has that)
	OUT=$(trap '' INT USR1
		grep -E '^Sig(Blk|Ign)' /proc/self/status
		TMPDIR=$DIR "$TOOL" jobs "$DIR/list" | grep -E '^Sig(Blk|Ign)')
	expect_equal "$(sort -u <<<"$OUT" | wc -l)" 2
	[[ $OUT == *SigIgn:*0000000000000202* ]] || fail "$OUT"
}

test_descriptors_of_children()
{
	echo 'ls -l /proc/self/fd | grep -c -e io_uring -e bpf -e signalfd -e spawnpol' >"$DIR/list"
	done_with 0
	# its standard error
	expect_equal "$OUT" 1
}

test_a_signal_ends_the_jobs()
{
	local sig
	for sig in INT TERM HUP; do
		printf '%s\n' "trap 'echo $sig; exit 7' $sig; echo 1 >>$DIR/run; sleep 1000 & wait" \
			"echo 2 >>$DIR/run; sleep 1000" 'echo third' >"$DIR/list"
		: >"$DIR/run"
		start_jobs -j 2
		until_true has_lines "$DIR/run" 2
		# a shell that is about to execute a program can lose a signal
		sleep 1
		kill "-$sig" "$JOBS"
		wait "$JOBS"
		expect_equal $? $((128 + $(kill -l "$sig")))
		expect_equal "$(<"$DIR/out")" "$sig"
		ERR=$(<"$DIR/err")
		expect_err 'line 1 has failed with status 7'
		expect_err "line 2 was ended by the signal $sig"
		expect_err '1 command was not run'
		no_files
	done
}

# Of a group as a whole: what a command has started, too.
test_what_commands_have_started_ends_with_them()
{
	printf '%s\n' "sleep 1234 & echo \$! >$DIR/pid; wait" >"$DIR/list"
	start_jobs
	until_true test -s "$DIR/pid"
	kill -TERM "$JOBS"
	wait "$JOBS"
	expect_equal $? 143
	until_true bash -c "! kill -0 $(<"$DIR/pid") 2>/dev/null"
}

test_a_second_signal_is_passed_on()
{
	printf '%s\n' "trap : TERM; echo >>$DIR/run; while :; do sleep 0.1; done" >"$DIR/list"
	: >"$DIR/run"
	start_jobs
	until_true has_lines "$DIR/run" 1
	sleep 1
	kill -TERM "$JOBS"
	sleep 0.5
	kill -0 "$JOBS" || fail 'it does not wait'
	kill -QUIT "$JOBS"
	wait "$JOBS"
	expect_equal $? 143
	ERR=$(<"$DIR/err")
	expect_err 'ended by the signal'
}

test_a_reader_that_goes_away()
{
	printf '%s\n' 'sleep 0.5; echo first' 'sleep 1000' 'echo third' >"$DIR/list"
	TMPDIR=$DIR "$TOOL" jobs -j 2 "$DIR/list" 2>"$DIR/err" > >(exit)
	expect_equal $? 141
	no_files
}

test_output_that_cannot_be_written()
{
	printf '%s\n' 'echo first' 'echo second' >"$DIR/list"
	TMPDIR=$DIR "$TOOL" jobs "$DIR/list" >/dev/full 2>"$DIR/err"
	expect_equal $? 1
	ERR=$(<"$DIR/err")
	expect_err 'cannot write the output: No space left on device (ENOSPC)'
	run env TMPDIR="$DIR/none" "$TOOL" jobs "$DIR/list"
	expect_status 1
	expect_err 'cannot make a directory in'
	expect_err 'try: TMPDIR=DIR for another directory, or --ungroup'
}

# The launcher sleeps: one look for each command that has ended, not more.
test_the_launcher_sleeps()
{
	local ticks
	: >"$DIR/run"
	printf '%s\n' "echo >>$DIR/run; exec sleep 1000" "echo >>$DIR/run; exec sleep 1000" >"$DIR/list"
	start_jobs -j 2
	until_true has_lines "$DIR/run" 2
	sleep 0.5
	ticks=$(awk '/^(non)?voluntary_ctxt/ { n += $2 } END { print n }' "/proc/$JOBS/status")
	sleep 1.5
	expect_equal "$(awk '/^(non)?voluntary_ctxt/ { n += $2 } END { print n }' "/proc/$JOBS/status")" \
		"$ticks"
	kill -TERM "$JOBS"
	wait "$JOBS"
	expect_equal $? 143
}

test_many()
{
	seq 1 1500 | sed 's/^/echo /' >"$DIR/list"
	done_with 0 -j 16 -k
	expect_equal "$OUT" "$(seq 1 1500)"
}

test_unprivileged()
{
	echo true >"$DIR/list"
	chmod 644 "$DIR/list"
	mkdir -p "$DIR/bpf"
	cp "$BUILD/bpf/jobs.bpf.o" "$DIR/bpf"
	unprivileged jobs "$DIR/list"
	expect_status 1
	expect_err 'run as root, or with CAP_BPF'
}

run_tests "$@"
