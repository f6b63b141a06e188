#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: demo.sh
#>
#> The main job, to be seen: a daemon launches programs through io_uring and
#> knows nothing of policies. Without one it cannot find a program by its name. Then
#> the default policy is loaded and attached to its ring from outside, and five spawns
#> follow: for each the decisions taken in the kernel, the one result that user space
#> saw, and how often the launcher was woken. Each is checked: the exit status is 0
#> only if all went as they should.
#>
#> `make run` runs it in the VM. On a patched kernel it can be run as it is, as
#> root.

set -u
. "$(dirname "$0")/lib/common.sh"

BUILD=$TOP/build
SPAWNPOL=$BUILD/spawnpol
CLIENT=$BUILD/spawnpold-client
WRONG=0 CHAINS=0 SHOWN=0
WOKEN=0 PLAIN=''	# how often the launcher was woken, now and with nothing to search

say() { printf '%s\n' "$*"; }
heading() { printf '\n=== %s\n\n' "$*"; }
indent() { sed "s/^/    $1/"; }

# Show a command as it would be typed, and run it.
show()
{
	say "\$ ${*//$BUILD\//}"
	"$@"
}

wrong() { say "    WRONG: $*"; ((++WRONG)); }

# until_true WHAT COMMAND...: try for two minutes.
until_true()
{
	local what=$1 try
	shift
	for ((try = 0; try < 2400; try++)); do
		"$@" && return
		sleep 0.05
	done
	die "$what: not in two minutes"
}

make_programs()
{
	mkdir -p "$D"/{a,b,c,d,out}
	cp /bin/echo "$D/d/greet"
	cp /bin/echo "$D/d/busy"
	# shellcheck disable=SC2016 # it is the script that expands them
	say 'echo "run by ${0##*/}: $1"' >"$D/d/script"
	chmod +x "$D"/d/*
}

start_daemon()
{
	heading "A daemon with a ring. It knows nothing of policies."
	say "\$ spawnpold $SOCKET &"
	"$BUILD/spawnpold" "$SOCKET" &
	DAEMON=$!
	until_true "the daemon's socket" test -S "$SOCKET"
}

attach_policy()
{
	heading "The default policy is loaded and attached from outside."
	show "$SPAWNPOL" load spawn_policy --name default \
		--path "$D/a:$D/b:$D/c:$D/d" \
		--retry ETXTBSY=50@100ms --shell || die "load failed"
	show "$SPAWNPOL" attach default --pid "$DAEMON" || die "attach failed"
}

start_trace()
{
	say "\$ spawnpol trace --pid $DAEMON &"
	"$SPAWNPOL" trace --pid "$DAEMON" >"$D/trace" 2>"$D/trace.err" &
	TRACE=$!
	until_true "the trace" grep -q tracing "$D/trace.err"
}

chains_ended() { (($(grep -c ' end: ' "$D/trace") >= CHAINS)); }

# The lines that the trace has printed since the last call.
take_decisions()
{
	((++CHAINS))
	until_true "the end of the chain in the trace" chains_ended
	tail -n +$((SHOWN + 1)) "$D/trace" >"$D/decisions"
	SHOWN=$(wc -l <"$D/trace")
}

launcher_sleeps() { grep -q '^State:.S' "/proc/$DAEMON/status"; }

# times_woken: since it was started. Each time it sleeps it is woken once.
times_woken()
{
	until_true "the launcher's rest" launcher_sleeps
	sed -n 's/^voluntary_ctxt_switches:[[:blank:]]*//p' "/proc/$DAEMON/status"
}

# ask [--OPTION VALUE] PROGRAM...: let the daemon spawn. Sets STATUS and WOKEN; what the
# client printed is in a file.
ask()
{
	local before
	local -a option=()
	[[ $1 != --* ]] || { option=("$1" "$2"); shift 2; }
	set -- "${option[@]}" "$SOCKET" "$@"
	say "\$ spawnpold-client $*"
	before=$(times_woken)
	"$CLIENT" "$@" >"$D/out/client" 2>&1 </dev/null
	STATUS=$?
	WOKEN=$(($(times_woken) - before))
}

