// SPDX-License-Identifier: GPL-2.0
/* Before the context lies kernel memory, too. */
#include "refused.h"

REFUSED("invalid bpf_context access")
SPAWNPOL_POLICY(read_before)(struct bpf_iouring_ctx *ctx)
{
	volatile __u64 *before = (void *)ctx;

	return before[-1] ? IORING_VERDICT_ABORT : IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
