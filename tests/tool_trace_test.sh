#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ALONE: see policy_trace_test.c
#
# spawnpol trace: what can be seen of decisions.

. "$(dirname "$0")/lib/tool.sh"

start_daemon_with_policy()
{
	start_daemon
	run "$TOOL" load spawn_policy --name policy --path /nowhere:/bin
	expect_status 0
	run "$TOOL" attach policy --pid "$DAEMON"
	expect_status 0
}

# start_trace ARGUMENT...: sets TRACE; writes $DIR/trace.
start_trace()
{
	"$TOOL" trace "$@" >"$DIR/trace" 2>"$DIR/trace.err" &
	TRACE=$!
	STARTED+=("$TRACE")
	until_true grep -q tracing "$DIR/trace.err"
}

# The tool's instances of tracing. (Other tests have some, too.)
instances() { (cd /sys/kernel/tracing/instances && ls -d spawnpol-* 2>/dev/null); }

has_ended() { ! kill -0 "$1" 2>/dev/null; }
traced() { grep -q "$1" "$DIR/trace"; }

test_trace_shows_steps_and_verdicts()
{
	start_daemon_with_policy
	start_trace --pid "$DAEMON"
	"$CLIENT" "$SOCKET" true
	until_true traced ' end: '
	kill -INT "$TRACE"
	wait "$TRACE"
	expect_equal $? 0
	OUT=$(<"$DIR/trace")
	expect_out 'before-exec => submit exec'
	grep '=>' "$DIR/trace" | grep -v '(policy policy)$' && fail "a verdict of nobody"
	expect_out 'exec /nowhere/true -> ENOENT'
	expect_out 'exec /bin/true -> ok (staged)'
	expect_out 'runs the program'
	expect_equal "$(instances)" ''
}

