// SPDX-License-Identifier: GPL-2.0
/* The size given must be there. */
#include "refused.h"

REFUSED("leads to invalid memory access")
SPAWNPOL_POLICY(short_sqe)(struct bpf_iouring_ctx *ctx)
{
	char half[32] = {};

	return bpf_iouring_stage_sqe(ctx, half, 64) ?
		IORING_VERDICT_CONTINUE : IORING_VERDICT_SUBMIT;
}

SPAWNPOL_LICENSE("GPL");
