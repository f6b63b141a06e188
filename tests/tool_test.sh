#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# ALONE: unload looks at, and so holds for a moment, the links of the whole system.
#
# The tool on a kernel that can: policies loaded, attached to rings of other
# processes, listed, exchanged and taken away again, and what is left then.

. "$(dirname "$0")/lib/tool.sh"

test_probe_reports_every_feature()
{
	done_by probe --json
	expect_value supported true
	[[ $OUT != *'"present": false'* && $OUT != *'"present": null'* ]] || fail "$OUT"
	[[ $OUT =~ '"tool": '([0-9]+)[^}]*'"kernel": '([0-9]+) ]] || fail "no abi"
	expect_equal "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
	expect_out '"exec"'
	done_by probe
	expect_out '--max-delay       10s     300s'
	[[ $OUT != *'why not'* ]] || fail "$OUT"
}

test_probe_without_file_systems()
{
	run unshare -m bash -c "umount /sys/fs/bpf; umount /sys/kernel/tracing; '$TOOL' probe --json"
	expect_status 0
	expect_present bpffs false
	expect_out '"remedy": "mount -t bpf bpf /sys/fs/bpf"'
	expect_present tracefs false
	expect_present tracepoints null
}

test_probe_unprivileged()
{
	unprivileged probe --json
	expect_status 0
	expect_present prog_type null
	expect_present cap_bpf false
	expect_present op_exec true
}

test_load_list_unload()
{
	done_by load spawn_policy --name policy --json
	expect_value name '"policy"' program '"spawn_policy"'
	[[ -e $PINS/policy/prog && -e "$PINS"/policy/map-config ]] ||
		fail "not pinned: $(ls -R "$PINS")"
	done_by list policy --json
	expect_value name '"policy"' links '[]'
	done_by unload policy
	nothing_is_left
}

test_list_of_one_policy()
{
	load_default
	load_default other
	hold_rings 1
	attach policy "$RING_PID"
	done_by list other --json
	expect_value name '"other"' links '[]'
	[[ $OUT != *'"name": "policy"'* ]] || fail "another one, too: $OUT"
	refused "no policy or actor 'missing' is loaded" list missing
}

test_load_under_a_name_that_is_taken()
{
	local before
	load_default
	before=$(ls -R "$PINS")
	refused "a policy or actor 'policy' is loaded already" load spawn_policy --name policy
	expect_err 'unload policy'
	expect_err 'spawnpol update'
	expect_equal "$(ls -R "$PINS")" "$before"
}

test_load_without_the_file_system()
{
	run unshare -m bash -c "umount /sys/fs/bpf; '$TOOL' load spawn_policy"
	expect_status 1
	expect_err 'mount -t bpf'
}

test_load_what_the_verifier_refuses()
{
	refused 'the kernel refuses' load "$BUILD/tests/verdict_range_fail.bpf.o" --name bad
	[[ $ERR == *R0* || $ERR == *processed* ]] || fail "no verifier's log: $ERR"
	run "$TOOL" load "$BUILD/tests/verdict_range_fail.bpf.o" --name bad --json
	value_of log
	[[ $VALUE == *processed* ]] || fail "no log: $OUT"
	nothing_is_left
}

test_load_unprivileged()
{
	unprivileged load spawn_policy
	expect_status 1
	expect_err 'as root'
	nothing_is_left
}

test_loaders_at_once_under_one_name()
{
	local i loaded=0
	local -a pids=()
	for i in {1..8}; do
		"$TOOL" load spawn_policy --name one 2>/dev/null >"$DIR/$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" && ((++loaded))
	done
	expect_equal "$loaded" 1
	expect_equal "$(ls -A "$PINS")" one
	[[ -e $PINS/one/prog && -e "$PINS"/one/map-config ]] || fail "it is not whole"
	done_by unload one
	nothing_is_left
}

test_loaders_and_unloaders_at_once()
{
	local i
	for i in {1..6}; do
		{ "$TOOL" load spawn_policy --name "p$i" && "$TOOL" unload "p$i"; } \
			>"$DIR/out$i" 2>&1 &
	done
	wait
	for i in {1..6}; do
		[[ $(<"$DIR/out$i") == *"unloaded p$i" ]] || fail "$(<"$DIR/out$i")"
	done
	nothing_is_left
}

