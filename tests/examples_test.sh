#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# KERNEL: prod
#
# The example programs do what they say.

. "$(dirname "$0")/lib/tap.sh"

EXAMPLES=$BUILD/examples/launcher

test_pipeline()
{
	OUT=$(printf '%s\n' b a b c b | "$EXAMPLES/pipeline") || fail "status $?"
	expect_equal "${OUT//$'\n'/,}" '      1 a,      1 c,      3 b'
}

test_drop_privileges()
{
	# shellcheck disable=SC2016 # the spawned shell expands it
	run "$EXAMPLES/drop_privileges" 1000 1001 /bin/sh -c \
		'echo "$(id -u) $(id -g) $(id -G) $(umask) $(pwd)"
		grep -E "CapEff|NoNewPrivs|NSsid" /proc/self/status'
	expect_status 0
	expect_out '1000 1001 1001 0027 /'
	expect_out $'CapEff:\t0000000000000400'
	expect_out $'NoNewPrivs:\t1'
	run "$EXAMPLES/drop_privileges" 1000 1001 /nonexistent
	expect_status 1
	expect_err '/nonexistent: No such file'
}

test_sandbox()
{
	# shellcheck disable=SC2016 # the spawned shell expands it
	run "$EXAMPLES/sandbox" /bin/sh -c 'echo "I am $$"
		touch /tmp/file 2>/dev/null && echo touched
		id -u; readlink /proc/self/ns/net'
	expect_status 0
	expect_out 'I am 1'
	expect_out '65534'
	expect_out 'net:['
	[[ $OUT != *touched* ]] || fail "it could write"
	[[ $OUT != *"$(readlink /proc/self/ns/net)"* ]] || fail "it has our network"
}

test_thousand()
{
	run "$EXAMPLES/thousand" "$BUILD/tests/helpers/quit"
	expect_status 0
	expect_out '1000 started, 1000 succeeded'
	run "$EXAMPLES/thousand" /nonexistent
	expect_status 1
	expect_out '0 started, 0 succeeded'
}

# What run does has no input.
run_with_input()
{
	# shellcheck disable=SC2016 # the shell that is run expands it
	run sh -c '"$1" <"$2"' sh "$EXAMPLES/epoll" "$1"
}

test_epoll()
{
	cat >"$DIR/lines" <<-'EOF'
	true
	no_such_program
	false

	  echo   out
	EOF
	run_with_input "$DIR/lines"
	expect_status 1
	expect_equal "$(grep -c ': running as' <<<"$OUT")" 3
	expect_equal "$(grep -c ': exited with 0' <<<"$OUT")" 2
	expect_equal "$(grep -c ': exited with 1' <<<"$OUT")" 1
	expect_equal "$(grep -c ': exec .*: No such file' <<<"$OUT")" 1
	grep -qx out <<<"$OUT" || fail "echo has not run"
	echo true >"$DIR/lines"
	run_with_input "$DIR/lines"
	expect_status 0
	expect_out ': exited with 0'
}

test_epoll_whose_last_line_has_no_newline()
{
	printf 'true\nfalse' >"$DIR/lines"
	run_with_input "$DIR/lines"
	expect_status 1
	expect_equal "$(grep -c ': exited with' <<<"$OUT")" 2
}

# It reads on while programs run, and their ends come as they end.
test_epoll_while_programs_run()
{
	local pid
	mkfifo "$DIR/first" "$DIR/lines"
	"$EXAMPLES/epoll" <"$DIR/lines" >"$DIR/out" &
	pid=$!
	exec 7>"$DIR/lines"
	echo "cat $DIR/first" >&7
	echo "false" >&7
	until_true grep -q 'exited with 1' "$DIR/out"
	expect_equal "$(grep -c 'exited with' "$DIR/out")" 1
	: >"$DIR/first"
	until_true grep -q 'exited with 0' "$DIR/out"
	exec 7>&-
	wait "$pid"
	expect_equal $? 1
}

