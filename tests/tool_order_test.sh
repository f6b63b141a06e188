#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# KERNEL: prod
# ALONE: list looks at the links of the whole system.
#
# Several policies in a slot: attach --first, --before and --after, and list (U9).

. "$(dirname "$0")/lib/tool.sh"

HELPERS=$BUILD/tests/helpers

done_by() { run "$TOOL" "$@"; expect_status 0; }

# refused STATUS CAUSE ARGUMENT...
refused()
{
	run "$TOOL" "${@:3}"
	expect_status "$1"
	expect_err "$2"
}

# Sets RING_PID, a process with one ring.
hold_ring()
{
	"$HELPERS/hold_rings" 1 >"$DIR/rings" &
	RING_PID=$!
	STARTED+=("$RING_PID")
	until_true test -s "$DIR/rings"
}

load()
{
	local name
	for name; do
		done_by load hello_policy --name "$name"
	done
}

# attach NAME OPTION...: sets LINK and POSITION.
attach()
{
	done_by attach "$1" --pid "$RING_PID" --json "${@:2}"
	read -r LINK POSITION < <(/usr/bin/python3 -c 'import json, sys
d = json.load(sys.stdin)
print(d["link"], d["position"])' <<<"$OUT")
}

# expect_order NAME...: of slot 0, in both outputs of list.
expect_order()
{
	local names
	done_by list --json
	names=$(/usr/bin/python3 -c 'import json, sys
d = json.load(sys.stdin)
links = [l for l in d["links"] if l["slot"] == 0 and not l["gone"]]
assert [l["position"] for l in links] == list(range(len(links))), links
assert len({l["revision"] for l in links}) == 1, links
print(*[l["policy"] for l in links])' <<<"$OUT")
	expect_equal "$names" "$*"
	done_by list
	expect_out "slot 0, position $(($# - 1)), of ring"
}

# It can be that it is never asked.
test_U9_attach_says_who_decides_first()
{
	hold_ring
	load a b
	done_by attach a --pid "$RING_PID"
	[[ $OUT != *note* ]] || fail "nobody is before it: $OUT"
	done_by attach b --pid "$RING_PID"
	expect_out 'note: it is asked only if all policies before it pass'
	done_by attach b --pid "$RING_PID" --slot 1
	[[ $OUT != *note* ]] || fail "nobody is before it: $OUT"
}

test_U9_attach_says_where_a_policy_goes()
{
	hold_ring
	load a b c d e f
	attach a
	expect_equal "$POSITION" 0
	attach b
	expect_equal "$POSITION" 1
	expect_order a b
	attach c --first
	expect_equal "$POSITION" 0
	expect_order c a b
	attach d --before a
	expect_equal "$POSITION" 1
	expect_order c d a b
	attach e --after a
	expect_order c d a e b
	# by its link
	attach f --before "$LINK"
	expect_order c d a f e b
	done_by detach "$LINK"
	expect_order c d a e b
	attach f --after=c
	expect_order c f d a e b
	# another slot has an order of its own
	attach a --slot 3 --first
	expect_equal "$POSITION" 0
	expect_order c f d a e b
}

test_U9_an_update_keeps_the_position()
{
	hold_ring
	load a b c new
	attach a
	attach b
	local link=$LINK
	attach c
	done_by update "$link" new
	expect_order a new c
	refused 1 'another link of the slot has the program' update "$link" c
	expect_order a new c
}

test_U9_what_cannot_be_is_refused()
{
	local i
	hold_ring
	load a b
	attach a
	refused 1 'the slot has this program already' attach a --pid "$RING_PID"
	expect_err EEXIST
	refused 1 'is not in the slot' attach b --pid "$RING_PID" --slot 1 --before a
	expect_err ENOENT
	refused 1 'is not in the slot' attach b --pid "$RING_PID" --after 4000000000
	refused 1 "no policy or actor 'nosuch' is loaded" attach b --pid "$RING_PID" --after nosuch
	refused 2 'only one of' attach b --pid "$RING_PID" --first --after a
	refused 2 'only one of' attach b --pid "$RING_PID" --before a --after a
	expect_order a
	for i in {1..15}; do
		load "p$i"
		attach "p$i"
	done
	refused 1 'its maximum of policies' attach b --pid "$RING_PID"
	expect_err ERANGE
	refused 2 'does not pass' load spawn_policy --on any:any=pass
}

# A program from elsewhere is refused before the default policy looks for it.
test_U9_a_restriction_before_the_default_policy()
{
	mkdir "$DIR/bin"
	cp /bin/true "$DIR/bin/elsewhere"
	start_daemon
	done_by load spawn_policy --path "$DIR/bin:/bin"
	done_by load restrict_policy
	done_by attach spawn_policy --pid "$DAEMON"
	run "$CLIENT" "$SOCKET" "$DIR/bin/elsewhere"
	expect_status 0
	done_by attach restrict_policy --pid "$DAEMON" --first
	run "$CLIENT" "$SOCKET" "$DIR/bin/elsewhere"
	expect_status 126
	expect_err 'Permission denied'
	run "$CLIENT" "$SOCKET" /bin/true
	expect_status 0
}

test_U9_test_knows_pass()
{
	local object=$BUILD/bpf/restrict_policy.bpf.o
	done_by test --object "$object" before-exec exec name=/bin/true expect pass
	done_by test --object "$object" before-exec exec name=/tmp/true expect abort result=EACCES
	done_by test --object "$object" failed open:ENOENT expect pass fails=none
	run "$TOOL" test --object "$object" failed open:ENOENT expect abort
	expect_status 1
	expect_out 'the verdict is pass, not abort'
}

run_tests "$@"
