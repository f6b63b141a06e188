#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The options of a launch, as spawnpold does them: each does what it says, wrong
# arguments are refused with the cause and the remedy, and what the kernel refuses is
# told with the step's name. As in daemon_test.sh, the debug kernel is too slow.
#
# KERNEL: prod

. "$(dirname "$0")/lib/daemon.sh"

# shows LINE OPTION...: a program launched so says this line of itself.
shows()
{
	local line=$1
	shift
	run client "$@" "$SOCKET" "$SHOW" 1
	expect_status 0
	[[ $'\n'$OUT$'\n' == *$'\n'"$line"$'\n'* ]] || {
		show_run
		fail "no line '$line' with $*"
	}
}

# shows_not LINE OPTION...
shows_not()
{
	local line=$1
	shift
	run client "$@" "$SOCKET" "$SHOW" 1
	expect_status 0
	[[ $'\n'$OUT$'\n' != *$'\n'"$line"* ]] || fail "a line '$line' with $*"
}

# said KEY: its value in what the program said last.
said() { sed -n "s/^$1 //p" <<<"$OUT"; }

# fails TEXT OPTION...: the launch does.
fails()
{
	local text=$1
	shift
	run client "$@" "$SOCKET" /bin/true
	expect_status 126
	expect_err "$text"
}

test_every_option_is_tested_here()
{
	local option
	run client --help
	while read -r option; do
		[[ $option == help || $option == verbose ]] ||
			grep -qE -- "^	(shows|shows_not|run client) .*--$option( |$)" "$0" ||
			fail "no test of $option"
	done < <(sed -n 's/^  --\([a-z0-9-]*\).*/\1/p' <<<"$OUT")
}

test_options_of_files()
{
	start
	shows 'fd0 stays /etc/passwd' --stdin /etc/passwd
	shows 'fd5 stays /etc/passwd' --open 5:read:/etc/passwd
	shows 'fd5 stays /dev/null' --dup 0:5
	shows 'fd5 stays /etc/passwd' --pass 5:/etc/passwd
	shows 'fd5 stays /etc/passwd' --pass 5:@9 9</etc/passwd
	shows_not fd0 --close 0
	shows_not fd5 --open 5:read:/etc/passwd --close-range 5:5
	shows_not fd5 --open 5:read:/etc/passwd --close-range 5
	shows 'fd6 stays /dev/null' --dup 0:5 --dup 0:6 --close-except 0,1,2,6
	shows_not fd5 --dup 0:5 --dup 0:6 --close-except 0,1,2,6
	shows_not fd5 --dup 0:5 --cloexec 5
	shows 'fd5 stays /etc/passwd' --open 5:read,cloexec:/etc/passwd --no-cloexec 5
	run client --append-stdout "$DIR/log" --append-stderr "$DIR/log" "$SOCKET" /bin/sh -c 'echo a; echo b >&2'
	run client --append-stdout "$DIR/log" "$SOCKET" /bin/echo c
	expect_equal "$(<"$DIR/log")" $'a\nb\nc'
	shows 'cwd /usr' --fchdir /usr
	shows 'cwd /usr' --chdir /usr
	shows $'Umask:\t0027' --umask 27
	mkdir "$DIR/jail"
	cp "$SHOW" "$DIR/jail/show"
	run client --chroot "$DIR/jail" "$SOCKET" /show 1
	expect_status 0
	run client --stdout "$DIR/a:b" --stderr "$DIR/err" "$SOCKET" /bin/sh -c 'echo a; echo b >&2'
	expect_status 0
	expect_equal "$(cat "$DIR/a:b" "$DIR/err")" $'a\nb'
	run client --open "5:write,new:$DIR/a:b" "$SOCKET" /bin/true
	expect_status 126
	expect_err 'File exists'
}

