// SPDX-License-Identifier: GPL-2.0
/* WAIT and END are all the verdicts that there are (A2). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("should have been in [0, 1]")
SPAWNPOL_ACTOR(actor_verdict)(struct bpf_iouring_op_ctx *ctx)
{
	return IORING_ACTOR_END + 1;
}

SPAWNPOL_LICENSE("GPL");
