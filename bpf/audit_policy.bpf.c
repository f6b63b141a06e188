// SPDX-License-Identifier: GPL-2.0
/*
 * Count what fails, change nothing: how often each operation of any chain has
 * ended with which error. Read the counts with
 *
 *	bpftool map dump name failures
 *
 * It shows a map shared by chains that run side by side: entries are made by
 * whoever comes first and counted with atomic additions. It leaves out the
 * names of what failed; the tracepoints of the group io_uring_spawn have them.
 * It leaves out launches that succeed, too: IORING_POLICY_EXECED tells of each, which
 * costs a run for each.
 *
 * It has no opinion, so it passes each question to the next policy of its slot. One
 * that is attached before it can keep failures from it.
 */
#include "spawnpol_policy.h"

/* A failure the link rules forgive is reported like any other. */
SPAWNPOL_EVENTS(0);

struct failure {
	__u32 opcode;	/* IORING_OP_* */
	__u32 cmd;	/* IORING_CHILD_* of IORING_OP_CHILD */
	__u32 error;	/* errno; 0: a short read or write */
};

/* Preallocated, as a program that can sleep wants it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct failure);
	__type(value, __u64);
} failures SEC(".maps");

SPAWNPOL_POLICY(audit_policy)(struct bpf_iouring_ctx *ctx)
{
	struct failure key = {
		.opcode = ctx->opcode,
		.cmd = ctx->cmd,
		.error = ctx->res < 0 ? -ctx->res : 0,
	};
	__u64 *count, zero = 0;

	count = bpf_map_lookup_elem(&failures, &key);
	if (!count) {
		/* -EEXIST: another chain was faster, which is as good. */
		bpf_map_update_elem(&failures, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&failures, &key);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	return IORING_VERDICT_PASS;
}

SPAWNPOL_LICENSE("GPL");
