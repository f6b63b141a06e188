#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# KERNEL: prod
# ALONE: it lists, and so holds for a moment, the links of the whole system.
#
# spawnpol list of everything.

. "$(dirname "$0")/lib/tool.sh"

test_list_shows_all_policies_and_links()
{
	run "$TOOL" list
	expect_equal "$OUT" 'no policy or actor is loaded'
	run "$TOOL" load spawn_policy --name first
	run "$TOOL" load hello_policy --name second
	start_daemon
	run "$TOOL" attach first --pid "$DAEMON"
	expect_status 0
	run "$TOOL" list
	expect_status 0
	expect_out 'first: '
	expect_out 'second: '
	expect_out "of process $DAEMON"
}

# expect_json EXPRESSION VALUE: of the document d in OUT.
expect_json()
{
	local got
	got=$(/usr/bin/python3 -c 'import json, sys
d = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1" <<<"$OUT") || fail "no JSON: $OUT"
	[[ $got == "$2" ]] || { show_run; fail "$1 is $got, not $2"; }
}

# The other program is the tool itself, while its command runs.
test_lists_that_cannot_be_written()
{
	local args

	start_daemon
	run "$TOOL" load spawn_policy --name policy
	expect_status 0
	for args in list 'list --json' rings 'rings --json' 'test failed exec:ENOENT name=ls'; do
		# shellcheck disable=SC2016,SC2086 # the other shell expands it; words
		run sh -c '"$@" >/dev/full' sh "$TOOL" $args
		expect_status 1
		expect_err 'cannot write the output: No space left on device (ENOSPC)'
	done
}

test_list_shows_links_of_other_programs()
{
	"$TOOL" run sleep 200 &
	STARTED+=("$!")
	other_is_listed() { run "$TOOL" list; [[ $OUT == *'of no loaded policy'* ]]; }
	until_true other_is_listed
	expect_out "'spawn_policy', of no loaded policy"
	expect_out 'made by another program'
	run "$TOOL" load spawn_policy --name mine
	run "$TOOL" list mine
	expect_status 0
	[[ $OUT != *'of no loaded policy'* ]] || fail "asked for one, got $OUT"
}

test_list_shows_links_of_others_actors()
{
	"$TOOL" supervise sleep 200 &
	STARTED+=("$!")
	other_is_listed() { run "$TOOL" list; [[ $OUT == *'of no loaded actor'* ]]; }
	until_true other_is_listed
	expect_out "'supervise', of no loaded actor"
	[[ $OUT != *'of no loaded policy'* ]] || fail "an actor is none: $OUT"
}

# Sets SPAWN: a spawn under the loaded policy $1, by a link that nobody pins.
spawn_under()
{
	"$TOOL" run --policy "$1" sleep 200 &
	SPAWN=$!
	STARTED+=("$SPAWN")
	link_is_there() { run "$TOOL" list --json "$1"; [[ $OUT == *'"link":'* ]]; }
	until_true link_is_there "$1"
}

test_a_link_is_listed_with_the_policy_that_decides()
{
	run "$TOOL" load spawn_policy --name mine --path /bin
	spawn_under mine
	run "$TOOL" list mine --json
	expect_json '[(l["policy"], l["pinned"], l["program"]) for l in d["links"]]' \
		"[('mine', False, 'spawn_policy')]"
	run "$TOOL" list
	[[ $OUT != *'of no loaded policy'* ]] || { show_run; fail "its program is loaded"; }
	expect_out 'made by another program'
}

test_unload_knows_of_links_that_others_made()
{
	run "$TOOL" load spawn_policy --name mine --path /bin
	spawn_under mine
	run "$TOOL" unload mine
	expect_status 1
	expect_err "'mine' is attached to 1 ring"
	run "$TOOL" unload --force mine
	expect_status 0
	run "$TOOL" list --json
	expect_json '[l["gone"] for l in d["links"] if l["program"] == "spawn_policy"]' '[True]'
	kill -0 "$SPAWN" || fail "the program has ended"
}

test_list_shows_how_a_policy_is_set_up()
{
	local options="--path /opt/bin:/bin --retry ETXTBSY=3@50ms --retry EAGAIN=7"
	options+=" --on open:ENOENT=skip --on any:any=abort --errors posix --shell=/bin/bash"
	options+=" --remember 1500ms"
	# shellcheck disable=SC2086 # these are words
	run "$TOOL" load spawn_policy --name mine $options
	expect_status 0
	run "$TOOL" list mine
	expect_out "options: $options"
	run "$TOOL" list mine --json
	expect_json 'd["policies"][0]["config"]' "{'path': ['/opt/bin', '/bin'],\
 'retry': [{'errno': 'ETXTBSY', 'count': 3, 'delay_ns': '50000000'},\
 {'errno': 'EAGAIN', 'count': 7, 'delay_ns': '0'}],\
 'on': [{'step': 'open', 'errno': 'ENOENT', 'verdict': 'skip'},\
 {'step': 'any', 'errno': 'any', 'verdict': 'abort'}],\
 'errors': 'posix', 'shell': '/bin/bash', 'remember_ns': '1500000000'}"
	# O4: only a policy that remembers asks for execed
	expect_json 'd["policies"][0]["events"]' "['before-exec', 'clone', 'execed']"
	expect_json 'd["policies"][0]["constants"]' '{}'
}

test_list_shows_constants_of_other_policies()
{
	run "$TOOL" load "$BUILD/tests/constants.bpf.o"
	expect_status 0
	run "$TOOL" list constants --json
	expect_json 'd["policies"][0]["constants"]' \
		"{'most_tries': '5', 'lowest': '-9223372036854775808', 'strict': '1', 'sink': '\"/dev/null\"', 'pair': '{1,2,}'}"
	expect_json 'd["policies"][0]["config"]' None
	expect_json 'd["policies"][0]["events"]' "['done']"
	run "$TOOL" list constants
	expect_out 'constant most_tries = 5'
	expect_out 'asks for events: done'
}

# An author who has forgotten SPAWNPOL_EVENTS() finds out here.
test_which_events_a_policy_gets()
{
	run "$TOOL" load "$BUILD/tests/load.bpf.o" --function by_constant
	expect_status 0
	expect_out '  has no SPAWNPOL_EVENTS(): it is asked about failed and staged only'
	run "$TOOL" list load
	expect_out '  asks for no events: it is asked about failed and staged only'
	run "$TOOL" load hello_policy
	expect_out '  asks for no events: it is asked about failed and staged only'
	run "$TOOL" load spawn_policy
	expect_out '  asks for events: before-exec,clone'
	run "$TOOL" load spawn_policy --name other --json
	expect_json 'd["events"]' "['before-exec', 'clone']"
	run "$TOOL" load hello_policy --name second --quiet
	expect_equal "$OUT" ''
}

# Its program is as it should be, and is never asked about the name.
test_a_search_without_the_event()
{
	run "$TOOL" run --object hello_policy id
	expect_status 126
	expect_err 'no policy looked for the name'
	expect_err 'try: attach a policy that searches, which has to ask for the event before-exec'
}

test_list_without_the_file_system()
{
	run unshare -m bash -c "umount /sys/fs/bpf; '$TOOL' list"
	expect_status 1
	expect_err 'no BPF file system'
	expect_err 'try: mount -t bpf'
	[[ ! $OUT ]] || fail "it printed: $OUT"
}

run_tests "$@"
