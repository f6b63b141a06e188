// SPDX-License-Identifier: GPL-2.0
/* Nor into the context, whose scratch area only the program itself writes (U8). */
#include "refused.h"

REFUSED("dereference of modified ctx ptr")
SPAWNPOL_POLICY(head_context)(struct bpf_iouring_ctx *ctx)
{
	return bpf_iouring_exec_head(ctx, ctx->scratch, sizeof(ctx->scratch)) > 0 ?
		IORING_VERDICT_SKIP : IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
