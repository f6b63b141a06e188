// SPDX-License-Identifier: GPL-2.0
/* Scratch memory holds no addresses: dry runs show it. See policy_pointer_test.c. */
#include "refused.h"

REFUSED("leaks addr into ctx")
SPAWNPOL_POLICY(scratch_leak)(struct bpf_iouring_ctx *ctx)
{
	ctx->scratch[0] = (__u64)ctx;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
