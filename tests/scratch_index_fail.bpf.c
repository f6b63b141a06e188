// SPDX-License-Identifier: GPL-2.0
/* An index that is not known makes an offset that is not. */
#include "refused.h"

REFUSED("variable ctx access")
SPAWNPOL_POLICY(scratch_by_index)(struct bpf_iouring_ctx *ctx)
{
	volatile __u64 *words = ctx->scratch;

	words[ctx->step & 7] = 1;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
