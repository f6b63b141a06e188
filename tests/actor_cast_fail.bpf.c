// SPDX-License-Identifier: GPL-2.0
/*
 * The cast returns a pointer to the context of policies. The context of an actor is another
 * structure, so the kernel does not let actors cast it (A2).
 */
#include "refused.h"
#include "spawnpol_op.h"

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;

REFUSED("calling kernel function bpf_cast_to_kern_ctx is not allowed")
SPAWNPOL_ACTOR(actor_cast)(struct bpf_iouring_op_ctx *ctx)
{
	struct bpf_iouring_ctx *cast = bpf_cast_to_kern_ctx(ctx);

	return cast->cookie ? IORING_ACTOR_END : IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
