#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# spawnpold and its client: launches, failures, clients that misbehave or go
# away, and an end without traces. The hundreds of processes of these scripts
# take too long on the debug kernel, which the tests in C exercise.
#
# KERNEL: prod

. "$(dirname "$0")/lib/daemon.sh"

test_help_and_usage()
{
	run "$BUILD/spawnpold" --help
	expect_status 0
	expect_out 'usage: spawnpold'
	run "$BUILD/spawnpold"
	expect_status 2
	run client --help
	expect_status 0
	expect_out '--stdout PATH'
	run client --nonsense
	expect_status 2
	run client socket-alone
	expect_status 2
}

test_exit_status_is_passed_on()
{
	start
	ask /bin/sh -c 'exit 7'
	expect_status 7
	ask /bin/true
	expect_status 0
	# shellcheck disable=SC2016
	ask /bin/sh -c 'kill -TERM $$'
	expect_status 143
}

test_standard_streams_are_the_clients()
{
	start
	# shellcheck disable=SC2016
	OUT=$(echo hello | client "$SOCKET" /bin/sh -c 'read a; echo "$a out"; echo err >&2' 2>"$DIR/err")
	expect_equal "$OUT" 'hello out'
	expect_equal "$(<"$DIR/err")" err
}

# The daemon has much open that is not closed on exec, and a client's files.
test_programs_get_nothing_else()
{
	OTHERS=300 start
	another_client
	(($(fds) > 300)) || fail "the daemon has $(fds) descriptors only"
	ask /bin/sh -c 'ls /proc/self/fd; grep ^SigBlk /proc/self/status; umask'
	expect_status 0
	# 3 is ls's own
	expect_equal "$OUT" "$(printf '0\n1\n2\n3\nSigBlk:\t%016d\n%s' 0 "$(umask)")"
}

# ... nor before they run: the child waits in its first step, and is looked at.
test_children_start_with_nothing_else()
{
	local child
	OTHERS=300 start
	another_client
	mkfifo "$DIR/fifo"
	client --stdin "$DIR/fifo" --fchdir /usr --pass 5:/etc/group \
		"$SOCKET" /bin/true </dev/null >"$DIR/out" 2>"$DIR/err" &
	until_true two_children
	child=$(pgrep -n -P "$DAEMON" -x spawnpold)
	OUT=$(find "/proc/$child/fd" -mindepth 1 -printf '%f %l\n' | sort -n)
	expect_equal "$OUT" "0 /dev/null
1 $DIR/out
2 $DIR/err
3 /usr
5 /etc/group"
}

test_arguments_arrive()
{
	start
	ask /bin/sh -c 'printf "<%s>" "$@"' sh 'a b' '' c
	expect_equal "$OUT" '<a b><><c>'
}

test_redirections_are_opened_by_the_child()
{
	start
	echo from-file >"$DIR/in"
	mkdir "$DIR/sub"
	run client --chdir "$DIR/sub" --stdin ../in --stdout out --stderr err \
		"$SOCKET" /bin/sh -c 'cat; pwd; echo problem >&2'
	expect_status 0
	expect_equal "$OUT$ERR" ''
	expect_equal "$(<"$DIR/sub/out")" "from-file
$DIR/sub"
	expect_equal "$(<"$DIR/sub/err")" problem
}

test_failed_steps_are_told()
{
	start
	run client --chdir / --stdout /no/where/x "$SOCKET" /bin/true
	expect_status 126
	# after the chdir
	expect_err 'step 1, open /no/where/x as 1: No such file or directory'
	ask /no/program
	expect_status 127
	expect_err 'exec /no/program: No such file or directory'
	ask /etc/passwd
	expect_status 126
	expect_err 'Permission denied'
	until_true no_children
}

test_bare_names_need_a_policy()
{
	start
	ask true
	expect_status 126
	expect_err 'no policy is attached'
}

