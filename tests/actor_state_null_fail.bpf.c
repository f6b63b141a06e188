// SPDX-License-Identifier: GPL-2.0
/* There may be no state (A5). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("invalid mem access")
SPAWNPOL_ACTOR(actor_state_null)(struct bpf_iouring_op_ctx *ctx)
{
	__u64 *state = (__u64 *)bpf_iouring_op_state(ctx, 8);

	return *state ? IORING_ACTOR_END : IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