test_copy()
{
	export SPAWNPOL_OBJECTS=$BUILD/bpf
	head -c 3000001 /dev/urandom >"$DIR/from"
	run "$EXAMPLES/copy" "$DIR/from" "$DIR/to"
	expect_status 0
	cmp "$DIR/from" "$DIR/to" || fail "the copy is another file"
	run "$EXAMPLES/copy" "$DIR/from" /dev/full
	expect_status 1
	expect_err 'copying: No space left'
}

test_wrapped_ring()
{
	run "$EXAMPLES/wrapped_ring" seq 3
	expect_status 0
	expect_equal "$OUT" $'1\n2\n3'
	# shellcheck disable=SC2016 # the spawned shell expands it
	run "$EXAMPLES/wrapped_ring" sh -c 'echo out; kill -TERM $$'
	expect_status $((128 + 15))
	expect_equal "$OUT" out
	run "$EXAMPLES/wrapped_ring" sh -c 'seq 50000; exit 4'
	expect_status 4
	expect_equal "$(tail -n 1 <<<"$OUT")" 50000
	run "$EXAMPLES/wrapped_ring" /nonexistent
	expect_status 1
	expect_err '/nonexistent: No such file'
}

test_step_by_step()
{
	printf '%s\n' 'cd /nonexistent' 'cd /dev' 'umask 027' 'jump' 'run no_such_program' \
		"run $DIR/script x" 'run true' >"$DIR/lines"
	# shellcheck disable=SC2016 # the script expands it
	printf '#!/bin/sh\necho "$1 $(pwd) $(umask)"; exit 9\n' >"$DIR/script"
	chmod +x "$DIR/script"
	# shellcheck disable=SC2016 # the shell that is run expands it
	run sh -c '"$1" <"$2"' sh "$EXAMPLES/step_by_step" "$DIR/lines"
	expect_status 9
	expect_out 'cd: chdir /nonexistent: No such file'
	expect_equal "$(grep -c ': waiting as child' <<<"$OUT")" 2
	expect_out 'jump: Invalid argument'
	expect_out '/no_such_program: No such file'
	expect_out 'run: running as'
	grep -qx 'x /dev 0027' <<<"$OUT" || fail "the program was another one"
	echo 'cd /' >"$DIR/lines"
	# shellcheck disable=SC2016 # the shell that is run expands it
	run sh -c '"$1" <"$2"' sh "$EXAMPLES/step_by_step" "$DIR/lines"
	expect_status 0
}

test_pool()
{
	# shellcheck disable=SC2016 # the spawned shell expands it
	run "$EXAMPLES/pool" 6 sh -c '[ "$(ps -o sid= -p $$ | tr -d " ")" = $$ ] && echo ok'
	expect_status 0
	expect_equal "$(grep -c '^ok$' <<<"$OUT")" 6
	expect_err ' made ahead, '
	expect_equal "$(($(grep -oE '[0-9]+ (made|when)' <<<"$ERR" | cut -d' ' -f1 | paste -sd+)))" 6
	run "$EXAMPLES/pool" 1 /nonexistent
	expect_status 1
	expect_err '/nonexistent: No such file'
}

# The policy that searches: first in one directory, then in another.
test_search_dirs()
{
	# shellcheck disable=SC2016 # the other shell expands it
	run unshare -m sh -c 'mount -t tmpfs none /opt && mkdir /opt/bin &&
		printf "#!/bin/sh\necho from /opt\n" >/opt/bin/uname && chmod +x /opt/bin/uname &&
		for name in uname id nothing_like_it /usr/bin/uname; do
			"$1/spawnpol" run --object "$1/examples/policy/search_dirs.bpf.o" $name
			echo "status $?"
		done' sh "$BUILD"
	expect_equal "${OUT//$'\n'/,}" \
		"from /opt,status 0,$(id),status 0,status 127,$(uname),status 0"
	expect_err 'nothing_like_it: step 0: exec /usr/bin/nothing_like_it: No such file'
}

run_tests "$@"
