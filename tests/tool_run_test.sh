#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# spawnpol run: one command, under a policy or without.

# shellcheck disable=SC2016 # what is in single quotes is for another shell
. "$(dirname "$0")/lib/tool.sh"

EXIT_WITH=$BUILD/tests/helpers/exit_with
SHOW=$BUILD/tests/helpers/show

# run_of STATUS ARGUMENT...: run, with these arguments, ends so.
run_of()
{
	local status=$1
	shift
	run "$TOOL" run "$@"
	expect_status "$status"
}

test_run_passes_on_output_and_status()
{
	run_of 0 echo hello world
	expect_equal "$OUT" 'hello world'
	expect_equal "$ERR" ''
	run_of 7 "$EXIT_WITH" 7
	run_of 0 /bin/true
	nothing_is_left
}

# Every PATH that a program can be started with is searched.
test_run_with_a_path_of_any_length()
{
	local many long whole path

	printf -v many '/d%04d:' {1..3000}
	printf -v long '/%0200d' {1..19}
	printf -v whole "$long-%d:" {1..33}
	for path in "$many" "$long:$long:" "$whole" "$many$long:"; do
		run env PATH="$path/usr/bin:/bin" "$TOOL" run true
		expect_status 0
		expect_equal "$ERR" ''
		run_of 0 --path "$path/usr/bin:/bin" true
		run env PATH="$path" "$TOOL" run missing
		expect_status 127
		run env PATH="$path/usr/bin:/bin" "$TOOL" run --no-policy true
		expect_status 0
		run env PATH="$path" "$TOOL" run --no-policy missing
		expect_status 127
		run env PATH="$path" "$TOOL" run /bin/true
		expect_status 0
		run env PATH="$path" "$TOOL" run --object "$BUILD/bpf/hello_policy.bpf.o" /bin/true
		expect_status 0
	done
}

test_run_passes_on_input_and_environment()
{
	OUT=$(echo from here | "$TOOL" run cat)
	expect_equal "$OUT" 'from here'
	OUT=$(SOME_VARIABLE=value "$TOOL" run sh -c 'echo $SOME_VARIABLE')
	expect_equal "$OUT" value
}

test_run_tells_of_signals()
{
	run_of $((128 + 9)) sh -c 'kill -9 $$'
	run "$TOOL" run --json sh -c 'kill -9 $$'
	expect_status 137
	expect_err '"outcome": "killed"'
}

test_run_passes_signals_on()
{
	local pid
	"$TOOL" run sh -c 'trap "exit 33" TERM; echo >'"$DIR"'/ready; while :; do sleep 0.1; done' &
	pid=$!
	STARTED+=("$pid")
	until_true test -e "$DIR/ready"
	kill -TERM "$pid"
	wait "$pid"
	expect_equal $? 33
}

# A command that has left the process group, too, gets what its user types.
# A library that sends the process a signal as soon as it has waited for a child, and
# says of the signals that the process sends itself.
make_late_signal()
{
	cat >"$DIR/late.c" <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <signal.h>
		#include <stdio.h>
		#include <sys/wait.h>

		pid_t waitpid(pid_t pid, int *status, int options)
		{
			__typeof__(waitpid) *next = (__typeof__(waitpid) *)dlsym(RTLD_NEXT, "waitpid");
			pid_t ret = next(pid, status, options);

			fprintf(stderr, "waited\n");
			if (ret > 0)
				raise(SIGTERM);
			return ret;
		}

		int kill(pid_t pid, int sig)
		{
			return fprintf(stderr, "signal %d\n", sig) < 0;
		}
	END
	cc -shared -fPIC -o "$1" "$DIR/late.c" || fail "the library does not compile"
}

# The pid of a command that was waited for can be another process's.
test_run_passes_no_signal_on_after_the_end()
{
	make_late_signal "$DIR/late.so"
	run env LD_PRELOAD="$DIR/late.so" "$TOOL" run --no-policy "$EXIT_WITH" 5
	expect_status 5
	expect_equal "$ERR" 'waited'
}

test_run_passes_on_what_is_typed()
{
	local option
	cat >"$DIR/type.py" <<-'END'
	import os, pty, sys
	pid, terminal = pty.fork()
	if pid == 0:
	    os.execv(sys.argv[1], sys.argv[1:])
	seen = b''
	while b'up' not in seen:
	    seen += os.read(terminal, 100)
	os.write(terminal, b'\x03')
	print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	for option in --deadline=1m --setsid --setpgid=0; do
		run /usr/bin/python3 "$DIR/type.py" "$TOOL" run "$option" \
			sh -c 'echo up; exec sleep 60'
		expect_status 0
		expect_equal "$OUT" 130
	done
}

