// SPDX-License-Identifier: GPL-2.0
/* A path goes where there is room for it (U8). */
#include "refused.h"

REFUSED("invalid indirect access to stack")
SPAWNPOL_POLICY(path_room)(struct bpf_iouring_ctx *ctx)
{
	char path[16] = "";

	bpf_iouring_step_path(ctx, path, 64);
	return path[0] ? IORING_VERDICT_SKIP : IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
