// SPDX-License-Identifier: GPL-2.0
/* Memory for kernel functions must be writable, which .rodata is not. */
#include "refused.h"

static const char path[] = "/bin/true";

REFUSED("write into map forbidden")
SPAWNPOL_POLICY(stage_literal)(struct bpf_iouring_ctx *ctx)
{
	const char *volatile where = path;

	return bpf_iouring_stage_exec(ctx, where, sizeof(path)) ?
		IORING_VERDICT_CONTINUE : IORING_VERDICT_SUBMIT;
}

SPAWNPOL_LICENSE("GPL");
