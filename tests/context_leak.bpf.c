// SPDX-License-Identifier: GPL-2.0
/* The address of the context is not for user space. See policy_pointer_test.c. */
#include "refused.h"

__u64 told;

REFUSED("leaks addr into map")
SPAWNPOL_POLICY(context_leak)(struct bpf_iouring_ctx *ctx)
{
	told = (__u64)ctx;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
