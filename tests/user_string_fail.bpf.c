// SPDX-License-Identifier: GPL-2.0
/* A policy does not wait for memory that somebody else provides (K7). */
#include "refused.h"

extern int bpf_copy_from_user_str(void *dst, __u32 dst__sz,
				  const void *unsafe_ptr__ign,
				  __u64 flags) __ksym;

REFUSED("calling kernel function bpf_copy_from_user_str is not allowed")
SPAWNPOL_POLICY(user_string)(struct bpf_iouring_ctx *ctx)
{
	char text[8] = "";

	bpf_copy_from_user_str(text, sizeof(text), (void *)ctx->user_data, 0);
	return text[0] ? IORING_VERDICT_SKIP : IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
