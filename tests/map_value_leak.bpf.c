// SPDX-License-Identifier: GPL-2.0
/* The address of a map is not for user space. See policy_pointer_test.c. */
#include "refused.h"

__u64 told;

REFUSED("leaks addr into map")
SPAWNPOL_POLICY(map_value_leak)(struct bpf_iouring_ctx *ctx)
{
	told = (__u64)&told;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
