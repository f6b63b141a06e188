// SPDX-License-Identifier: GPL-2.0
/* A policy does not wait for memory that somebody else provides (K7). */
#include "refused.h"

REFUSED("cannot use helper bpf_copy_from_user")
SPAWNPOL_POLICY(user_memory)(struct bpf_iouring_ctx *ctx)
{
	char text[8] = "";

	bpf_copy_from_user(text, sizeof(text), (void *)ctx->user_data);
	return text[0] ? IORING_VERDICT_SKIP : IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