test_a_policy_is_attached_from_outside()
{
	local tool=$BUILD/spawnpol
	start
	[[ -x $tool ]] || skip "no tool here"
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	run client --chdir /no/where "$SOCKET" /bin/true
	expect_status 126
	"$tool" load "$BUILD/bpf/hello_policy.bpf.o" || fail "load"
	"$tool" attach hello_policy --pid "$DAEMON" || fail "attach"
	run client --chdir /no/where "$SOCKET" /bin/true
	expect_status 0
	"$tool" --quiet unload --force hello_policy || fail "unload"
	kill "$DAEMON"
	wait "$DAEMON" || fail "the daemon ended with $?"
}

test_clients_wait_when_descriptors_are_few()
{
	local i client
	local -a clients=()
	DESCRIPTORS=60 start
	for ((i = 0; i < 12; i++)); do
		client "$SOCKET" /bin/sleep 0.5 &
		clients+=($!)
	done
	for client in "${clients[@]}"; do
		wait "$client" || fail "a client ended with $?"
	done
}

test_malformed_messages_are_refused()
{
	start
	BEFORE=$(fds)
	expect_talk 'running ended' <<-'END'
	send(request())
	send(request(*["umask 22"] * 249))
	END
	expect_talk refused <<-'END'
	send(b"x")
	send(b"\xff" * 65536)
	send(request(magic=1))
	send(request(reserved=1))
	send(request(nr_args=0))
	send(request(nr_args=2))
	send(request(nr_args=4097))
	send(request(nr_args=0xffffffff))
	send(request(nr_options=1))
	send(request(*["setsid"] * 257))
	send(request(*["setsid"] * 256))
	send(request(*["umask 22"] * 250))
	send(request(nr_options=0xffffffff))
	send(request(tail=b"x"))
	send(request(tail=b"\0"))
	send(request()[:-1])
	send(request(args=(b"",)))
	send(request("7"))
	send(request(""))
	send(request("open -1:read:/dev/null"))
	send(request(), fds=())
	send(request(), fds=(0, 1))
	send(request(), fds=(0,) * 9)
	send(request(), fds=(0,) * 200)
	s.sendmsg([request(tail=b"\0" * 70000)])
	END
	still_well
}

test_failures_in_the_child_are_not_refusals()
{
	start
	BEFORE=$(fds)
	expect_talk failed <<-'END'
	send(request("open 1073741824:read:/dev/null"))
	send(request("open 5:directory:/dev/null"))
	send(request("chdir /no"))
	send(request(args=(b"/no",)))
	END
	still_well
}

# A second message ends the conversation, not the program.
test_clients_that_say_nothing_or_go()
{
	start
	BEFORE=$(fds)
	expect_talk '' <<-'END'
	s.shutdown(socket.SHUT_WR)
	s.close()
	send(request()); s.close()
	send(request(args=(b"/bin/sleep", b"1"))); s.recv(4096); send(b"x")
	END
	still_well
}

test_hanging_up_cancels_what_does_not_run_yet()
{
	local job
	start
	BEFORE=$(fds)
	mkfifo "$DIR/fifo"
	"$CLIENT" --stdin "$DIR/fifo" "$SOCKET" /bin/true &
	job=$!
	until_true one_child
	kill "$job"
	wait "$job"
	still_well
}

test_hanging_up_leaves_programs_alone()
{
	local job
	start
	BEFORE=$(fds)
	"$CLIENT" --stdout "$DIR/out" "$SOCKET" \
		/bin/sh -c "echo begun; until test -e $DIR/go; do sleep 0.1; done; echo done" &
	job=$!
	until_true grep -qs begun "$DIR/out"
	kill "$job"
	wait "$job"
	: >"$DIR/go"
	until_true grep -q 'done' "$DIR/out"
	still_well
}

test_only_root_and_the_same_user_may_ask()
{
	start
	BEFORE=$(fds)
	expect_equal "$(stat -c %a "$SOCKET")" 600
	chmod 755 "$DIR"
	run setpriv --reuid 1000 --clear-groups "$CLIENT" "$SOCKET" /bin/true
	expect_status 125
	chmod 666 "$SOCKET"
	run setpriv --reuid 1000 --clear-groups "$CLIENT" "$SOCKET" /bin/true
	expect_status 125
	expect_err 'refused: only root'
	still_well
}

