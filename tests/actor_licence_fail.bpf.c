// SPDX-License-Identifier: GPL-2.0
/* Kernel functions are for programs under the kernel's licence (A2). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("cannot call kernel function from non-GPL")
SPAWNPOL_ACTOR(actor_licence)(struct bpf_iouring_op_ctx *ctx)
{
	bpf_iouring_op_result(ctx, 1);
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("Proprietary");