# What is passed has its number from the beginning, and others make room.
test_numbers_of_files()
{
	start
	shows 'fd4 stays /etc/passwd' --pass 4:/etc/passwd --fchdir /usr
	expect_equal "$(said cwd)" /usr
	shows 'fd3 stays /etc/passwd' --fchdir /usr --pass 3:/etc/passwd
	expect_equal "$(said cwd)" /usr
	shows 'fd3 stays /etc/group' --pass 4:/etc/passwd --pass 3:/etc/group
	expect_out 'fd4 stays /etc/passwd'
	shows 'fd6 stays /etc/passwd' --dup 5:6 --pass 5:/etc/passwd
	# files that are only named keep out of the way of numbers in options
	shows 'fd3 stays /etc/passwd' --open 3:read:/etc/passwd --fchdir /usr
	expect_equal "$(said cwd)" /usr
	shows 'fd0 stays /etc/passwd' --pass 0:/etc/passwd
	shows 'fd1023 stays /etc/passwd' --pass 1023:/etc/passwd
	# it is not there twice
	shows_not fd6 --pass 5:/etc/passwd --dup 3:6 --may-fail
	run client --pass 5:/etc/passwd --pass 5:/etc/group "$SOCKET" /bin/true
	expect_status 125
	expect_err "--pass: '5:FILE' is not possible. Open FILE for reading and pass it"
	run client --pass 1024:/etc/passwd "$SOCKET" /bin/true
	expect_status 125
	expect_err "--pass: '1024:FILE' is not possible."
	# without a step before it
	run client --pass 5:/etc/passwd --may-fail "$SOCKET" /bin/true
	expect_status 125
	expect_err 'there is no step before it'
}

test_options_of_sessions()
{
	start
	shows 'subreaper 1' --subreaper
	shows 'cwd /' --setsid --chdir /
	expect_equal "$(said sid)" "$(said pid)"
	shows 'cwd /' --setpgid 0 --chdir /
	expect_equal "$(said pgid)" "$(said pid)"
	shows $'SigBlk:\t0000000000004002' --sigmask INT,SIGTERM
	shows $'SigIgn:\t0000000000000001' --sigignore 1
	shows $'SigIgn:\t0000000000000000' --sigignore HUP --sigdefault all
}

