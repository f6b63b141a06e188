// SPDX-License-Identifier: GPL-2.0
/* Of the context only the scratch area can be written. */
#include "refused.h"

REFUSED("invalid bpf_context access")
SPAWNPOL_POLICY(write_result)(struct bpf_iouring_ctx *ctx)
{
	ctx->res = 0;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
