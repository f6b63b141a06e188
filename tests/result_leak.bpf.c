// SPDX-License-Identifier: GPL-2.0
/* Half an address, as a result of a step. See policy_pointer_test.c. */
#include "refused.h"

REFUSED("partial copy of pointer")
SPAWNPOL_POLICY(result_leak)(struct bpf_iouring_ctx *ctx)
{
	bpf_iouring_set_result(ctx, (int)(__u64)ctx);
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