test_run_with_files()
{
	echo input >"$DIR/in"
	run_of 0 --stdin "$DIR/in" --stdout "$DIR/out" cat
	expect_equal "$(<"$DIR/out")" input
	run_of 0 --append-stdout "$DIR/out" echo more
	expect_equal "$(<"$DIR/out")" $'input\nmore'
	run_of 1 --stderr "$DIR/err" sh -c 'echo oops >&2; exit 1'
	expect_equal "$(<"$DIR/err")$ERR" oops
}

test_run_in_a_directory_and_session()
{
	run_of 0 --chdir "$DIR" pwd
	expect_equal "$OUT" "$DIR"
	# steps have effect in the order given
	cd "$DIR" || exit 1
	mkdir sub
	run_of 0 --stdout out --chdir sub pwd
	expect_equal "$(<out)" "$DIR/sub"
	run_of 0 -C sub --stdout out pwd
	expect_equal "$(<sub/out)" "$DIR/sub"
	run_of 0 --setsid sh -c 'ps -o sid= -p $$ | tr -d " "; echo $$'
	expect_equal "${OUT%%$'\n'*}" "${OUT##*$'\n'}"
}

test_run_of_what_is_not_there()
{
	run_of 127 nosuchprogram
	expect_err ENOENT
	expect_err exec
	# the last of them is named
	run_of 127 --path /a:/b::/c nosuchprogram
	expect_err '/c/nosuchprogram: No such file or directory (3 directories searched)'
	PATH=/a::/c run_of 127 --no-policy nosuchprogram
	expect_err '/c/nosuchprogram: No such file or directory (3 directories searched)'
	run_of 127 --path /a nosuchprogram
	[[ $ERR != *directories* ]] || fail "there is one: $ERR"
	run_of 127 "$DIR/nothing"
	run_of 126 "$DIR"
	expect_err EACCES
	run "$TOOL" run --json nosuchprogram
	expect_status 127
	[[ $ERR == '{"error": {'*'"errno": "ENOENT"'* ]] || fail "$ERR"
	[[ $ERR != *$'\n'* ]] || fail "it is more than a line: $ERR"
	expect_equal "$OUT" ''
	nothing_is_left
}

test_run_names_the_step_that_failed()
{
	run_of 126 --stdout "$DIR" echo
	expect_err 'open'
	expect_err EISDIR
	run_of 126 --chdir "$DIR/missing" pwd
	expect_err 'chdir'
	expect_err ENOENT
}

# A launch that fails before its first step has no number to show.
test_run_without_a_child_has_no_step()
{
	run_of 1 --cgroup / true
	expect_err 'spawnpol: true: clone: '
	[[ $ERR != *-1* ]] || fail "it shows -1: $ERR"
}

# shown LINE OPTION...: a program launched so says this line of itself.
shown()
{
	local line=$1
	shift
	run_of 0 "$@" "$SHOW" 1
	[[ $'\n'$OUT$'\n' == *$'\n'"$line"$'\n'* ]] || {
		show_run
		fail "no line '$line' with $*"
	}
}

# The options are those that daemon_options_test.sh tries one by one.
test_run_with_what_a_chain_can_have()
{
	local how
	for how in --no-policy --quiet; do
		shown $'Umask:\t0027' "$how" --umask 27
		shown 'fd5 stays /etc/passwd' "$how" --pass 5:/etc/passwd
		shown 'fd5 stays /etc/passwd' "$how" --open 5:read:/etc/passwd --fchdir /usr
		shown 'cwd /usr' "$how" --open 3:read:/etc/passwd --fchdir /usr
		shown $'Uid:\t1\t1\t1\t1' "$how" --setgroups none --setresuid 1
		shown 'nofile 64 128' "$how" --rlimit nofile:64:128
		shown $'SigIgn:\t0000000000000001' "$how" --sigignore HUP
		shown 'nnp 1' "$how" --no-new-privs
		run_of 0 "$how" --namespaces pid,uts sh -c 'echo $$'
		expect_equal "$OUT" 1
		run_of 0 "$how" --clear-env --env A=b /usr/bin/env
		expect_equal "$OUT" A=b
		run_of 126 "$how" --chdir /etc/passwd true
		expect_err 'step 0: chdir /etc/passwd: '
	done
	for how in --no-policy --quiet; do
		shown 'cwd /usr' "$how" --chdir /usr --close 77 --may-fail
	done
	run_of 126 --on close:EBADF=abort --close 77 --may-fail true
	run_of 0 --slot 3 --cookie 0x10 true
}

