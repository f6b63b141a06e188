#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# spawnpol-reference(7) and spawnpol-actor(7) list what there is: compared with the
# kernel's lists.

. "$(dirname "$0")/lib/tap.sh"

PAGE=$TOP/docs/spawnpol-reference.7
KERNEL=$TOP/kernel-patches/files
UAPI=$KERNEL/include/uapi/linux/io_uring_spawn.h

# words_of PATTERN: those of the page, sorted.
words_of() { grep -oE "$1" "$PAGE" | sort -u; }

# both NAME: the lists $DIR/kernel and $DIR/page are the same, and not empty.
both()
{
	[[ -s $DIR/kernel ]] || fail "no $1 in the kernel's files"
	run diff -u --label kernel --label page "$DIR/kernel" "$DIR/page"
	((!STATUS)) || { show_run; fail "the page has other $1"; }
}

# members_of ENUM: the constants of an enum of the kernel's header.
members_of() { sed -n "/^enum $1 {/,/^}/s/^\t\(IORING_[A-Z_]*\).*/\1/p" "$UAPI" | sort -u; }

# All that programs of either kind can call.
functions()
{
	sed -n -e 's/^BTF_ID\(_FLAGS\)\?(func, \(bpf_[a-z0-9_]*\).*/\2/p' \
		-e 's/^\tcase BPF_FUNC_\([a-z0-9_]*\):/bpf_\1/p' \
		"$KERNEL/io_uring/bpf_verify.c" | sort -u
}

test_functions()
{
	functions | grep -v '^bpf_iouring_op_' >"$DIR/kernel"
	words_of '\bbpf_[a-z0-9_]+' | grep -v '^bpf_iouring_ctx$' >"$DIR/page"
	both functions
}

test_events_and_verdicts()
{
	members_of bpf_iouring_event >"$DIR/kernel"
	words_of '\bIORING_POLICY_[A-Z_]+' | grep -v _F_ >"$DIR/page"
	both events
	members_of bpf_iouring_ctx_flags >"$DIR/kernel"
	words_of '\bIORING_POLICY_F_[A-Z_]+' >"$DIR/page"
	both flags
	members_of bpf_iouring_verdict >"$DIR/kernel"
	words_of '\bIORING_VERDICT_[A-Z_]+' >"$DIR/page"
	both verdicts
}

test_context()
{
	sed -n '/^struct bpf_iouring_ctx {/,/^}/s/^\t__[us][0-9]*\t\([a-z_]*\).*/\1/p' "$UAPI" |
		grep -vx resv | sort -u >"$DIR/kernel"
	sed -n '/^\.SH CONTEXT/,/^Bits of/p' "$PAGE" |
		sed -n '/^\.TP/{n;s/^\.IR\? //;s/[",]//g;p}' | tr -s ' ' '\n' | sort -u >"$DIR/page"
	both 'fields of the context'
}

test_commands()
{
	members_of io_uring_child_cmd | grep -v _LAST >"$DIR/kernel"
	words_of '\bIORING_CHILD_[A-Z_]+' >"$DIR/page"
	both commands
}

test_operations()
{
	sed -n 's/^\t\[IORING_OP_\([A-Z0-9_]*\)\].*/\1/p' "$KERNEL/io_uring/step.c" |
		sort -u >"$DIR/kernel"
	sed -n '/^These operations can be staged/,/^CHILD/p' "$PAGE" | tail -n +2 |
		grep -oE '[A-Z][A-Z0-9_]+' | sort -u >"$DIR/page"
	both operations
}

test_actors()
{
	PAGE=$TOP/docs/spawnpol-actor.7
	functions | grep '^bpf_iouring_op_' >"$DIR/kernel"
	words_of '\bbpf_[a-z0-9_]+' | grep -v '^bpf_iouring_op_ctx$' >"$DIR/page"
	both functions
	members_of bpf_iouring_op_event >"$DIR/kernel"
	members_of bpf_iouring_op_verdict >>"$DIR/kernel"
	members_of bpf_iouring_op_flags >>"$DIR/kernel"
	sort -u -o "$DIR/kernel" "$DIR/kernel"
	words_of '\bIORING_ACTOR_[A-Z_]+' >"$DIR/page"
	both 'events, verdicts and flags'
	sed -n '/^struct bpf_iouring_op_ctx {/,/^}/s/^\t__[us][0-9]*\t\([a-z_]*\).*/\1/p' "$UAPI" |
		sort -u >"$DIR/kernel"
	sed -n '/^\.SH CONTEXT/,/^Bits of/p' "$PAGE" |
		sed -n '/^\.TP/{n;s/^\.IR\? //;s/[",]//g;p}' | tr -s ' ' '\n' | sort -u >"$DIR/page"
	both 'fields of the context'
}

run_tests "$@"
