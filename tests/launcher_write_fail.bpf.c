// SPDX-License-Identifier: GPL-2.0
/* Who launches is told, not made up (U8). */
#include "refused.h"

REFUSED("invalid bpf_context access")
SPAWNPOL_POLICY(launcher_write)(struct bpf_iouring_ctx *ctx)
{
	ctx->cgroup_id = 1;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
