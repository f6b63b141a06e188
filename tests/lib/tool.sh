# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For tests of the tool on a kernel that can: the shell harness, a file system
# for pins that no other program sees, and an end of what a test has started.

# shellcheck disable=SC2034 # for the harness
TIME_LIMIT=240
. "${BASH_SOURCE[0]%/*}/tap.sh"

# shellcheck disable=SC2034 # for the tests
CLIENT=$BUILD/spawnpold-client
TOOL=$BUILD/spawnpol
HELPERS=$BUILD/tests/helpers
PINS=/sys/fs/bpf/spawnpol
STARTED=()		# processes that end with the test

if [[ ! ${OWN_PINS:-} ]]; then
	# shellcheck disable=SC2016 # for the other shell
	OWN_PINS=1 exec unshare -m sh -c 'umount /sys/fs/bpf
		mount -t bpf bpf /sys/fs/bpf && exec "$0" "$@"' "$0" "$@"
fi

clean_up()
{
	((${#STARTED[@]})) && kill -9 "${STARTED[@]}" 2>/dev/null
	# not by unload, which looks at the links of all tests that run
	rm -rf "${PINS:?}"
}
trap clean_up EXIT

# expect_present FEATURE true|false|null
expect_present()
{
	[[ $OUT =~ \"$1\":\ \{[^}]*\"present\":\ ([a-z]*) ]] || fail "no feature $1"
	[[ ${BASH_REMATCH[1]} == "$2" ]] || { show_run; fail "$1 is ${BASH_REMATCH[1]}"; }
}

nothing_is_left() { [[ ! $(ls -A "$PINS" 2>/dev/null) ]] || fail "left: $(ls -R "$PINS")"; }

# start_daemon: sets DAEMON, and SOCKET for its client.
start_daemon()
{
	SOCKET=$DIR/socket
	"$BUILD/spawnpold" "$SOCKET" &
	DAEMON=$!
	STARTED+=("$DAEMON")
	until_true test -S "$SOCKET"
}

# The checks of JSON make no process: they are many, and emulation is slow.
# (tool_host_test.sh has documents parsed.)

# value_of KEY: the first value of that key in OUT, in VALUE, quotes and all. A list is
# put on one line.
value_of()
{
	local text=${OUT//$'\n'/} value='(\[[^]]*\]|"([^"\\]|\\.)*"|[^],}]*)'
	[[ $text =~ \"$1\":\ $value ]] || fail "no '$1' in $OUT"
	VALUE=${BASH_REMATCH[1]}
	[[ $VALUE != '['* ]] || VALUE=${VALUE//  /}
}

# number_of KEY: one of 64 bits, which is written as a string.
number_of()
{
	value_of "$1"
	[[ $VALUE =~ ^\"([0-9]+)\"$ ]] || fail "$1 is no number of 64 bits: $VALUE"
	VALUE=${BASH_REMATCH[1]}
}

# expect_value KEY VALUE...
expect_value()
{
	while (($#)); do
		value_of "$1"
		[[ $VALUE == "$2" ]] || fail "$1 is $VALUE, not $2"
		shift 2
	done
}

# done_by ARGUMENT...: the tool does it.
done_by() { run "$TOOL" "$@"; expect_status 0; }

# refused CAUSE ARGUMENT...: it fails and names the cause.
refused()
{
	local cause=$1
	shift
	run "$TOOL" "$@"
	expect_status 1
	expect_err "$cause"
}

# Sets RING_PID; its rings' descriptors are in $DIR/rings.
hold_rings()
{
	"$HELPERS/hold_rings" "$@" >"$DIR/rings" &
	RING_PID=$!
	STARTED+=("$RING_PID")
	until_true test -s "$DIR/rings"
}

load_default() { done_by load spawn_policy --name "${1:-policy}" --path /nowhere:/bin "${@:2}"; }

# Sets LINK to that of the policy $1 on the ring of process $2.
attach()
{
	done_by attach "$1" --pid "$2" --json "${@:3}"
	value_of link
	LINK=$VALUE
}

# unprivileged ARGUMENT...: the tool, run by nobody, from where nobody can read.
unprivileged()
{
	chmod 755 "$DIR"
	mkdir -p "$DIR/bpf"
	cp "$TOOL" "$DIR/spawnpol"
	cp "$BUILD/bpf/spawn_policy.bpf.o" "$DIR/bpf"
	run setpriv --reuid 65534 --clear-groups --bounding-set -all \
		"$DIR/spawnpol" "$@"
}