# The programs would have the daemon's rights: clients need them all.
test_clients_with_fewer_rights_are_refused()
{
	start
	BEFORE=$(fds)
	run setpriv --bounding-set -sys_admin "$CLIENT" "$SOCKET" /bin/true
	expect_status 125
	expect_err 'refused: you lack capabilities of the daemon (200000 of CapPrm)'
	run unshare --user --map-root-user "$CLIENT" "$SOCKET" /bin/true
	expect_status 125
	expect_err 'refused: you lack capabilities'
	run setpriv --no-new-privs "$CLIENT" "$SOCKET" /bin/true
	expect_status 125
	expect_err 'refused: your no_new_privs'
	allow_all >"$DIR/filter"
	run client --seccomp "$DIR/filter" "$SOCKET" "$CLIENT" "$SOCKET" /bin/true
	expect_status 125
	expect_err 'refused: your seccomp filters'
	still_well
}

# start_as SETPRIV-OPTION...: a daemon that is not root's.
start_as()
{
	SOCKET=$DIR/socket
	chmod 777 "$DIR"
	setpriv "$@" "$BUILD/spawnpold" "$SOCKET" &
	DAEMON=$!
	trap 'kill -KILL $DAEMON 2>/dev/null' EXIT
	until_true test -S "$SOCKET"
}

test_an_ordinary_users_daemon()
{
	local user=(--reuid 1000 --regid 1000)
	start_as "${user[@]}" --groups 1000,5
	run setpriv "${user[@]}" --groups 5,6 "$CLIENT" "$SOCKET" /usr/bin/id -u
	expect_status 0
	expect_equal "$OUT" 1000
	ask /usr/bin/id -u
	expect_equal "$OUT" 1000
	run setpriv "${user[@]}" --clear-groups "$CLIENT" "$SOCKET" /bin/true
	expect_status 125
	expect_err "you are not in the daemon's group 5"
	run setpriv "${user[@]}" --groups 5 --bounding-set -chown "$CLIENT" "$SOCKET" /bin/true
	expect_status 125
	expect_err 'your capability bounding set'
	run setpriv --reuid 1001 --clear-groups "$CLIENT" "$SOCKET" /bin/true
	expect_status 125
	# what the user may not do, its daemon's children may not either
	run client --nice -5 "$SOCKET" /bin/true
	expect_status 126
	expect_err 'nice: Permission denied'
	run client --setresuid 0 "$SOCKET" /bin/true
	expect_status 126
	expect_err 'setresuid: Operation not permitted'
	run client --chroot / "$SOCKET" /bin/true
	expect_err 'chroot /: Operation not permitted'
}

test_a_daemon_with_capabilities_of_its_own()
{
	local user=(--reuid 1000 --regid 1000 --clear-groups)
	local caps=(--inh-caps +chown --ambient-caps +chown)
	show_for_all
	start_as "${user[@]}" "${caps[@]}"
	run setpriv "${user[@]}" "${caps[@]}" "$CLIENT" "$SOCKET" "$SHOW" 1
	expect_status 0
	expect_out $'CapEff:\t0000000000000001'
	run setpriv "${user[@]}" "$CLIENT" "$SOCKET" /bin/true
	expect_status 125
	expect_err 'you lack capabilities of the daemon (1 of CapPrm)'
	# capabilities are worth nothing if they may be those of another namespace
	ask /bin/true
	expect_status 125
	expect_err 'the daemon may not read your user namespace'
}

test_a_daemon_that_cannot_look()
{
	SOCKET=$DIR/socket
	# shellcheck disable=SC2016 # for the other shell
	unshare --mount sh -c 'umount -l /proc; exec "$0" "$1"' "$BUILD/spawnpold" "$SOCKET" &
	DAEMON=$!
	trap 'kill -KILL $DAEMON 2>/dev/null' EXIT
	until_true test -S "$SOCKET"
	ask /bin/true
	expect_status 125
	expect_err 'your rights cannot be read from /proc/'
}

