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
