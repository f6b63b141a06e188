// SPDX-License-Identifier: GPL-2.0
/* It does not sleep, as reading user memory may (A2, A5). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("bpf_copy_from_user")
SPAWNPOL_ACTOR(actor_user_memory)(struct bpf_iouring_op_ctx *ctx)
{
	char text[8] = "";

	bpf_copy_from_user(text, sizeof(text), (void *)ctx->args[0]);
	return text[0] ? IORING_ACTOR_END : IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