test_trace_in_json_stops_by_count()
{
	start_daemon_with_policy
	start_trace --json --count 2 --pid "$DAEMON"
	"$CLIENT" "$SOCKET" true
	"$CLIENT" "$SOCKET" nosuchprogram 2>/dev/null
	until_true has_ended "$TRACE"
	OUT=[$(paste -sd, "$DIR/trace")]
	# the system's own: the first in PATH may be a wrapper that takes seconds
	OUT=$(/usr/bin/python3 -c 'import json, sys
events = json.load(sys.stdin)
ends = [e for e in events if e["event"] == "end"]
print(len(ends), ends[0]["res"], ends[1]["errno"],
      {e["event"] for e in events} >= {"start", "step", "verdict", "end"},
      all(e["since_ns"] is not None for e in events),
      {e["policy"] for e in events if e["event"] == "verdict"},
      [e["path"] for e in events if e["event"] == "step" and e["op"] == "exec"])' <<<"$OUT")
	expect_equal "$OUT" \
		"2 0 ENOENT True True {'policy'} ['/nowhere/true', '/bin/true', '/nowhere/nosuchprogram', '/bin/nosuchprogram']"
}

test_trace_of_one_process()
{
	start_daemon_with_policy
	start_trace --pid "$DAEMON" --count 1
	"$TOOL" run true
	"$CLIENT" "$SOCKET" echo >/dev/null
	until_true has_ended "$TRACE"
	OUT=$(<"$DIR/trace")
	expect_out /bin/echo
	[[ $OUT != *true* ]] || fail "it shows another process's chain"
}

test_trace_of_a_process_that_is_not_there()
{
	bash -c exit &
	wait $!
	run "$TOOL" trace --pid $!
	expect_status 1
	expect_err "there is no process $!"
}

# It would be waited for without an end.
test_trace_of_a_link_that_is_not_there()
{
	run "$TOOL" trace --link 4294967295
	expect_status 1
	expect_err 'there is no link 4294967295'
}

test_trace_ends_with_its_process()
{
	start_daemon_with_policy
	start_trace --pid "$DAEMON"
	"$CLIENT" "$SOCKET" true
	kill "$DAEMON"
	until_true has_ended "$TRACE"
	wait "$TRACE"
	expect_equal "$? $(instances)" '0 '
	OUT=$(<"$DIR/trace")
	expect_out 'runs the program'
}

# A chain is shown whole, or not at all.
test_trace_of_what_fails()
{
	start_daemon_with_policy
	start_trace --failed --count 1
	"$CLIENT" "$SOCKET" true
	"$CLIENT" "$SOCKET" nosuchprogram 2>/dev/null
	until_true has_ended "$TRACE"
	OUT=$(<"$DIR/trace")
	expect_out 'start: child'
	expect_out 'exec /bin/nosuchprogram -> ENOENT (staged)'
	expect_out 'end: ENOENT at step 0, no program'
	[[ $OUT != *true* ]] || fail "it shows a chain that did not fail"
}

test_trace_of_a_program()
{
	start_daemon_with_policy
	start_trace --program echo --count 1
	"$CLIENT" "$SOCKET" true
	"$CLIENT" "$SOCKET" echo >/dev/null
	until_true has_ended "$TRACE"
	OUT=$(<"$DIR/trace")
	expect_out 'start: child'
	expect_out 'exec /bin/echo -> ok'
	[[ $OUT != *true* ]] || fail "it shows another program's chain"
}

test_trace_of_one_chain()
{
	local number
	start_daemon_with_policy
	start_trace --json --count 1
	"$CLIENT" "$SOCKET" true
	until_true has_ended "$TRACE"
	number=$(sed -n '1s/.*"chain": "\([0-9]*\)".*/\1/p' "$DIR/trace")
	start_trace --chain $((number + 2)) --count 1
	"$CLIENT" "$SOCKET" true
	"$CLIENT" "$SOCKET" echo >/dev/null
	until_true has_ended "$TRACE"
	OUT=$(<"$DIR/trace")
	expect_out "chain $((number + 2)) "
	[[ $OUT != *"chain $((number + 1)) "* ]] || fail "it shows another chain"
}

test_trace_names_what_a_policy_stages()
{
	start_trace --count 1
	run "$TOOL" run --object fallback_policy --stdin "$DIR/none" /bin/true
	expect_status 0
	until_true has_ended "$TRACE"
	OUT=$(<"$DIR/trace")
	expect_out "open $DIR/none -> ENOENT"
	expect_out '=> submit open /dev/null'
	expect_out 'open /dev/null -> ok'
}

test_trace_names_a_deadline()
{
	mkfifo "$DIR/fifo"
	start_trace --json --count 1
	run "$TOOL" run --deadline 200ms --stdin "$DIR/fifo" true
	until_true has_ended "$TRACE"
	OUT=$(tail -n 1 "$DIR/trace")
	expect_out '"end": "deadline"'
	expect_out '"errno": "ETIME"'
	# the time of day
	expect_out "\"time\": \"$(date -u +%Y)-"
}

test_trace_whose_reader_goes_away()
{
	start_daemon_with_policy
	"$TOOL" trace 2>"$DIR/trace.err" | head -n 1 >"$DIR/first" &
	until_true grep -q tracing "$DIR/trace.err"
	until_true spawn_until_read
	expect_equal "$(instances)" ''
}

# True when the trace has noticed that nobody reads.
spawn_until_read()
{
	"$CLIENT" "$SOCKET" true
	[[ ! $(instances) ]]
}

test_trace_that_cannot_be_written()
{
	local trace

	start_daemon_with_policy
	"$TOOL" trace --pid "$DAEMON" >/dev/full 2>"$DIR/trace.err" &
	trace=$!
	STARTED+=("$trace")
	until_true grep -q tracing "$DIR/trace.err"
	"$CLIENT" "$SOCKET" true
	wait "$trace"
	expect_equal $? 1
	OUT=$(<"$DIR/trace.err")
	expect_out 'cannot write the output: No space left on device (ENOSPC)'
	expect_equal "$(instances)" ''
}

test_trace_that_is_killed()
{
	start_trace
	kill -9 "$TRACE"
	wait "$TRACE" 2>/dev/null
	[[ $(instances) == "spawnpol-$TRACE" ]] ||
		fail "what it leaves is not what this test is for"
	start_trace
	expect_equal "$(instances)" "spawnpol-$TRACE"
	kill "$TRACE"
	wait "$TRACE"
	expect_equal "$? $(instances)" '0 '
}

test_trace_without_tracefs()
{
	run unshare -m bash -c "umount /sys/kernel/tracing; '$TOOL' trace"
	expect_status 1
	expect_err 'mount -t tracefs'
}

test_trace_unprivileged()
{
	chmod 755 "$DIR"
	cp "$TOOL" "$DIR/spawnpol"
	run setpriv --reuid 65534 --clear-groups --bounding-set -all "$DIR/spawnpol" trace
	expect_status 1
	expect_err 'as root'
}

# The debug kernel is slow, and for what the kernel does.
if ((${SPAWNPOL_SLOWNESS:-1} > 1 && $# == 0)); then
	set -- test_trace_shows_steps_and_verdicts
fi
run_tests "$@"
