// SPDX-License-Identifier: GPL-2.0
/*
 * Counts how often each operation of any chain fails with which error, and changes
 * nothing. To read the counts:
 *
 *	bpftool map dump name failures
 *
 * It shows a map that is shared by chains which run at the same time: the first chain to
 * need an entry makes it, and all count with atomic additions. It leaves out the names of
 * programs and files that failed, which the tracepoints of the group io_uring_spawn have,
 * and launches that succeed: the event IORING_POLICY_EXECED reports them, at the cost of
 * one run of the policy for each.
 *
 * It returns the verdict PASS, so that the next policy of its slot decides. It does not
 * see failures about which a policy before it decides.
 */
#include "spawnpol_policy.h"

/* Failures of steps that may fail (hard links) are reported too. */
SPAWNPOL_EVENTS(0);

struct failure {
	__u32 opcode;	/* IORING_OP_* */
	__u32 cmd;	/* IORING_CHILD_* of IORING_OP_CHILD */
	__u32 error;	/* errno; 0: a short read or write */
};

/* Preallocated: a new entry needs no memory while a chain runs. */
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
		/* -EEXIST: another chain has made the entry, which is equally good. */
		bpf_map_update_elem(&failures, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&failures, &key);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	return IORING_VERDICT_PASS;
}

SPAWNPOL_LICENSE("GPL");
