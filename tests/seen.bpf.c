// SPDX-License-Identifier: GPL-2.0
/* Decides by what a policy sees of a step, for tests of dry runs. */
#include "spawnpol_policy.h"

SPAWNPOL_EVENTS(0);

static __always_inline int by_head(struct bpf_iouring_ctx *ctx)
{
	char head[8] = "";
	int len = bpf_iouring_exec_head(ctx, head, sizeof(head));

	ctx->scratch[0] = len;
	if (len < 4 || bpf_strncmp(head, 4, "\x7f" "ELF"))
		return IORING_VERDICT_CONTINUE;
	return IORING_VERDICT_SKIP;
}

static __always_inline int by_path(struct bpf_iouring_ctx *ctx)
{
	char path[16] = "";

	ctx->scratch[0] = bpf_iouring_step_path(ctx, path, sizeof(path));
	ctx->scratch[1] = ctx->path_flags;
	ctx->scratch[2] = ctx->path_mode;
	ctx->scratch[3] = ctx->path_resolve;
	ctx->scratch[4] = ctx->ring_id;
	ctx->scratch[5] = ctx->cgroup_id;
	ctx->scratch[6] = ctx->flags;
	if (bpf_strncmp(path, 5, "/etc/"))
		return IORING_VERDICT_PASS;
	return IORING_VERDICT_ABORT;
}

SPAWNPOL_POLICY(seen)(struct bpf_iouring_ctx *ctx)
{
	if (ctx->res == -ENOEXEC)
		return by_head(ctx);
	return by_path(ctx);
}

SPAWNPOL_LICENSE("GPL");
