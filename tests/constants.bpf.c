// SPDX-License-Identifier: GPL-2.0
/* A policy with constants, as a loader can set them: tests/tool_list_test.sh */
#include "spawnpol_policy.h"

SPAWNPOL_EVENTS(IORING_POLICY_DONE);

const volatile __u32 most_tries = 5;
const volatile __s64 lowest = -0x7fffffffffffffffLL - 1;
const volatile bool strict = true;
const volatile char sink[16] = "/dev/null";
const volatile struct {
	__u32 a, b;
} pair = { 1, 2 };

SPAWNPOL_POLICY(constants)(struct bpf_iouring_ctx *ctx)
{
	if (ctx->attempt < most_tries && ctx->elapsed_ns > (__u64)lowest)
		return strict ? IORING_VERDICT_ABORT : IORING_VERDICT_SKIP;
	return sink[0] == pair.a ? IORING_VERDICT_SKIP : IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
