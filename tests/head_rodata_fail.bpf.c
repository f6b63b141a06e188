// SPDX-License-Identifier: GPL-2.0
/* What a file begins with is not written into constants (U8). */
#include "refused.h"

static const char head[64];

REFUSED("write into map forbidden")
SPAWNPOL_POLICY(head_rodata)(struct bpf_iouring_ctx *ctx)
{
	const char *volatile where = head;

	return bpf_iouring_exec_head(ctx, (void *)where, sizeof(head)) > 0 ?
		IORING_VERDICT_SKIP : IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
