#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ALONE: list and unload look at the links of the whole system, and traces see all of it.
#
# The tool and actors: programs of IORING_OP_BPF loaded, attached to a ring of another
# process, listed, exchanged, traced, taken away again (A6).

. "$(dirname "$0")/lib/tool.sh"

OBJECT=$BUILD/tests/tool_actor.bpf.o

# json EXPRESSION: of the document d in OUT.
json()
{
	/usr/bin/python3 -c 'import json, sys
d = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1" <<<"$OUT" || fail "no JSON: $OUT"
}

load() { done_by load "$OBJECT" --name "${1:-actor}"; }

# launcher ARGUMENT...: sets RING_PID; it submits when told_to() says so.
launcher()
{
	done_by probe --json
	mkfifo "$DIR/orders"
	"$HELPERS/run_actor" "$(json 'd["numbers"]["op_bpf"]')" "$@" \
		<"$DIR/orders" >"$DIR/cqes" &
	RING_PID=$!
	STARTED+=("$RING_PID")
	exec {ORDERS}>"$DIR/orders"
	until_true test -s "$DIR/cqes"
}
submit() { echo go >&"$ORDERS"; }
has_cqe() { grep -qx "$1" "$DIR/cqes"; }

# start_trace ARGUMENT...: sets TRACE; writes $DIR/trace.
start_trace()
{
	"$TOOL" trace "$@" >"$DIR/trace" 2>"$DIR/trace.err" &
	TRACE=$!
	STARTED+=("$TRACE")
	until_true grep -q tracing "$DIR/trace.err"
}
has_ended() { ! kill -0 "$1" 2>/dev/null; }

test_probe_knows_actors()
{
	done_by probe --json
	expect_present op_bpf true
	expect_present actor_type true
	expect_present actor_kfuncs true
	expect_equal "$(json '[k for k in sorted(d["actors"]) if d["actors"][k] < 16]')" '[]'
	(($(json 'd["numbers"]["op_bpf"]') > 57)) || fail "$OUT"
	done_by probe
	expect_out 'IORING_OP_BPF. At most:'
	expect_out 'staged by a run'
}

test_load_and_list()
{
	done_by load "$OBJECT" --name actor
	expect_out 'an actor needs 8 bytes of state, 4 requests in flight'
	done_by list actor
	expect_out "actor: actor, program"
	expect_out 'an actor needs 8 bytes of state, 4 requests in flight'
	expect_out 'constant step = 1'
	[[ $OUT != *events* && $OUT != *spawnpol_* ]] || fail "$OUT"
	done_by list actor --json
	expect_equal "$(json '[(p["name"], p["kind"], p["state_size"], p["in_flight"], p["events"], p["constants"]) for p in d["policies"]]')" \
		"[('actor', 'actor', 8, 4, None, {'step': '1'})]"
	load_default policy
	done_by list policy --json
	expect_equal "$(json '[p["kind"] for p in d["policies"]]')" "['policy']"
	done_by unload actor
	done_by unload policy
	nothing_is_left
}

test_what_is_installed_can_be_loaded()
{
	local name
	for name in copy series jobs supervise; do
		done_by load "$name" --json
		expect_value name "\"$name\"" kind '"actor"'
	done
}

test_attached_and_run()
{
	load
	launcher 2 3 77
	done_by attach actor --pid "$RING_PID" --slot 2
	expect_out 'in slot 2 for actors of ring'
	expect_out 'an actor can have 4 requests in flight, and 8 bytes of state'
	submit
	until_true has_cqe '0x10 77'
	expect_equal "$(tail -n +2 "$DIR/cqes" | paste -sd,)" '0x1 0,0x2 0,0x3 0,0x10 77'
	done_by list actor
	expect_out '0 running; each: 4 requests in flight, 8 bytes of state'
	expect_out 'runs 4: wait 3, end 1; staged 3, exhausted 0, failures 0'
	done_by list actor --json
	expect_equal "$(json '[(l["kind"], l["slot"], l["running"], l["counters"]["wait"], l["counters"]["end"], l["counters"]["staged"]) for l in d["links"]]')" \
		"[('actor', 2, 0, '3', '1', '3')]"
	# a ring with an actor alone is not one without any
	done_by rings --pid "$RING_PID"
	expect_out 'actor slot 2: actor (program'
	[[ $OUT != *'no policy'* && $OUT != *'without policy'* ]] || fail "$OUT"
}

test_limits_are_those_of_the_options()
{
	load
	launcher 0 3 0
	done_by attach actor --pid "$RING_PID" --in-flight 2 --total 2 --state 64 --json
	expect_equal "$(json 'd["kind"], d["in_flight"], d["total"], d["state_size"]')" \
		"('actor', 2, 2, 64)"
	submit
	until_true has_cqe '0x10 0'
	# the third NOP is refused
	expect_equal "$(tail -n +2 "$DIR/cqes" | paste -sd,)" '0x1 0,0x2 0,0x10 0'
	done_by list
	expect_out '2 requests in flight, 2 in all, 64 bytes of state'
	expect_out 'exhausted 1'
}

