// SPDX-License-Identifier: GPL-2.0
/* How much of its state a program uses is a constant (A5). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("is not a const")
SPAWNPOL_ACTOR(actor_state_size)(struct bpf_iouring_op_ctx *ctx)
{
	return bpf_iouring_op_state(ctx, ctx->args[0] & 63) ? IORING_ACTOR_END :
							      IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