test_loaders_that_are_killed()
{
	local i pid
	for i in {1..8}; do
		"$TOOL" load spawn_policy --name "k$i" >/dev/null 2>&1 &
		pid=$!
		sleep "0.$((i * 3 % 6))$((i % 7))"
		kill -9 "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	# the next command that changes something tidies up
	load_default tidy
	for i in "$PINS"/*; do
		[[ -e $i/prog && -e $i/map-config ]] || fail "${i##*/} is not whole"
	done
}

test_attach_finds_the_only_ring()
{
	load_default
	start_daemon
	attach policy "$DAEMON"
	expect_value policy '"policy"' slot 0 events '["before-exec","clone"]' pid "$DAEMON"
	[[ -e $PINS/policy/link-$LINK ]] || fail "the link is not pinned"
	run "$CLIENT" "$SOCKET" true
	expect_status 0
	run "$CLIENT" "$SOCKET" nosuchprogram
	expect_status 127
	done_by list policy --json
	expect_value link "$LINK" policy '"policy"' gone false pid "$DAEMON"
	number_of submit
	((VALUE > 0)) || fail "no verdict was counted: $OUT"
	done_by list policy
	expect_out "of process $DAEMON"
	done_by detach "$LINK"
	run "$CLIENT" "$SOCKET" true
	((STATUS == 125 || STATUS == 126)) || { show_run; fail "found without a policy"; }
	done_by unload policy
	nothing_is_left
}

test_attach_to_rings_that_are_not_there()
{
	load_default
	sleep 100 &
	STARTED+=($!)
	refused 'has no descriptor of an io_uring' attach policy --pid $!
	refused 'there is no process' attach policy --pid 4194000
	refused "no policy or actor 'missing' is loaded" attach missing --pid $!
	hold_rings 1
	refused 'has no descriptor 77' attach policy --pid "$RING_PID" --fd 77
	refused 'is not an io_uring' attach policy --pid "$RING_PID" --fd 1
	done_by unload policy
	nothing_is_left
}

test_attach_to_one_of_several_rings()
{
	load_default
	hold_rings 3
	refused "has 3 rings, as descriptors $(<"$DIR/rings")" attach policy --pid "$RING_PID"
	attach policy "$RING_PID" --fd "$(cut -d, -f1 <"$DIR/rings")"
	done_by list
	expect_out "of process $RING_PID"
}

test_a_duplicate_is_no_other_ring()
{
	load_default
	hold_rings 1 2
	attach policy "$RING_PID"
}

test_attach_to_a_slot_that_has_it()
{
	load_default
	hold_rings 1
	attach policy "$RING_PID" --slot 3
	refused 'slot 3' attach policy --pid "$RING_PID" --slot 3
	expect_err EEXIST
	attach policy "$RING_PID" --slot 4
	expect_value slot 4
}