test_one_that_runs_is_shown_and_ended_by_detach()
{
	local link
	load
	launcher 5 0 0 pipe
	done_by attach actor --pid "$RING_PID" --slot 5 --json
	link=$(json 'd["link"]')
	submit
	until_true bash -c "'$TOOL' rings --pid $RING_PID | grep -q '1 running, 1 request in flight'"
	done_by rings --pid "$RING_PID" --json
	expect_equal "$(json '[(r["policies"], [(p["slot"], p["policy"]) for p in r["programs"]], [(a["slot"], a["link"], a["in_flight"]) for a in r["actors"]]) for r in d["processes"][0]["rings"]]')" \
		"[([], [(5, 'actor')], [(5, $link, 1)])]"
	done_by list actor
	expect_out '1 running;'
	refused "the actor 'actor' is attached to 1 ring" unload actor
	done_by detach "$link"
	until_true has_cqe '0x10 -67'
	done_by unload actor
	nothing_is_left
}

test_unload_by_force()
{
	load
	launcher 0 0 0 pipe
	done_by attach actor --pid "$RING_PID"
	submit
	done_by unload actor --force
	until_true has_cqe '0x10 -67'
	nothing_is_left
}

test_update_is_between_programs_of_one_kind()
{
	local link
	load
	load other
	load_default policy
	launcher 0 1 5
	done_by attach actor --pid "$RING_PID" --json
	link=$(json 'd["link"]')
	refused "link $link is that of an actor, and 'policy' is a policy" update "$link" policy
	done_by update "$link" other
	done_by list other --json
	expect_equal "$(json '[l["link"] for l in d["links"]]')" "[$link]"
	submit
	until_true has_cqe '0x10 5'
	attach policy "$RING_PID"
	refused "link $LINK is that of a policy, and 'actor' is an actor" update "$LINK" actor
}

# misuse_of CAUSE ARGUMENT...
misuse_of()
{
	local cause=$1
	shift
	run "$TOOL" "$@"
	expect_status 2
	expect_err "$cause"
}

test_what_is_refused()
{
	load
	load other
	load_default policy
	launcher
	misuse_of "--first is for policies; 'actor' is an actor" attach actor --pid "$RING_PID" --first
	misuse_of "--max-delay is for policies" attach actor --pid "$RING_PID" --max-delay 1s
	misuse_of "--events is for policies" attach actor --pid "$RING_PID" --events clone
	misuse_of "--in-flight is for actors; 'policy' is a policy" attach policy --pid "$RING_PID" --in-flight 3
	misuse_of "--state is for actors" attach policy --pid "$RING_PID" --state 8
	refused '--in-flight 100000 is above' attach actor --pid "$RING_PID" --in-flight 100000
	refused '--state 5000 is above' attach actor --pid "$RING_PID" --state 5000
	done_by attach actor --pid "$RING_PID" --slot 1
	refused 'EBUSY' attach other --pid "$RING_PID" --slot 1
	expect_err 'try: another --slot'
	refused "'actor' is an actor, not a policy" run --policy actor true
	refused 'not a spawn policy' run --object "$OBJECT" true
	misuse_of '--retry is for the default policy' load "$OBJECT" --name x --retry EAGAIN=1
	misuse_of '--retry is for the default policy' test --object "$OBJECT" --retry EAGAIN=1 start
}

test_dry_runs()
{
	run "$TOOL" test --object "$OBJECT" start args=2,9
	expect_status 0
	expect_out 'start args=2,9 => wait nop:0x7'
	expect_out 'state: all 0'
	cat >"$DIR/table" <<-'END'
		start args=2,9			expect wait staged=nop:7 posted=none state=0
		then cqe nop			expect wait staged=nop posted=1:0 state=1
		then cqe nop			expect end result=9 staged=none posted=2 state=2
		# another one, which waits for a descriptor and is cancelled
		start args=1,0,5		expect wait staged=poll_add:8
		then cancel			expect wait staged=none
		then cqe poll_add:ECANCELED	expect end result=0
		cqe nop tag=7 args=50 state=41	expect wait state=42 posted=42
	END
	run "$TOOL" test --object "$OBJECT" --table "$DIR/table"
	expect_status 0
	expect_out '7 situations, 0 not as expected'
	load
	run "$TOOL" test --policy actor --table "$DIR/table" --json
	expect_status 0
	expect_equal "$(json 'd["run"], d["failed"], [s["verdict"] for s in d["situations"]]')" \
		"(7, 0, ['wait', 'wait', 'end', 'wait', 'wait', 'end', 'wait'])"
	expect_equal "$(json '[(s["op"], s["tag"], s["in_flight"], [r["op"] for r in s["staged"]], [(p["user_data"], p["res"]) for p in s["posted"]], s["state"]) for s in d["situations"][:2]]')" \
		"[(None, '0', 0, ['nop'], [], []), ('nop', '7', 0, ['nop'], [('1', 0)], ['1'])]"
}

