// SPDX-License-Identifier: GPL-2.0
/* Fields are not read across their borders: event and flags at once (A2). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("invalid bpf_context access")
SPAWNPOL_ACTOR(actor_across)(struct bpf_iouring_op_ctx *ctx)
{
	volatile __u64 *both = (void *)&ctx->event;

	return *both ? IORING_ACTOR_END : IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
