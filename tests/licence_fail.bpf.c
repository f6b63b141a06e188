// SPDX-License-Identifier: GPL-2.0
/* Kernel functions are for programs under the kernel's licence. */
#include "refused.h"

REFUSED("cannot call kernel function from non-GPL")
SPAWNPOL_POLICY(proprietary)(struct bpf_iouring_ctx *ctx)
{
	bpf_iouring_delay(ctx, 1000);
	return IORING_VERDICT_RETRY;
}

SPAWNPOL_LICENSE("Proprietary");
