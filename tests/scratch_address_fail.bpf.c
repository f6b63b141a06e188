// SPDX-License-Identifier: GPL-2.0
/* The address of a field, as compilers keep it for several stores to the field. */
#include "refused.h"

REFUSED("dereference of modified ctx ptr")
SPAWNPOL_POLICY(scratch_by_address)(struct bpf_iouring_ctx *ctx)
{
	volatile __u64 *word = ctx->scratch;

	asm volatile("" : "+r"(word));	/* an address of its own, not context + constant */
	*word = 1;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
