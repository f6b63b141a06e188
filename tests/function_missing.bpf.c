// SPDX-License-Identifier: GPL-2.0
/* A policy that calls what no kernel has: tests/tool_test.sh */
#include "spawnpol_policy.h"

extern int bpf_iouring_of_a_later_release(struct bpf_iouring_ctx *ctx) __ksym;

SPAWNPOL_EVENTS(0);

SPAWNPOL_POLICY(function_missing)(struct bpf_iouring_ctx *ctx)
{
	return bpf_iouring_of_a_later_release(ctx) ? IORING_VERDICT_ABORT :
						     IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
