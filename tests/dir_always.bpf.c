// SPDX-License-Identifier: GPL-2.0
/*
 * A policy that stages the EXEC at hand in a directory whatever its name, twice:
 * tests/tool_dry_run_test.sh
 */
#include "spawnpol_policy.h"

SPAWNPOL_EVENTS(IORING_POLICY_BEFORE_EXEC);

SPAWNPOL_POLICY(dir_always)(struct bpf_iouring_ctx *ctx)
{
	char first[] = "/first", second[] = "/usr/bin";

	if (ctx->event != IORING_POLICY_BEFORE_EXEC)
		return IORING_VERDICT_CONTINUE;
	bpf_iouring_stage_exec_dir(ctx, first, sizeof(first));
	bpf_iouring_stage_exec_dir(ctx, second, sizeof(second));
	return IORING_VERDICT_SUBMIT;
}

SPAWNPOL_LICENSE("GPL");