test_run_without_a_policy()
{
	mkdir "$DIR/a" "$DIR/b"
	cp "$EXIT_WITH" "$DIR/b/prog"
	run_of 7 --no-policy "$DIR/b/prog" 7
	PATH=$DIR/a:$DIR/b run_of 7 --no-policy prog 7
	run_of 127 --no-policy nosuchprogram
	expect_err ENOENT
	run_of 1 --no-policy --need-policy true
	expect_err 'clone: no policy is attached'
	# and without rights
	chmod a+rx "$DIR" "$DIR/b"
	install -m 755 "$TOOL" "$DIR/b/spawnpol"
	run setpriv --reuid 1000 --regid 1000 --clear-groups "$DIR/b/spawnpol" run --no-policy "$DIR/b/prog" 5
	expect_status 5
}

# In the VM's terms: what Perl's $SIG{CHLD} = "IGNORE", or a shell's trap, leaves.
test_run_started_with_sigchld_ignored()
{
	local how
	for how in --no-policy --quiet; do
		run perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' \
			"$TOOL" run "$how" sh -c 'exit 7'
		expect_status 7
	done
}

# fds_of: of the program that OUT is from, what it has open but for its output, 9.
fds_of() { sed -n 's/^fd\([0-8]\) .*/\1/p' "$DIR/state" | xargs; }

# with_closed "N..." COMMAND...: with these standard streams closed.
with_closed()
(
	local fd
	for fd in $1; do
		eval "exec $fd>&-"
	done
	shift
	exec "$@" 8</dev/null
)

# only_given HOW CLOSED: the command has what this tool was given and nothing else.
only_given()
{
	local open='' fd
	# shellcheck disable=SC2086 # words
	with_closed "$2" "$TOOL" run $1 \
		--open "9:write,create,truncate:$DIR/state" "$SHOW" 9
	expect_equal "$1, without $2: $?" "$1, without $2: 0"
	for fd in 0 1 2 8; do
		[[ " $2 " == *" $fd "* ]] || open+=" $fd"
	done
	expect_equal "$1, without $2: $(fds_of)" "$1, without $2: ${open# }"
}

test_run_leaves_no_descriptor_open()
{
	local closed
	for closed in '' 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
		only_given --no-policy "$closed"
		only_given --quiet "$closed"
	done
	run "$TOOL" load spawn_policy --name leak --path /bin
	expect_status 0
	only_given '--policy leak' ''
	only_given '--policy leak' '0 1 2'
}

# A step finds what the command was given, and nothing of this tool.
test_steps_of_run_reach_no_descriptor_of_the_tool()
{
	local fd how
	for how in --no-policy --quiet; do
		for fd in {3..20}; do
			run_of 126 "$how" --dup "$fd:100" true
			expect_err "step 0: dup $fd as 100: Bad file descriptor"
		done
	done
}

# What it lacks it says, or the command runs.
test_run_with_few_descriptors()
{
	local limit how
	for how in --no-policy --quiet; do
		for limit in {3..16}; do
			run sh -c 'ulimit -n "$0"; exec "$@"' "$limit" \
				"$TOOL" run "$how" "$EXIT_WITH" 7
			# shellcheck disable=SC2153 # run sets it
			((STATUS == 7)) && continue
			[[ $STATUS != 0 ]] || fail "$how with $limit: nothing ran, status 0"
			[[ $ERR ]] || fail "$how with $limit: it says nothing"
			[[ ! $ERR =~ ^spawnpol:\ *$ ]] || fail "$how with $limit: it says '$ERR'"
		done
		# the last ones are enough
		expect_status 7
	done
}

test_run_with_rules()
{
	run_of 0 --on open:EISDIR=skip --stdout "$DIR" echo on
	expect_equal "$OUT" on
	run_of 126 --on chdir:ENOENT=skip --stdout "$DIR" --chdir "$DIR/missing" pwd
	expect_err EISDIR
	run_of 0 --on any:any=skip --stdout "$DIR" --chdir "$DIR/missing" echo all
	expect_equal "$OUT" all
}

test_run_searches_a_path()
{
	mkdir "$DIR/a" "$DIR/b"
	printf '#!/bin/sh\necho "b $1"\n' >"$DIR/b/prog"
	chmod +x "$DIR/b/prog"
	run_of 0 --path "$DIR/a:$DIR/missing:$DIR/b" prog x
	expect_equal "$OUT" 'b x'
	run_of 0 --path "$DIR/a:$DIR/missing:$DIR/b" --remember 1m prog x
	run_of 127 --path "$DIR/a" prog
	run_of 127 --path '' true
	# never in the working directory by accident
	cd "$DIR/b" || exit 1
	run_of 127 --path "$DIR/a::" prog
	run_of 0 --path . prog y
	expect_equal "$OUT" 'b y'
	# what may not be executed is remembered
	: >"$DIR/a/prog"
	run_of 126 --path "$DIR/a" prog
	expect_err EACCES
}

