// SPDX-License-Identifier: GPL-2.0
/*
 * A redirection that cannot be opened becomes one to /dev/null: the program
 * starts without its log rather than not at all.
 *
 * It shows how to stage a request in place of one that has failed, how to take
 * its result when it has ended, and how to remember something meanwhile.
 *
 * It leaves out the flags of the original open, which a policy is not told:
 * /dev/null is opened for reading and writing and stays open in the program.
 */
#include "spawnpol_policy.h"

SPAWNPOL_EVENTS(0);

/* The word of the scratch area with the error of the original open. */
#define ORIGINAL_ERROR	0

static int open_null(struct bpf_iouring_ctx *ctx)
{
	/* on the stack, because the kernel wants writable memory */
	char path[] = "/dev/null";
	struct io_uring_sqe sqe = {
		.opcode = SPAWNPOL_OP_CHILD,
		.len = IORING_CHILD_OPEN,
		.fd = AT_FDCWD,
		.off = ctx->off,	/* the number it was to have */
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
	 * What was staged has ended, and its result is the step's now: the chain
	 * goes on as if nothing had happened. If even that failed, the launcher
	 * wants to know what was wrong with the file it asked for.
	 */
	if (ctx->event == IORING_POLICY_STAGED && ctx->res < 0)
		bpf_iouring_set_result(ctx, ctx->scratch[ORIGINAL_ERROR]);
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