# Connected as one, then executed a set-uid program: whose request is it?
test_clients_that_gain_rights_are_refused()
{
	local user=(--reuid 1000 --regid 1000 --clear-groups)
	start_as "${user[@]}"
	TALKER=(setpriv "${user[@]}")
	cp /bin/sleep "$DIR/sleep"
	chmod 4755 "$DIR/sleep"
	OUT=$(TEXTS=1 talk <<-END
	os.fork() and os.execv("$DIR/sleep", ["sleep", "60"]); wait_for_sleep(); send(request())
	END
	)
	expect_out 'refused your rights cannot be read'
}

test_many_clients_at_once()
{
	local i
	local -a jobs=()
	start
	BEFORE=$(fds)
	for ((i = 0; i < 30; i++)); do
		client "$SOCKET" /bin/sh -c "sleep 0.2; exit $i" &
		jobs+=($!)
	done
	for ((i = 0; i < 30; i++)); do
		wait "${jobs[i]}"
		expect_equal "$i: $?" "$i: $i"
	done
	still_well
}

test_stopping()
{
	start
	client "$SOCKET" /bin/sh -c "echo >$DIR/begun; until test -e $DIR/go; do sleep 0.1; done
		echo >$DIR/done" 2>/dev/null &
	until_true test -e "$DIR/begun"
	mkfifo "$DIR/fifo"
	client --stdin "$DIR/fifo" "$SOCKET" /bin/sh -c "echo >$DIR/never" 2>/dev/null &
	until_true child_in_step
	kill -TERM "$DAEMON"
	wait "$DAEMON"
	expect_equal "$?" 0
	[[ ! -e $SOCKET ]] || fail "the socket is left"
	# the program goes on, the one that was being launched does not
	: >"$DIR/go"
	until_true test -e "$DIR/done"
	[[ ! -e $DIR/never ]] || fail "it ran all the same"
	run client "$SOCKET" /bin/true
	expect_status 125
}

# What the daemon was started with must not cost its clients the exit status.
test_started_with_sigchld_ignored()
{
	SOCKET=$DIR/socket
	# shellcheck disable=SC2016 # it is Perl's
	perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$BUILD/spawnpold" "$SOCKET" &
	DAEMON=$!
	trap 'kill -KILL $DAEMON 2>/dev/null' EXIT
	until_true test -S "$SOCKET"
	ask /bin/sh -c 'exit 7'
	expect_status 7
}

test_a_daemon_that_was_killed_is_followed_by_another()
{
	start
	kill -KILL "$DAEMON"
	wait "$DAEMON"
	[[ -S $SOCKET ]] || fail "it took its socket along"
	inode=$(stat -c %i "$SOCKET")
	ask /bin/true
	expect_status 125
	expect_err 'Connection refused'
	"$BUILD/spawnpold" "$SOCKET" &
	DAEMON=$!
	until_true replaced
	ask /bin/echo hello
	expect_status 0
	expect_equal "$(stat -c %a "$SOCKET")" 600
	# a third one leaves the second alone
	run "$BUILD/spawnpold" "$SOCKET"
	expect_status 1
	expect_err 'Address already in use'
	ask /bin/true
	expect_status 0
}
replaced() { [[ -S $SOCKET && $(stat -c %i "$SOCKET") != "$inode" ]] && client "$SOCKET" /bin/true; }

test_a_program_without_a_name()
{
	start
	ask ''
	expect_status 125
	expect_err "refused: the program's name is empty"
}

test_a_socket_that_cannot_be()
{
	run "$BUILD/spawnpold" "$DIR/no/socket"
	expect_status 1
	expect_err 'No such file or directory'
	: >"$DIR/file"
	run "$BUILD/spawnpold" "$DIR/file"
	expect_status 1
	expect_err 'Address already in use'
	[[ -f $DIR/file ]] || fail "it removed a foreign file"
}

test_without_standard_streams()
{
	SOCKET=$DIR/socket
	"$BUILD/spawnpold" "$SOCKET" <&- >&- 2>&- &
	DAEMON=$!
	trap 'kill -KILL $DAEMON 2>/dev/null' EXIT
	until_true test -S "$SOCKET"
	ask /bin/echo hello
	expect_status 0
	expect_equal "$OUT" hello
}

run_tests "$@"