test_options_of_terminals()
{
	local tty
	start
	exec {tty}< <(exec /usr/bin/python3 -uc 'import os, pty, select
m, s = pty.openpty()
print(os.ttyname(s))
reader = select.poll()
reader.register(1, 0)
reader.poll()')	# until nobody reads what it writes
	read -r -u "$tty" name
	run client --setsid --open "5:both:$name" --tcsetpgrp 5 "$SOCKET" /bin/true
	expect_status 0
	fails 'tcsetpgrp 0: Inappropriate ioctl' --tcsetpgrp 0:1
}

test_options_of_credentials()
{
	local caps=(--capset chown:chown:chown)
	show_for_all
	start
	shows $'Groups:\t5 6 ' --setgroups 5,6
	shows $'Groups:\t ' --setgroups none
	shows $'Gid:\t1\t2\t2\t2' --setresgid 1:2:3
	shows $'Uid:\t1\t1\t1\t1' --setresuid 1
	shows $'Uid:\t1\t0\t0\t0' --setresuid 1:-
	shows $'CapInh:\t0000000000000001' --capset chown:chown:chown
	shows $'CapAmb:\t0000000000000001' "${caps[@]}" --ambient chown
	shows $'CapAmb:\t0000000000000000' "${caps[@]}" --ambient chown --clear-ambient
	shows $'CapEff:\t0000000000000001' --keep-caps --setresuid 1000 "${caps[@]}" --ambient chown
	shows_not $'CapBnd:\t000001ffffffffff' --drop-bounding chown
	shows 'securebits 3' --securebits noroot,noroot-locked
	shows 'nnp 1' --no-new-privs
	shows 'dumpable 0' --undumpable
	shows 'pdeathsig 15' --death-signal TERM
	allow_all >"$DIR/filter"
	shows $'Seccomp:\t2' --no-new-privs --seccomp "$DIR/filter"
}

test_landlock()
{
	start
	cat >"$DIR/ruleset.py" <<-'END'
	import ctypes, os, sys
	WRITE_FILE = (1 << 1).to_bytes(8, "little")
	fd = ctypes.CDLL(None).syscall(444, WRITE_FILE, 8, 0)
	os.dup2(fd, 9)
	os.execv(sys.argv[1], sys.argv[1:])
	END
	run /usr/bin/python3 "$DIR/ruleset.py" \
		"$CLIENT" --no-new-privs --landlock @9 "$SOCKET" \
		/bin/sh -c "echo x >$DIR/x"
	expect_status 2
	expect_err 'Permission denied'
	run client --landlock /dev/null "$SOCKET" /bin/true
	expect_err 'landlock 3: File descriptor in bad state'
}

test_options_of_limits()
{
	start
	shows 'nofile 64 128' --rlimit nofile:64:128
	shows 'nofile 64 64' --rlimit nofile:64
	run client --rlimit fsize:1M:unlimited "$SOCKET" /bin/sh -c 'ulimit -f; ulimit -Hf'
	expect_equal "$OUT" $'2048\nunlimited'
	shows 'nice 5' --nice 5
	shows 'nice -5' --nice -5
	shows 'policy 3' --sched batch
	shows 'policy 1' --sched fifo:10
	shows 'policy 6' --sched-deadline 1ms:5ms:10ms
	shows $'Cpus_allowed_list:\t1' --affinity 1
	shows $'Cpus_allowed_list:\t0-1' --affinity 0-1
	shows 'ioprio 16387' --ioprio best-effort:3
	shows 'oom_score_adj 100' --oom-score-adj 100
	shows 'timerslack 5000000' --timer-slack 5ms
}

has_own_uts() { [[ $(readlink "/proc/$1/ns/uts") != "$(readlink /proc/self/ns/uts)" ]]; }

test_options_of_namespaces()
{
	local other own cgroup=$DIR/cgroup
	start
	own=$(readlink /proc/self/ns/uts)
	shows_not "uts $own" --unshare uts
	shows_not "uts $own" --namespaces uts,pid
	expect_equal "$(said pid)" 1
	coproc unshare --uts cat
	# shellcheck disable=SC2153 # it is coproc's
	other=$COPROC_PID
	until_true has_own_uts "$other"
	shows "uts $(readlink "/proc/$other/ns/uts")" --setns "uts:/proc/$other/ns/uts"
	fails 'setns 3: Invalid argument' --setns "net:/proc/$other/ns/uts"
	shows 'pid 31999' --set-tid 31999
	mkdir "$cgroup"
	mount -t cgroup2 none "$cgroup" || skip "no cgroups of version 2"
	mkdir "$cgroup/spawnpold"
	shows 'cgroup 0::/spawnpold' --cgroup "$cgroup/spawnpold"
	fails 'clone: ' --cgroup /usr
	rmdir "$cgroup/spawnpold"
	umount "$cgroup"
}

test_options_of_launching()
{
	start
	shows 'cwd /usr' --chdir /usr --close 77 --may-fail --chdir /no --may-fail
	shows 'cwd /' --deadline 1000s --cookie 0x10 --slot 1 --chdir /
	run client --program /no/other --program /bin/true "$SOCKET" /no/program
	expect_status 0
	run client --program-fd /bin/true "$SOCKET" /no/program
	expect_status 0
	run client --search true:/no:/bin "$SOCKET" /no/program
	expect_status 0
	run client --search true "$SOCKET" /no/program
	expect_status 0
	run client --search true:/no:/etc "$SOCKET" /no/program
	expect_status 127
	run client --env A=b --env PATH=x --env A=c=d "$SOCKET" /usr/bin/env
	[[ $'\n'$OUT == *$'\nPATH=x\n'*$'\nA=c=d' ]] || fail "$OUT"
	run client --clear-env --env A=b "$SOCKET" /usr/bin/env
	expect_equal "$OUT" 'A=b'
	run client --need-policy "$SOCKET" /bin/true
	expect_err 'spawnpold-client: clone: no policy is attached'
	mkfifo "$DIR/fifo"
	run client --deadline 200ms --stdin "$DIR/fifo" "$SOCKET" /bin/true
	expect_status 126
	expect_err 'the deadline has passed'
}

test_refused_steps_have_names_and_numbers()
{
	start
	fails 'step 0, close 77: Bad file descriptor' --close 77
	fails 'step 1, chroot /no: No such file' --setsid --chroot /no
	# descriptors are no steps, nor is what makes the child
	fails 'step 0, fchdir 3: Not a directory' --pass 5:/etc/passwd --deadline 1000s --fchdir /etc/passwd
	fails 'step 0, fchdir 3: Not a directory' --fchdir /etc/passwd
	fails 'setpgid 31998: ' --setpgid 31998
	fails 'affinity: Invalid argument' --affinity 1000
	fails 'sched: Invalid argument' --sched-deadline 9ms:5ms:10ms
	fails 'capset: Operation not permitted' --capset none:none:none --capset chown:chown:chown
	fails 'prctl 47: Operation not permitted' --capset none:chown:none --ambient chown
	fails 'setresuid: Operation not permitted' --setresuid 1 --setresuid 0
	fails 'unshare: Operation not permitted' --setresuid 1 --unshare net
	fails 'spawnpold-client: clone: a process with the chosen pid exists' --set-tid 1
}

# Neither the daemon's descriptors nor those of its other clients are there.
test_steps_reach_no_descriptors_of_others()
{
	local fd
	local -a tries=()
	OTHERS=100 start
	another_client
	for fd in $(daemons_fds); do
		((fd <= 2)) || tries+=(--dup "$fd:200" --may-fail)
	done
	((${#tries[@]} > 300)) || fail "the daemon has few descriptors: ${tries[*]}"
	shows 'fd200 stays /dev/null' "${tries[@]}" --dup 0:200
	shows_not fd200 "${tries[@]}"
	for fd in 3 4 9 50; do
		fails "step 0, dup $fd as 1: Bad file descriptor" --dup "$fd:1"
		fails "step 0, close $fd: Bad file descriptor" --close "$fd"
		fails 'step 0, cloexec' --no-cloexec "$fd"
	done
}

# complaints: each line of stdin is an option with arguments, | and a part of what
# the daemon has to say about it.
complaints()
{
	local line nr=0
	local -a wanted=()
	while IFS='|' read -r line "wanted[nr]"; do
		printf 'send(request("""%s"""))\n' "$line"
		((++nr))
	done >"$DIR/talk"
	nr=0
	while read -r line; do
		[[ $line == *' -> refused '*"${wanted[nr]}"* ]] ||
			fail "no '${wanted[nr]}' in $line"
		((++nr))
	done < <(TEXTS=1 talk <"$DIR/talk")
	expect_equal "$nr" "$(wc -l <"$DIR/talk")"
}

# Those with arguments miss them, those without take none.
test_each_option_complains()
{
	start
	# --a-b FD:PATH of the help is a_b in a request
	client --help | sed -nE '/^Files:/,$ {
		/^  --/!d
		s/^  --//
		h
		s/ .*//
		s/-/_/g
		G
		s/^([a-z0-9_]+)\n([a-z0-9-]+) ([A-Z,.=]+).*/\1|--\2: \3 is missing; say Q--\2 /p
		s/^([a-z0-9_]+)\n([a-z0-9-]+)$/\1 x|--\2: it takes no value, not QxQ/p
	}' | sed "s/Q/'/g" >"$DIR/options"
	(($(wc -l <"$DIR/options") > 55)) || fail "too few options"
	complaints <"$DIR/options"
}

test_wrong_arguments_are_explained()
{
	start
	complaints <<-'END'
	unmask 22|there is no option 'unmask' (did you mean umask?); --help
	|there is no option ''
	umask 9|--umask: MASK '9' is wrong; say '--umask MASK', where MASK is an octal number, at most 777
	umask 1000|at most 777
	umask |MASK '' is wrong
	umask 22 |MASK '22 ' is wrong
	close -1|FD '-1' is wrong
	close 2147483648|a number from 0 to 2147483647
	close 99999999999999999999|FD '9999
	open 1:read|PATH is missing; say '--open FD:FLAGS:PATH'
	open 1:reed:/x|FLAGS 'reed' is wrong; say '--open FD:FLAGS:PATH', where FLAGS is none, or some of read, write
	open 1:read,:/x|FLAGS 'read,' is wrong
	open 1:read:|PATH '' is wrong
	dup 1|TO is missing
	dup 1:2:3|TO '2:3' is wrong
	pass 5:2|'2' is not the place of a file
	pass 5:3|'3' is not the place
	landlock x|'x' is not the place
	fchdir 4294967299|its files have the places from 3 on
	cgroup 3|'3' is not the place
	close_range 5:4|LAST is not below FIRST
	close_except 1,,2|FD,... '1,,2' is wrong
	chdir |PATH '' is wrong
	setpgid -1|PGID '-1' is wrong
	sigmask FOO|SIGNAL,... 'FOO' is wrong
	sigmask 65|signals as in INT,TERM, or all, or none
	sigmask 0|is wrong
	sigignore KILL|'KILL' is not possible. Ignore signals. KILL and STOP
	death_signal RTMIN+99|SIGNAL 'RTMIN+99' is wrong
	setgroups users|getent group
	setresuid root|id NAME
	setresuid 4294967295|REAL '4294967295' is wrong
	setresgid 1:2:x|SAVED 'x' is wrong
	capset chown:chwon:none|PERMITTED 'chwon' is wrong
	capset chown:chown|INHERITABLE is missing
	ambient none|CAPABILITY 'none' is wrong
	drop_bounding cap_chown|where CAPABILITY is one of chown,
	securebits x|noroot-locked
	seccomp 06|FILE is wrong
	seccomp 06000000zz00ff7f|classic BPF
	rlimit files:1|RESOURCE 'files' is wrong; say '--rlimit RESOURCE:SOFT[:HARD]'
	rlimit nofile|SOFT is missing
	rlimit nofile:2:1|is not possible. Set a resource limit
	rlimit as:1T|also with K, M or G
	rlimit as:99999999999G|is wrong
	nice 20|a number from -20 to 19
	nice -21|NICE '-21' is wrong
	nice --5|is wrong
	sched fair|one of other, batch, idle, fifo, rr
	sched rr:100|from 0 to 99
	sched_deadline 1:2|RUNTIME '1' is wrong
	affinity 1024|below 1024
	affinity 3-1|is wrong
	affinity none|is wrong
	ioprio idle:8|LEVEL '8' is wrong
	oom_score_adj 1001|from -1000 to 1000
	timer_slack 5|as in 10ms
	unshare uts,vm|some of mnt, uts
	setns uts|FILE is missing
	namespaces all|is wrong
	set_tid x|PID,... 'x' is wrong
	env =x|a name, = and a value
	env x|NAME=VALUE 'x' is wrong
	search :/bin|NAME '' is wrong; say '--search NAME[:PATH]'
	search x:|PATH '' is wrong
	deadline soon|TIME 'soon' is wrong
	slot 16|from 0 to 15
	cookie x|a number of 64 bits
	cookie 0x10000000000000000|is wrong
	may_fail|there is no step before it; put it after one
	END
}

test_the_client_names_files_it_cannot_open()
{
	run client --setns uts:/no/file "$DIR/socket" /bin/true
	expect_status 2
	expect_err 'spawnpold-client: --setns uts:/no/file: No such file or directory'
	run client --pass 5:@99 "$DIR/socket" /bin/true
	expect_status 2
	expect_err 'Bad file descriptor'
	run client --pass 5:@x "$DIR/socket" /bin/true
	expect_err 'Invalid argument'
	run client --pass 1:@0 --pass 1:@0 --pass 1:@0 --pass 1:@0 --pass 1:@0 --pass 1:@0 "$DIR/socket" /bin/true
	expect_status 2
	expect_err 'Argument list too long'
}

run_tests "$@"
