// SPDX-License-Identifier: GPL-2.0
/* The address of the stack is not for user space. See policy_pointer_test.c. */
#include "refused.h"

__u64 told;

REFUSED("leaks addr into map")
SPAWNPOL_POLICY(stack_leak)(struct bpf_iouring_ctx *ctx)
{
	char here[8] = {};

	told = (__u64)&here;
	return bpf_iouring_exec_name(ctx, here, sizeof(here)) < 0 ?
		       IORING_VERDICT_CONTINUE :
		       IORING_VERDICT_ABORT;
}

SPAWNPOL_LICENSE("GPL");
