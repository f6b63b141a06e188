// SPDX-License-Identifier: GPL-2.0
/*
 * A first policy: if a program's working directory does not exist, the program starts in
 * the launcher's directory instead of failing.
 *
 * It shows the shape of a policy and the verdict SKIP. It leaves out everything else: link
 * rules decide about other failures.
 */
#include "spawnpol_policy.h"

SPAWNPOL_EVENTS(0);

SPAWNPOL_POLICY(hello_policy)(struct bpf_iouring_ctx *ctx)
{
	if (ctx->opcode == SPAWNPOL_OP_CHILD && ctx->cmd == IORING_CHILD_CHDIR)
		return IORING_VERDICT_SKIP;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
