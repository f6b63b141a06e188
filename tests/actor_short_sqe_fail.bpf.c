// SPDX-License-Identifier: GPL-2.0
/* The size given must be there (A3). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("leads to invalid memory access")
SPAWNPOL_ACTOR(actor_short_sqe)(struct bpf_iouring_op_ctx *ctx)
{
	char half[32] = {};

	return bpf_iouring_op_stage(ctx, half, 64) ? IORING_ACTOR_END :
						     IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
