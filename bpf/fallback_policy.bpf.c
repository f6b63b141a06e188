// SPDX-License-Identifier: GPL-2.0
/*
 * If a redirection cannot be opened, opens /dev/null instead: the program starts without
 * its log rather than not at all.
 *
 * It shows how to stage a request in place of one that failed, how to use the result of
 * the staged request, and how to keep a value meanwhile.
 *
 * It leaves out the flags of the original open: it opens /dev/null for reading and writing,
 * and the descriptor stays open in the program.
 */
#include "spawnpol_policy.h"

SPAWNPOL_EVENTS(0);

/* The word of the scratch area that has the error of the original open. */
#define ORIGINAL_ERROR	0

static int open_null(struct bpf_iouring_ctx *ctx)
{
	/* on the stack: the kernel function requires writable memory */
	char path[] = "/dev/null";
	struct io_uring_sqe sqe = {
		.opcode = SPAWNPOL_OP_CHILD,
		.len = IORING_CHILD_OPEN,
		.fd = AT_FDCWD,
		.off = ctx->off,	/* the descriptor of the original open */
		.open_flags = O_RDWR,
	};

	ctx->scratch[ORIGINAL_ERROR] = ctx->res;
	if (bpf_iouring_stage_child(ctx, &sqe, sizeof(sqe), path, sizeof(path)))
		return IORING_VERDICT_CONTINUE;
	return IORING_VERDICT_SUBMIT;
}

SPAWNPOL_POLICY(fallback_policy)(struct bpf_iouring_ctx *ctx)
{
	if (ctx->opcode != SPAWNPOL_OP_CHILD || ctx->cmd != IORING_CHILD_OPEN)
		return IORING_VERDICT_CONTINUE;
	if (ctx->event == IORING_POLICY_FAILED)
		return open_null(ctx);
	/*
	 * The staged request has ended, and its result is now the step's: if it
	 * succeeded, the chain goes on. If it failed, report the error of the file that
	 * the launcher requested.
	 */
	if (ctx->event == IORING_POLICY_STAGED && ctx->res < 0)
		bpf_iouring_set_result(ctx, ctx->scratch[ORIGINAL_ERROR]);
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
