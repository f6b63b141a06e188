// SPDX-License-Identifier: GPL-2.0
/* What policies call is not for programs of IORING_OP_BPF (A2). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("calling kernel function bpf_iouring_delay is not allowed")
SPAWNPOL_ACTOR(actor_policy_function)(struct bpf_iouring_op_ctx *ctx)
{
	bpf_iouring_delay((void *)ctx, 1000);
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
