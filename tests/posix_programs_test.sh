#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# KERNEL: prod
# ALONE: tracepoints are switched by changing code, and QEMU 7.2 may get that
# wrong where another processor is running it.
#
# Programs that nobody here wrote launch theirs through the engine, unchanged:
# with libspawnpol-posix.so preloaded they do what they do without it, and nothing
# is left to libc's own functions. That it was the engine, the kernel tells.

TIME_LIMIT=300
. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/interposer.sh"

LIBRARY=$BUILD/libspawnpol-posix.so
TRACING=/sys/kernel/tracing/instances/posix_programs_test

# launched COMMAND...: run it with the library. NR is how many programs the engine
# started for it; what libc had to start is a failure.
launched()
{
	rmdir "$TRACING" 2>/dev/null
	mkdir "$TRACING" || fail "no tracing"
	echo 1 >"$TRACING/events/io_uring_spawn/io_uring_spawn_end/enable"
	run env LD_PRELOAD="$LIBRARY" SPAWNPOL_DEBUG=1 "$@"
	NR=$(grep -c 'io_uring_spawn_end: .* res=0 ' "$TRACING/trace")
	rmdir "$TRACING"
	[[ $ERR != *libspawnpol-posix* ]] || { show_run; fail "libc was needed"; }
}

# as_without COMMAND...: the same with the library as without: status and output.
as_without()
{
	local status out err

	run "$@"
	status=$STATUS out=$OUT err=$ERR
	launched "$@"
	expect_equal "$STATUS" "$status"
	expect_equal "$OUT" "$out"
	expect_equal "$ERR" "$err"
}

at_least() { ((NR >= $1)) || { show_run; fail "the engine started only $NR programs"; }; }

# A program of four files and a library in a directory of its own.
make_tree()
{
	local i

	mkdir -p "$DIR/tree/lib"
	cd "$DIR/tree" || exit 1
	for i in 1 2 3; do
		echo "int f$i(void) { return $i; }" >"lib/f$i.c"
	done
	echo 'int f1(void), f2(void), f3(void);
	int main(void) { return f1() + f2() + f3() - 6; }' >main.c
	# shellcheck disable=SC2016 # make's variables
	printf '%s\n' 'prog: main.o lib/lib.a; $(CC) -o $@ $^' \
		'lib/lib.a: FORCE; $(MAKE) -C lib lib.a' 'FORCE:' >Makefile
	# shellcheck disable=SC2016
	printf '%s\n' 'lib.a: f1.o f2.o f3.o' '	$(AR) rcs $@ $^' \
		'	echo "made $@" | sed s/made/have/' >lib/Makefile
}

test_make_builds_a_tree()
{
	make_tree
	launched make -j4 CFLAGS=-O0
	expect_status 0
	expect_out 'have lib.a'
	# cc four times, ar, a shell, make and the linking; and cc's own programs
	at_least 8
	./prog || fail "what was built does not work"
}

# Errors are told in the same words, and stop the same things.
test_make_tells_of_failures()
{
	cd "$DIR" || exit 1
	echo 'not executable' >text
	mkdir directory
	printf '%s\n' 'all: missing denied directory' \
		'missing: ; missing-program --version' 'denied: ; ./text' \
		'is-dir: ; ./directory' 'fails: ; exit 3' >Makefile
	for target in missing denied is-dir fails all; do
		as_without make -k --no-print-directory "$target"
		expect_status 2
	done
}

# SPAWNPOL_INHERIT=0: make has the library, its commands do not.
test_make_alone_has_the_library()
{
	local other=/lib/x86_64-linux-gnu/libm.so.6

	cd "$DIR" || exit 1
	# shellcheck disable=SC2016 # the command's variable
	printf '%s\n' "all: ; @env | sed -n 's/^LD_PRELOAD=/had /p'; echo done" >Makefile
	launched make
	expect_equal "$OUT" "had $LIBRARY"$'\n'done
	at_least 1
	launched SPAWNPOL_INHERIT=0 make
	expect_equal "$OUT" "done"
	at_least 1
	run env SPAWNPOL_INHERIT=0 LD_PRELOAD="$other $LIBRARY" make
	expect_equal "$OUT" "had $other"$'\n'done
	run env SPAWNPOL_INHERIT=1 LD_PRELOAD="$LIBRARY:$other" make
	expect_equal "$OUT" "had $LIBRARY:$other"$'\n'done
}

