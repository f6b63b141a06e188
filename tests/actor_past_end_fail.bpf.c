// SPDX-License-Identifier: GPL-2.0
/* What comes after its context is kernel memory (A2). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("invalid bpf_context access")
SPAWNPOL_ACTOR(actor_past_end)(struct bpf_iouring_op_ctx *ctx)
{
	volatile __u32 *end = (void *)(ctx + 1);

	return *end ? IORING_ACTOR_END : IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
