// SPDX-License-Identifier: GPL-2.0
/* What programs of IORING_OP_BPF call is not for policies (A2). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("calling kernel function bpf_iouring_op_result is not allowed")
SPAWNPOL_POLICY(policy_actor_function)(struct bpf_iouring_ctx *ctx)
{
	bpf_iouring_op_result((void *)ctx, 1);
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
