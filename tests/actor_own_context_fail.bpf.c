// SPDX-License-Identifier: GPL-2.0
/* The context is the one that the kernel has made (A2). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("expected pointer to ctx")
SPAWNPOL_ACTOR(actor_own_context)(struct bpf_iouring_op_ctx *ctx)
{
	struct bpf_iouring_op_ctx own = {};

	bpf_iouring_op_result(&own, ctx->res);
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
