// SPDX-License-Identifier: GPL-2.0
/*
 * A file that cannot be opened is replaced by another one, say a log by
 * /dev/null. Which one the launcher says: the cookie of its CLONE request is
 * the address of the path; without a cookie nothing is replaced.
 *
 * It shows how to stage a request, how to take its result when it has ended,
 * and how to remember something meanwhile. Memory that a request points to is
 * the launcher's, which the child shares: a program cannot supply any.
 *
 * It leaves out the flags of the original open, which a policy is not told:
 * the replacement is opened for reading and writing.
 */
#include "spawnpol_policy.h"

SPAWNPOL_EVENTS(0);

/* Word of the scratch area: the error of the original open. */
#define ORIGINAL_ERROR	0

static int open_fallback(struct bpf_iouring_ctx *ctx)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = ctx->cookie,
		.open_flags = O_RDWR,
	};

	ctx->scratch[ORIGINAL_ERROR] = ctx->res;
	if (bpf_iouring_stage_sqe(ctx, &sqe, sizeof(sqe)))
		return IORING_VERDICT_CONTINUE;
	return IORING_VERDICT_SUBMIT;
}

SPAWNPOL_POLICY(fallback_policy)(struct bpf_iouring_ctx *ctx)
{
	if (ctx->opcode != IORING_OP_OPENAT || !ctx->cookie)
		return IORING_VERDICT_CONTINUE;
	if (ctx->event == IORING_POLICY_FAILED)
		return open_fallback(ctx);
	/*
	 * The replacement's descriptor is the step's result now, and the chain
	 * goes on as if nothing had happened. If it could not be opened either,
	 * the launcher wants to know what was wrong with the file it asked for.
	 */
	if (ctx->event == IORING_POLICY_STAGED && ctx->res < 0)
		bpf_iouring_set_result(ctx, ctx->scratch[ORIGINAL_ERROR]);
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
