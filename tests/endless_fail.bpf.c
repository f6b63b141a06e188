// SPDX-License-Identifier: GPL-2.0
/* A program comes to an end. */
#include "refused.h"

REFUSED("infinite loop detected")
SPAWNPOL_POLICY(endless)(struct bpf_iouring_ctx *ctx)
{
	volatile __u32 *event = &ctx->event;

	while (*event)
		;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