# subprocess uses posix_spawn where it need not close descriptors.
test_python_subprocess()
{
	cat >"$DIR/script.py" <<-'END'
		import subprocess, sys
		for i in range(20):
		    done = subprocess.run(["/bin/sh", "-c", "read a; echo $a; echo err >&2; exit 7"],
		        close_fds=False, input="word\n", text=True, capture_output=True)
		    assert (done.returncode, done.stdout, done.stderr) == (7, "word\n", "err\n"), done
		try:
		    subprocess.run(["/nonexistent"], close_fds=False)
		except FileNotFoundError as error:
		    print(error)
		out = subprocess.check_output("exit 0; echo no", shell=True, close_fds=False)
		sys.exit(len(out))
	END
	as_without python3 "$DIR/script.py"
	expect_status 0
	expect_out "[Errno 2] No such file or directory: '/nonexistent'"
	at_least 21
}

test_python_posix_spawn()
{
	cat >"$DIR/script.py" <<-'END'
		import os, signal, sys
		path = sys.argv[1]
		def end_of(pid):
		    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
		pid = os.posix_spawn("/bin/sh", ["sh", "-c", "echo $0 $V; cat <&5; kill -TERM $$", "zero"],
		    {"V": "env", "PATH": os.environ["PATH"]},
		    file_actions=[(os.POSIX_SPAWN_OPEN, 1, path, os.O_WRONLY | os.O_CREAT, 0o600),
		                  (os.POSIX_SPAWN_OPEN, 5, "/proc/self/comm", os.O_RDONLY, 0),
		                  (os.POSIX_SPAWN_CLOSE, 0)],
		    setpgroup=0, setsid=False, setsigmask=[signal.SIGUSR1], setsigdef=[signal.SIGTERM],
		    scheduler=(None, os.sched_param(0)))
		print(end_of(pid), open(path).read().split())
		print(end_of(os.posix_spawnp("true", ["true"], os.environ, resetids=True)))
		for wrong in ("/nonexistent", "/", path):
		    try:
		        os.posix_spawn(wrong, ["x"], {})
		    except OSError as error:
		        print(error)
	END
	as_without python3 "$DIR/script.py" "$DIR/out"
	expect_status 0
	expect_out "-15 ['zero', 'env',"
	expect_out '[Errno 13] Permission denied'
	at_least 2
}

# ninja makes process groups, and changes signals.
test_ninja()
{
	local i

	cd "$DIR" || exit 1
	# shellcheck disable=SC2016 # ninja's variables
	printf '%s\n' 'rule copy' '  command = cat $in >$out && echo $in' \
		'rule fail' '  command = missing-program' >build.ninja
	echo start >f0
	for i in {1..20}; do
		echo "build f$i: copy f$((i < 5 ? 0 : i - 4))" >>build.ninja
	done
	echo 'build wrong: fail f0' >>build.ninja
	launched ninja -j4 f20 f19 f18 f17
	expect_status 0
	at_least 20
	expect_equal "$(<f20)" start
	as_without ninja wrong
	expect_status 1
}

# The standard library of Rust uses it for all simple commands.
test_rust()
{
	cd "$DIR" || exit 1
	touch a.x b.x c.x
	launched fdfind -j2 -e x -x echo got
	expect_status 0
	expect_equal "$(sort <<<"$OUT" | tr '\n' ' ')" 'got ./a.x got ./b.x got ./c.x '
	at_least 3
	as_without fdfind -j1 -e x -x missing-program
}

# Another library that stands in for posix_spawn is not passed over, wherever it is.
test_other_libraries_are_called()
{
	make_interposer "$DIR/other.so"
	make_spawner "$DIR/spawner"
	LIBRARY="$DIR/other.so $LIBRARY" launched "$DIR/spawner"
	expect_status 0
	expect_equal "$ERR" "$OTHERS_WORDS"
	at_least 2
	run env LD_PRELOAD="$LIBRARY $DIR/other.so" SPAWNPOL_DEBUG=1 \
		SPAWNPOL_POLICY=/sys/fs/bpf/any "$DIR/spawner"
	expect_status 0
	expect_equal "$(grep other: <<<"$ERR")" "$OTHERS_WORDS"
	expect_err 'true: another library has this function, too'
	# a policy that is asked for does not get lost in silence
	expect_equal "$(grep -c 'programs run without the policy' <<<"$ERR")" 1
}

run_tests "$@"
