// SPDX-License-Identifier: GPL-2.0
/*
 * A program that is still open for writing, which is ETXTBSY, is tried again until it
 * is closed: every 10 ms, for about a second.
 *
 * An example to begin with. The bound is the policy's own: when it is reached, the
 * launcher is told ETXTBSY, whereas the kernel's budget would end the chain with
 * ETOOMANYREFS.
 */
#include <spawnpol_policy.h>

SPAWNPOL_EVENTS(0);

#define TRIES		100
#define PAUSE_NS	10000000

SPAWNPOL_POLICY(wait_busy)(struct bpf_iouring_ctx *ctx)
{
	if (ctx->opcode != SPAWNPOL_OP_EXEC || ctx->res != -ETXTBSY)
		return IORING_VERDICT_CONTINUE;
	if (ctx->attempt > TRIES)
		return IORING_VERDICT_CONTINUE;
	bpf_iouring_delay(ctx, PAUSE_NS);
	return IORING_VERDICT_RETRY;
}

SPAWNPOL_LICENSE("GPL");
