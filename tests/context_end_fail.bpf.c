// SPDX-License-Identifier: GPL-2.0
/* Behind the context lies kernel memory. */
#include "refused.h"

REFUSED("invalid bpf_context access")
SPAWNPOL_POLICY(read_past_end)(struct bpf_iouring_ctx *ctx)
{
	volatile __u64 *end = (void *)(ctx + 1);

	return *end ? IORING_VERDICT_ABORT : IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
