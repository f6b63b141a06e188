#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# KERNEL: prod
#
# The example programs do what they say.

. "$(dirname "$0")/lib/tap.sh"

EXAMPLES=$BUILD/examples

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

run_tests "$@"