# As spawnpol(8) has it.
test_the_table_of_the_man_page()
{
	sed -n '/^# spawnpol test .*--object jobs/,/^\.EE/p' <(sed 's/\\-/-/g' "$TOP/docs/spawnpol.8") |
		grep -v '^\.EE' >"$DIR/table"
	expect_equal "$(wc -l <"$DIR/table")" 5
	run "$TOOL" test --object jobs --table "$DIR/table"
	expect_status 0
	expect_out '4 situations, 0 not as expected'
}

test_dry_runs_that_are_not_as_expected()
{
	local -a one=("$TOOL" test --object "$OBJECT")
	run "${one[@]}" start args=1 expect end
	expect_status 1
	expect_out 'the verdict is wait, not end'
	run "${one[@]}" start args=1 expect wait staged=read,nop
	expect_out 'staged is nop:0x7, not read,nop'
	run "${one[@]}" start args=1 expect wait staged=nop:8
	expect_out 'staged is nop:0x7, not nop:0x8'
	run "${one[@]}" cqe nop tag=7 args=1,3 expect end posted=1:ENOENT result=4 state=7
	expect_out 'result is 3, not 4; posted is 0x1:0, not 0x1:ENOENT; word 0 of the state is 0x1, not 0x7'
	run "${one[@]}" start args=1 room=0 expect wait
	expect_status 1
	run "${one[@]}" start args=0,7 linked=ENOENT expect end result=7
	expect_status 0
	printf '%s\n' 'start args=1' 'then cqe read:4' >"$DIR/table"
	run "${one[@]}" --table "$DIR/table"
	expect_status 1
	expect_out 'no read is in flight'
	printf '%s\n' 'start args=1' 'then cqe nop tag=9' >"$DIR/table"
	run "${one[@]}" --table "$DIR/table"
	expect_out 'no nop with the tag 0x9 is in flight'
	printf '%s\n' 'start args=0' 'then cqe nop' >"$DIR/table"
	run "${one[@]}" --table "$DIR/table"
	expect_out 'its verdict before was end'
	misuse_of 'this is an actor, and the situation is that of a policy' test --object "$OBJECT" failed open:ENOENT
	misuse_of 'this is a policy, and the situation is that of an actor' test start
	misuse_of '--events is for policies' test --object "$OBJECT" --events clone start
}

test_trace_shows_runs_and_ends()
{
	load
	launcher 0 1 9
	done_by attach actor --pid "$RING_PID"
	start_trace --pid "$RING_PID"
	submit
	until_true grep -q 'end: ok, 9' "$DIR/trace"
	kill -INT "$TRACE"
	wait "$TRACE"
	expect_equal $? 0
	OUT=$(cut -d' ' -f2- <"$DIR/trace")
	expect_out 'actor 0x10 of ring'
	expect_out 'start => wait, 1 staged (link'
	expect_out 'cqe: nop tag 0x7 -> ok => end, 1 posted'
	expect_equal "$(wc -l <<<"$OUT")" 3
}

test_trace_as_json_counts_lines()
{
	local link
	load
	launcher 0 1 9
	done_by attach actor --pid "$RING_PID" --json
	link=$(json 'd["link"]')
	start_trace --json --actors --link "$link" --count 3
	submit
	until_true has_ended "$TRACE"
	OUT=[$(paste -sd, "$DIR/trace")]
	expect_equal "$(json '[(e["event"], e["user_data"], e["link"]) for e in d]')" \
		"[('actor-run', '16', $link), ('actor-run', '16', $link), ('actor-end', '16', $link)]"
	expect_equal "$(json '[(e["on"], e["op"], e["tag"], e["verdict"], e["staged"], e["posted"]) for e in d[:2]]')" \
		"[('start', None, '0', 'wait', 1, 0), ('cqe', 'nop', '7', 'end', 0, 1)]"
	expect_equal "$(json 'd[2]["res"], d[2]["errno"], all(e["since_ns"] is not None for e in d)')" \
		"(9, None, True)"
}

test_trace_of_those_that_fail()
{
	load
	launcher 0 0 0xfffffffffffffffb
	done_by attach actor --pid "$RING_PID"
	start_trace --failed --count 1 --pid "$RING_PID"
	submit
	until_true has_ended "$TRACE"
	OUT=$(<"$DIR/trace")
	expect_out 'end: EIO'
	expect_equal "$(wc -l <<<"$OUT")" 1
	run "$TOOL" trace --actors --chain 3
	expect_status 2
	expect_err '--actors does not go with --chain'
}

run_tests "$@"