# result STATUS OUTPUT: show what user space saw, and compare: the status, and a text
# that must occur in what the client printed.
result()
{
	say "  in user space: exit status $STATUS, and"
	indent '| ' <"$D/out/client"
	say "  from its client's request to the end the launcher was woken $WOKEN times" \
		"${PLAIN:+(with a path and no policy: $PLAIN)}"
	((STATUS == $1)) || wrong "the status is $STATUS, not $1"
	grep -qF -e "$2" "$D/out/client" || wrong "no '$2' in the output"
}

without_policy()
{
	heading "Without a policy nobody searches for a name: the launcher would have to."
	ask greet hello
	result 126 "no policy"
	say
	ask "$D/d/greet" hello by its path
	result 0 "hello by its path"
	PLAIN=$WOKEN
}

# spawn TITLE STATUS OUTPUT TRACE [--OPTION VALUE] PROGRAM...: let the daemon spawn, show
# what was decided and what came of it, and compare: see result(), and a text that
# must occur in the trace.
spawn()
{
	heading "$1"
	ask "${@:5}"
	take_decisions
	say "  in the kernel:"
	indent '' <"$D/decisions"
	result "$2" "$3"
	grep -qE -e "$4" "$D/decisions" || wrong "no '$4' in the trace"
}

# Keep busy's binary open for writing, as a linker would, until half a second
# after somebody has wanted to execute it.
hold_busy()
{
	(
		exec 9>>"$D/d/busy"
		: >"$D/held"
		until_true "the first ETXTBSY" grep -q ETXTBSY "$D/trace"
		sleep 0.5
	) &
	WRITER=$!
	until_true "the writer" test -e "$D/held"
}

spawn_five()
{
	spawn "1. A name that is in the fourth directory of the PATH" \
		0 "hello from the fourth" "exec $D/d/greet -> ok" \
		greet hello from the fourth directory
	spawn "2. A script without a #! line: ENOEXEC, so the shell runs it" \
		0 "run by script: hello" "exec /bin/sh -> ok" \
		script hello
	hold_busy
	spawn "3. A program that is being written for half a second more: ETXTBSY" \
		0 "free at last" "ETXTBSY => .* after 100 ms" \
		busy free at last
	wait "$WRITER"
	spawn "4. A redirection that cannot be opened: the policy aborts" \
		126 "Is a directory" "EISDIR => abort" \
		--stdout "$D/d" greet never
	spawn "5. A name that exists nowhere: one error after four directories" \
		127 "No such file or directory" "end: ENOENT" \
		nosuchprogram
}

finish()
{
	local left
	heading "What the link has counted; then all is undone."
	show "$SPAWNPOL" list
	kill -INT "$TRACE"
	wait "$TRACE" || wrong "trace ended with status $?"
	TRACE=
	show "$SPAWNPOL" unload --force default || wrong "unload failed"
	kill "$DAEMON"
	wait "$DAEMON" || wrong "the daemon ended with status $?"
	DAEMON=
	left=$("$SPAWNPOL" list)
	[[ $left == 'no policy or actor is loaded' ]] || wrong "left behind: $left"
	[[ ! $(ls /sys/kernel/tracing/instances) ]] ||
		wrong "a trace instance is left behind"
}

what_next()
{
	cat <<-'END'
	To try next:

	    make vm                           a shell in this machine, and in it
	      build/spawnpol run --path /opt/bin:/usr/bin --shell id
	      build/spawnpol help run
	    README.md, "A first policy"       one of ten lines, loaded and attached
	    docs/policies.md                  how policies are written
	    make test                         all tests, on two kernels
	END
}

cleanup()
{
	[[ ! $TRACE ]] || kill "$TRACE"
	[[ ! $DAEMON ]] || kill "$DAEMON"
	rm -rf "$D"
}

main()
{
	[[ ! ${1:-} ]] || { show_help; exit 2; }
	"$SPAWNPOL" probe --quiet ||
		{ "$SPAWNPOL" probe; die "this kernel cannot do it"; }
	DAEMON='' TRACE=''
	D=$(mktemp -d /tmp/demo.XXXX) || exit 1
	SOCKET=$D/socket
	trap cleanup EXIT
	make_programs
	start_daemon
	without_policy
	attach_policy
	start_trace
	spawn_five
	finish
	((WRONG == 0)) || { heading "$WRONG checks FAILED"; exit 1; }
	heading "Five spawns, each as it should be, in $SECONDS seconds."
	what_next
}

main "$@"
