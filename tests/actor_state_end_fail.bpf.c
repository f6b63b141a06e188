// SPDX-License-Identifier: GPL-2.0
/* A state has the bytes that were asked for (A5). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("invalid access to mem")
SPAWNPOL_ACTOR(actor_state_end)(struct bpf_iouring_op_ctx *ctx)
{
	__u64 *state = (__u64 *)bpf_iouring_op_state(ctx, 8);

	if (state)
		state[1] = 7;
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
