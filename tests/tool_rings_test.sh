#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ALONE: it lists, and so holds for a moment, the links of the whole system.
#
# spawnpol rings: rings with a descriptor and without, and their policies.

. "$(dirname "$0")/lib/tool.sh"

# hold HELPER ARGUMENT...: sets HOLDER when it is ready.
hold()
{
	"$HELPERS/$1" "${@:2}" >"$DIR/ready" &
	HOLDER=$!
	STARTED+=("$HOLDER")
	until_true test -s "$DIR/ready"
}

# json EXPRESSION: of the document d in OUT, p being the process HOLDER.
json()
{
	/usr/bin/python3 -c 'import json, sys
d = json.load(sys.stdin)
p = [p for p in d.get("processes", []) if p["pid"] == int(sys.argv[2])]
p = p[0] if p else None
print(eval(sys.argv[1]))' "$1" "$HOLDER" <<<"$OUT" || fail "no JSON: $OUT"
}

load()
{
	run "$TOOL" load hello_policy --name "$1"
	expect_status 0
}

test_rings_and_what_is_attached()
{
	local fds link
	load mine
	hold hold_rings 2 1
	fds=$(<"$DIR/ready")
	run "$TOOL" attach mine --pid "$HOLDER" --fd "${fds#*, }" --slot 3 --json
	expect_status 0
	link=$(json 'd["link"]')
	run "$TOOL" rings --json
	expect_status 0
	expect_equal "$(json 'p["name"], p["mapped_only"], [len(r["fds"]) for r in p["rings"]]')" \
		"('hold_rings', 0, [2, 1])"
	expect_equal "$(json 'p["rings"][0]["ring"], p["rings"][0]["policies"]')" "(None, [])"
	expect_equal "$(json 'p["rings"][1]["fds"]')" "[${fds#*, }]"
	expect_equal "$(json '[(q["slot"], q["link"], q["policy"]) for q in p["rings"][1]["policies"]]')" \
		"[(3, $link, 'mine')]"
	expect_equal "$(json 'd["complete"], d["unreadable"]')" "(True, 0)"
	run "$TOOL" rings
	expect_out "process $HOLDER 'hold_rings':"
	expect_out ': a ring without policy or actor'
	expect_out 'slot 3: policy mine (program'
	run "$TOOL" rings --quiet
	expect_equal "$OUT$ERR" ''
}

test_a_ring_that_had_a_policy()
{
	load mine
	hold hold_rings 1
	run "$TOOL" attach mine --pid "$HOLDER"
	run "$TOOL" unload --force mine
	expect_status 0
	run "$TOOL" rings --pid "$HOLDER"
	expect_status 0
	expect_out ', no policy or actor'
}

test_rings_without_a_descriptor()
{
	load mine
	hold hide_rings "$PINS/mine/prog"
	run "$TOOL" rings --json
	expect_equal "$(json 'p["rings"], p["mapped_only"]')" '([], 1)'
	expect_equal "$(json '[(h["slot"], h["policy"], h["holder"]) for h in d["hidden"]]')" \
		"[(2, 'mine', $HOLDER)]"
	run "$TOOL" rings
	expect_out '1 mapped without a descriptor'
	expect_out "slot 2: policy mine (program"
	expect_out ", which process $HOLDER holds"
	kill -9 "$HOLDER"
	wait "$HOLDER" 2>/dev/null
	nothing_hidden() { run "$TOOL" rings --json; [[ $(json 'd["hidden"]') == '[]' ]]; }
	until_true nothing_hidden
}

test_rings_of_one_process()
{
	hold hold_rings 1
	run "$TOOL" rings --pid $$ --json
	expect_equal "$(json 'd["processes"]')" '[]'
	run "$TOOL" rings --pid "$HOLDER" --json
	expect_equal "$(json 'len(d["processes"]), len(p["rings"])')" '(1, 1)'
	run "$TOOL" rings --pid 4194000
	expect_status 1
	expect_err 'there is no process 4194000'
}

# Who may not look is told so, and is shown what is his own.
test_rings_unprivileged()
{
	hold hold_rings 1
	chmod 755 "$DIR"
	cp "$TOOL" "$DIR/spawnpol"
	run setpriv --reuid 65534 --clear-groups --bounding-set -all "$DIR/spawnpol" rings --json
	expect_status 0
	expect_equal "$(json 'p, d["complete"], d["unreadable"] > 0')" '(None, False, True)'
	run setpriv --reuid 65534 --clear-groups --bounding-set -all "$DIR/spawnpol" rings
	expect_out 'cannot be looked at without CAP_SYS_PTRACE'
	expect_out 'not shown without CAP_SYS_ADMIN'
	run setpriv --reuid 65534 --clear-groups --bounding-set -all \
		"$DIR/spawnpol" rings --pid "$HOLDER"
	expect_status 1
	expect_err 'as root'
}

run_tests "$@"