test_attach_with_budgets_and_events()
{
	load_default
	hold_rings 1
	attach policy "$RING_PID" --events 'done' --max-issues 7 --max-staged 2 --max-delay 1.5s
	done_by list policy --json
	OUT=${OUT#*'"links":'}
	expect_value events '["done"]' max_issues 7 max_staged 2 max_delay_ns '"1500000000"'
	refused E2BIG attach policy --pid "$RING_PID" --slot 1 --max-issues 4000000000
	expect_err 'try: --max-issues 65536'
	refused E2BIG attach policy --pid "$RING_PID" --slot 1 --max-delay 400s
	expect_err '--max-delay 400s is above'
	expect_err 'try: --max-delay 300s'
	expect_equal "$(echo "$PINS"/policy/link-*)" "$PINS/policy/link-$LINK"
}

test_attach_unprivileged()
{
	load_default
	hold_rings 1
	# as systemd mounts it
	chmod 700 /sys/fs/bpf
	unprivileged attach policy --pid "$RING_PID"
	expect_status 1
	expect_err "cannot open $PINS: Permission denied"
	expect_err 'as root'
}

# The pin and the link go their own ways when the ring does.
test_a_ring_that_goes_away()
{
	load_default
	load_default other
	hold_rings 1
	attach policy "$RING_PID"
	kill -9 "$RING_PID"
	wait "$RING_PID" 2>/dev/null
	ring_is_gone() { "$TOOL" list policy --json | grep -q '"gone": true'; }
	until_true ring_is_gone
	done_by list policy
	expect_out 'its ring is gone'
	refused ENOLINK update "$LINK" other
	[[ -e $PINS/policy/link-$LINK ]] || fail "the pin has moved all the same"
	done_by detach "$LINK"
	[[ ! -e "$PINS"/policy/link-$LINK ]] || fail "the pin is still there"
	hold_rings 1
	attach policy "$RING_PID"
	kill -9 "$RING_PID"
	wait "$RING_PID" 2>/dev/null
	until_true ring_is_gone
	# a dead link is no reason to keep a policy
	done_by unload policy
	done_by unload other
	nothing_is_left
}

test_attach_races_with_the_end_of_the_process()
{
	local i
	load_default
	for i in {1..8}; do
		hold_rings 1
		"$TOOL" attach policy --pid "$RING_PID" >/dev/null 2>"$DIR/err" &
		sleep "0.0$((i % 10))"
		kill -9 "$RING_PID"
		wait 2>/dev/null
		[[ $(<"$DIR/err") != *'cannot pin'* ]] || fail "$(<"$DIR/err")"
		: >"$DIR/rings"
	done
	all_gone() { ! "$TOOL" list policy --json | grep -q '"gone": false'; }
	until_true all_gone
	done_by unload policy
	nothing_is_left
}

test_update_exchanges_the_policy()
{
	load_default
	done_by load spawn_policy --name empty --path ''
	start_daemon
	attach policy "$DAEMON"
	run "$CLIENT" "$SOCKET" true
	expect_status 0
	done_by update "$LINK" empty
	[[ -e $PINS/empty/link-$LINK && ! -e "$PINS"/policy/link-$LINK ]] ||
		fail "the pin has not moved"
	run "$CLIENT" "$SOCKET" true
	expect_status 127
	done_by update "link-$LINK" policy
	run "$CLIENT" "$SOCKET" true
	expect_status 0
	refused "no policy or actor 'missing'" update "$LINK" missing
	refused 'there is no link' update 4000000000 policy
}

test_update_tells_of_events_that_will_be_missed()
{
	load_default
	done_by load hello_policy
	hold_rings 1
	attach policy "$RING_PID" --events 'done'
	done_by update "$LINK" policy --json
	expect_value events_missing '["before-exec","clone"]'
}

test_unload_while_attached()
{
	load_default
	start_daemon
	attach policy "$DAEMON"
	refused "'policy' is attached to 1 ring" unload policy
	expect_err "detach $LINK"
	run "$CLIENT" "$SOCKET" true
	expect_status 0
	done_by unload --force policy
	run "$CLIENT" "$SOCKET" true
	((STATUS)) || fail "it is still attached"
	nothing_is_left
}

test_unload_and_detach_of_nothing()
{
	refused "no policy or actor 'missing' is loaded" unload missing
	refused 'there is no link 4000000000' detach 4000000000
	# where there is nothing, a list of it is no help
	refused "no policy or actor 'missing' is loaded, nor any other" list missing
	expect_err 'try: spawnpol load OBJECT'
	load_default
	refused "no policy or actor 'missing' is loaded: " list missing
	expect_err 'try: spawnpol list'
}

test_several_programs_in_one_object()
{
	command -v clang >/dev/null || skip "no clang"
	cat >"$DIR/two.c" <<-'END'
	__attribute__((section("iouring.s/spawn"), used)) int first(void *c) { return 0; }
	__attribute__((section("iouring.s/spawn"), used)) int second(void *c) { return 4; }
	char l[] __attribute__((section("license"), used)) = "GPL";
	END
	clang -O2 -g -target bpf -c "$DIR/two.c" -o "$DIR/two.bpf.o" || fail "cannot compile"
	refused 'has 2 programs' load "$DIR/two.bpf.o"
	done_by load "$DIR/two.bpf.o" --function second --json
	expect_value name '"two"' program '"second"'
}

test_names_on_completion()
{
	load_default first
	load_default second
	OUT=$(
		PATH=$BUILD:$PATH
		eval "$(spawnpol completion bash)"
		COMP_WORDS=(spawnpol unload '') COMP_CWORD=2 COMPREPLY=()
		_spawnpol
		printf '%s\n' "${COMPREPLY[@]}" | sort | xargs
	)
	expect_equal "$OUT" 'first second'
}

# The debug kernel is slow, and for what the kernel does.
if ((${SPAWNPOL_SLOWNESS:-1} > 1 && $# == 0)); then
	set -- test_probe_reports_every_feature \
		test_attach_finds_the_only_ring test_a_ring_that_goes_away \
		test_attach_races_with_the_end_of_the_process
fi
run_tests "$@"
