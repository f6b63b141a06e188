// SPDX-License-Identifier: GPL-2.0
/* A policy does not wait for memory that somebody else provides (K7). */
#include "refused.h"

REFUSED("cannot use helper bpf_copy_from_user_task")
SPAWNPOL_POLICY(task_memory)(struct bpf_iouring_ctx *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	char text[8] = "";

	bpf_copy_from_user_task(text, sizeof(text), (void *)ctx->user_data,
				task, 0);
	return text[0] ? IORING_VERDICT_SKIP : IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
