// SPDX-License-Identifier: GPL-2.0
/*
 * If a program is still open for writing (ETXTBSY), tries it again until it is closed:
 * every 10 ms, for about a second.
 *
 * An example to begin with. The policy has a limit, after which the launcher gets
 * ETXTBSY. Without it, the kernel's budget would end the chain with ETOOMANYREFS.
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
