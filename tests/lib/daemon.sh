# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For tests of spawnpold: the shell harness, a daemon of the test's own, and
# clients of it, good ones and such as send what no client would.

. "${BASH_SOURCE[0]%/*}/tap.sh"

# shellcheck disable=SC2034 # for the tests
SHOW=$BUILD/tests/helpers/show
CLIENT=$BUILD/spawnpold-client
TALKER=()		# what talk() is started by
SOCKET=''
DAEMON=''

# show_for_all: have SHOW be a program that every user can execute: the checkout can be
# in a directory that is nobody else's business.
show_for_all()
{
	install -m 0755 "$SHOW" "$DIR/show"
	chmod a+x "$DIR"
	SHOW=$DIR/show
}

# start: with so many DESCRIPTORS, if that is set, and so many OTHERS open, which are
# not closed on exec.
start()
{
	SOCKET=$DIR/socket
	: >"$DIR/other"
	(
		ulimit -n "${DESCRIPTORS:-1024}"
		for ((other = 0; other < ${OTHERS:-0}; other++)); do
			# shellcheck disable=SC2034 # it only is open
			exec {fd}<"$DIR/other"
		done
		exec "$BUILD/spawnpold" "$SOCKET"
	) &
	DAEMON=$!
	trap 'kill -KILL $DAEMON 2>/dev/null' EXIT
	until_true test -S "$SOCKET"
}

client() { "$CLIENT" "$@"; }
ask() { run client "$SOCKET" "$@"; }

fds() { daemons_fds | wc -l; }
daemons_fds() { find "/proc/$DAEMON/fd" -mindepth 1 -printf '%f\n'; }
children() { pgrep -P "$DAEMON" | wc -l; }
one_child() { (($(children) == 1)); }
two_children() { (($(children) == 2)); }
no_children() { (($(children) == 0)); }
child_in_step() { pgrep -P "$DAEMON" -x spawnpold >/dev/null; }

# another_client: whose child waits in a step, so that the daemon has its files.
another_client()
{
	mkfifo "$DIR/never"
	client --stdin "$DIR/never" --pass 9:/etc/passwd "$SOCKET" /bin/true &
	until_true one_child
}

# It must still do its work, without descriptors or children too many.
still_well()
{
	ask /bin/sh -c 'exit 42'
	expect_status 42
	until_true no_children
	until_true same_fds
}
same_fds() { (($(fds) == BEFORE)); }

# A seccomp filter of one instruction.
allow_all() { printf '\x06\0\0\0\0\0\xff\x7f'; }

# talk: runs each line of stdin on a connection of its own, as Python with s,
# the socket, send() and request(), a good message; prints the line and the
# kinds of the replies, and with TEXTS their texts.
talk()
{
	cat >"$DIR/talk.py" <<-'END'
	import array, atexit, os, socket, struct, sys, time
	KINDS = "refused", "failed", "running", "ended"
	def request(*words, args=(b"/bin/true",), magic=0x33445053,
	            nr_args=None, nr_options=None, reserved=0, tail=b""):
	    m = struct.pack("IIII", magic,
	                    len(args) if nr_args is None else nr_args,
	                    len(words) if nr_options is None else nr_options,
	                    reserved)
	    for t in [args[0] if args else b"x", *args,
	              *[w.encode() for w in words]]:
	        m += t + b"\0"
	    return m + tail
	def send(m, fds=(0, 1, 2)):
	    s.sendmsg([m], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
	                     array.array("i", fds))] if fds else [])
	# the parent has become a program, which ends when this process does
	def wait_for_sleep():
	    while open("/proc/%d/comm" % os.getppid()).read() != "sleep\n":
	        time.sleep(0.01)
	    atexit.register(os.kill, os.getppid(), 9)
	def replies():
	    while s.fileno() >= 0:
	        try:
	            r = s.recv(4096)
	        except ConnectionResetError:
	            return
	        if not r:
	            return
	        yield KINDS[struct.unpack_from("I", r)[0]]
	        if "TEXTS" in os.environ:
	            yield r[28:].split(b"\0")[0].decode()
	for line in sys.stdin:
	    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	    s.settimeout(1000)
	    s.connect(sys.argv[1])
	    exec(line)
	    print(line.strip(), "->", *replies(), flush=True)
	END
	"${TALKER[@]}" /usr/bin/python3 "$DIR/talk.py" "$SOCKET"
}

# expect_talk REPLIES: to every line of stdin.
expect_talk()
{
	local line
	OUT=$(talk) || fail "after '${OUT##*$'\n'}'"
	[[ $OUT ]] || fail "it said nothing"
	while read -r line; do
		expect_equal "$line" "${line%% ->*} ->${1:+ }$1"
	done <<<"$OUT"
}