test_run_through_the_shell()
{
	echo 'echo "shell $1"' >"$DIR/script"
	chmod +x "$DIR/script"
	run_of 126 --path "$DIR" script x
	expect_err ENOEXEC
	run_of 0 --shell --path "$DIR" script x
	expect_equal "$OUT" 'shell x'
	run_of 0 --shell=/bin/bash "$DIR/script" y
	expect_equal "$OUT" 'shell y'
}

test_run_waits_for_a_busy_program()
{
	cp "$EXIT_WITH" "$DIR/busy"
	run_of 5 "$DIR/busy" 5
	exec 9>>"$DIR/busy"
	run_of 126 "$DIR/busy" 5 9>&-
	expect_err ETXTBSY
	run_of 126 --retry ETXTBSY=2@1ms "$DIR/busy" 5 9>&-
	sleep $((2 * ${SPAWNPOL_SLOWNESS:-1})) &
	exec 9>&-
	# now only sleep has it open for writing
	run_of 5 --retry ETXTBSY=1000@20ms --max-delay 1m "$DIR/busy" 5
}

# in_a_group_of_one ARGUMENT...: run, with these arguments, where no child can be made.
in_a_group_of_one()
{
	run bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$GROUP" "$TOOL" run "$@"
}

# The tool holds signals back when CLONE is issued again. The program has the mask of the
# time when it was submitted.
test_run_of_a_CLONE_that_is_retried_blocks_no_signal()
{
	GROUP=/sys/fs/cgroup/tool_run
	mkdir "$GROUP"
	echo 1 >"$GROUP/pids.max"
	in_a_group_of_one --retry EAGAIN=2@1ms true
	expect_status 1
	expect_err EAGAIN
	run grep SigBlk /proc/self/status
	local mask=$OUT
	(sleep $((1 * ${SPAWNPOL_SLOWNESS:-1})) && echo max >"$GROUP/pids.max") &
	in_a_group_of_one --retry EAGAIN=1000@20ms --max-delay 1m grep SigBlk /proc/self/status
	expect_status 0
	expect_equal "$OUT" "$mask"
	wait
	rmdir "$GROUP"
}

test_run_refuses_rules_that_budgets_make_impossible()
{
	run_of 1 --retry ENOENT=3@4s /nonexistent
	expect_err 'can wait 12s for one step; the budget is 10s'
	expect_err 'try: --max-delay 12s'
	run_of 1 --max-issues 2 --errors posix --path /a:/b:/c true
	expect_err 'try: --max-issues 3'
	# O4: a search of the kernel's is one request
	run_of 127 --max-issues 1 --path /a:/b:/c true
	expect_err ENOENT
	# as much as there is: the error is the real one
	run_of 127 --max-issues 5 --retry ENOENT=2 --path /nowhere:/nor/here:/nor/there true
	expect_err ENOENT
	run_of 127 --max-delay 4ms --retry ENOENT=2@2ms /nonexistent
	expect_err ENOENT
}

test_run_gives_up_at_the_deadline()
{
	mkfifo "$DIR/fifo"
	run_of 126 --deadline 300ms --stdin "$DIR/fifo" cat
	expect_err ETIME
	nothing_is_left
}

# A signal that comes before there is a program.
test_run_interrupted_while_a_step_blocks()
{
	local pid
	mkfifo "$DIR/fifo"
	"$TOOL" run --stdin "$DIR/fifo" cat 2>"$DIR/err" &
	pid=$!
	STARTED+=("$pid")
	sleep $((1 * ${SPAWNPOL_SLOWNESS:-1}))
	kill -TERM "$pid"
	wait "$pid"
	expect_equal $? $((128 + 15))
}

test_run_under_a_loaded_policy()
{
	run "$TOOL" load spawn_policy --name policy --path /bin
	expect_status 0
	run_of 0 --policy policy true
	run_of 127 --policy policy nosuchprogram
	run_of 1 --policy missing true
	expect_err "no policy or actor 'missing' is loaded"
	run_of 0 --object "$BUILD/bpf/spawn_policy.bpf.o" true
	run_of 1 --object "$DIR/missing.bpf.o" true
	expect_err 'cannot read the object file'
	run_of 1 --object policy true
	expect_err 'try: --policy policy, which is loaded'
}

# The debug kernel is slow, and for what the kernel does.
if ((${SPAWNPOL_SLOWNESS:-1} > 1 && $# == 0)); then
	set -- test_run_passes_on_output_and_status \
		test_run_interrupted_while_a_step_blocks
fi
run_tests "$@"
