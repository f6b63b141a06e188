// SPDX-License-Identifier: GPL-2.0
/*
 * A policy that stages an UMASK for a failed EXEC and nothing for a failed NOP, and tells
 * what STAGED is about: tests/tool_dry_run_test.sh
 */
#include "spawnpol_policy.h"

SPAWNPOL_EVENTS(IORING_POLICY_DONE);

static int stage_umask(struct bpf_iouring_ctx *ctx)
{
	struct io_uring_sqe sqe = {};

	sqe.opcode = SPAWNPOL_OP_CHILD;
	sqe.len = IORING_CHILD_UMASK;
	sqe.user_data = 9;
	return bpf_iouring_stage_sqe(ctx, &sqe, sizeof(sqe));
}

SPAWNPOL_POLICY(told_staged)(struct bpf_iouring_ctx *ctx)
{
	if (ctx->event == IORING_POLICY_DONE)
		return IORING_VERDICT_RETRY;
	if (ctx->event == IORING_POLICY_FAILED) {
		if (ctx->opcode == SPAWNPOL_OP_EXEC)
			stage_umask(ctx);
		return IORING_VERDICT_SUBMIT;
	}
	if (ctx->staged_opcode != SPAWNPOL_OP_CHILD ||
	    ctx->staged_cmd != IORING_CHILD_UMASK)
		return IORING_VERDICT_ABORT;
	ctx->scratch[0] = ctx->staged_user_data;
	return IORING_VERDICT_SKIP;
}

SPAWNPOL_LICENSE("GPL");
