// SPDX-License-Identifier: GPL-2.0
/* A negative errno is no verdict either, though kernel functions return one. */
#include "refused.h"

REFUSED("should have been in [0, 5]")
SPAWNPOL_POLICY(errno)(struct bpf_iouring_ctx *ctx)
{
	return bpf_iouring_delay(ctx, 1000);
}

SPAWNPOL_LICENSE("GPL");
