// SPDX-License-Identifier: GPL-2.0
/* A program of IORING_OP_BPF writes nothing of its context (A2). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("invalid bpf_context access")
SPAWNPOL_ACTOR(actor_write)(struct bpf_iouring_op_ctx *ctx)
{
	ctx->res = 0;
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
