// SPDX-License-Identifier: GPL-2.0
/* User memory is read by requests only (A5). */
#include "refused.h"
#include "spawnpol_op.h"

REFUSED("cannot use helper bpf_probe_read_user")
SPAWNPOL_ACTOR(actor_user_probe)(struct bpf_iouring_op_ctx *ctx)
{
	char text[8] = "";

	bpf_probe_read_user(text, sizeof(text), (void *)ctx->args[0]);
	return text[0] ? IORING_ACTOR_END : IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
