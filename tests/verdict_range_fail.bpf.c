// SPDX-License-Identifier: GPL-2.0
/* Six is no verdict. */
#include "refused.h"

REFUSED("should have been in [0, 5]")
SPAWNPOL_POLICY(verdict)(struct bpf_iouring_ctx *ctx)
{
	return IORING_VERDICT_PASS + 1;
}

SPAWNPOL_LICENSE("GPL");
