// SPDX-License-Identifier: GPL-2.0
/* A program of IORING_OP_BPF comes to an end (A2). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("infinite loop detected")
SPAWNPOL_ACTOR(actor_endless)(struct bpf_iouring_op_ctx *ctx)
{
	volatile __u32 *event = &ctx->event;

	while (*event)
		;
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
