// SPDX-License-Identifier: GPL-2.0
/* Fields are not read across their borders: pid and flags at once. */
#include "refused.h"

REFUSED("invalid bpf_context access")
SPAWNPOL_POLICY(read_across)(struct bpf_iouring_ctx *ctx)
{
	volatile __u64 *both = (void *)&ctx->flags;

	return *both ? IORING_VERDICT_ABORT : IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
