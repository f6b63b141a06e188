#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# C5: a daemon that has children made ahead, as its clients and spawnpol rings see it.
#
# KERNEL: prod

. "$(dirname "$0")/lib/daemon.sh"

start_pool()
{
	SOCKET=$DIR/socket
	"$BUILD/spawnpold" --pool "$1" "$SOCKET" &
	DAEMON=$!
	trap 'kill -KILL $DAEMON 2>/dev/null' EXIT
	until_true test -S "$SOCKET"
}

# full N: so many children wait, and that is all.
full()
{
	"$BUILD/spawnpol" rings --pid "$DAEMON" >"$DIR/rings" &&
		grep -q "kept children: $1 waiting, 0 busy" "$DIR/rings"
}

# kept EXPRESSION: of the list k of kept children.
kept()
{
	"$BUILD/spawnpol" rings --pid "$DAEMON" --json | /usr/bin/python3 -c 'import json, sys
k = [c for p in json.load(sys.stdin)["processes"] for r in p["rings"] for c in r["kept"]]
print(eval(sys.argv[1]))' "$1"
}

test_clients_get_children_that_wait()
{
	local pids pid
	start_pool 2
	until_true full 2
	expect_equal "$(kept 'len(k), {c["busy"] for c in k}, len({c["number"] for c in k})')" \
		'(2, {False}, 2)'
	pids=$(kept '" ".join(str(c["pid"]) for c in k)')
	expect_equal "$(children)" 2
	for ((i = 0; i < 4; i++)); do
		# shellcheck disable=SC2016 # the spawned shell expands it
		ask /bin/sh -c 'echo $$; exit 7'
		expect_status 7
		pid=$OUT
		[[ " $pids " == *" $pid "* ]] || fail "$pid was not made ahead: $pids"
		until_true full 2
		pids=$(kept '" ".join(str(c["pid"]) for c in k)')
	done
}

# What is asked of the child is done, whoever made it.
test_options_are_the_clients()
{
	start_pool 1
	until_true full 1
	run client --chdir /dev --umask 027 --stdout "$DIR/out" "$SOCKET" \
		/bin/sh -c 'pwd; umask; ls /proc/self/fd'
	expect_status 0
	expect_equal "$(<"$DIR/out")" $'/dev\n0027\n0\n1\n2\n3'
	until_true full 1
	run client --chdir / --stdout /no/where/x "$SOCKET" /bin/true
	expect_status 126
	expect_err 'step 1, open /no/where/x as 1: No such file or directory'
	until_true full 1
	run client --namespaces net "$SOCKET" /bin/readlink /proc/self/ns/net
	expect_status 0
	expect_out 'net:['
	[[ $OUT != *"$(readlink /proc/self/ns/net)"* ]] || fail "it has our network"
}

test_many_clients_at_once()
{
	local i
	local -a clients=()
	start_pool 3
	for ((i = 0; i < 20; i++)); do
		client "$SOCKET" /bin/sh -c "exit $i" &
		clients+=($!)
	done
	for ((i = 0; i < 20; i++)); do
		wait "${clients[i]}"
		expect_equal $? "$i"
	done
	until_true full 3
}

test_the_daemon_leaves_no_child()
{
	local pids pid
	start_pool 5
	until_true full 5
	pids=$(kept '" ".join(str(c["pid"]) for c in k)')
	kill -TERM "$DAEMON"
	wait "$DAEMON"
	expect_equal $? 0
	for pid in $pids; do
		until_true [ ! -d "/proc/$pid" ]
	done
}

test_usage()
{
	run "$BUILD/spawnpold" --pool 0 "$DIR/socket"
	expect_status 2
	expect_err 'usage: spawnpold [--pool N] SOCKET'
	run "$BUILD/spawnpold" --pool 3
	expect_status 2
}

run_tests "$@"
