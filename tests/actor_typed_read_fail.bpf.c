// SPDX-License-Identifier: GPL-2.0
/* An actor cannot read kernel memory as a type of its choice (A2). */
#include "refused.h"
#include "spawnpol_op.h"

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;

REFUSED("calling kernel function bpf_rdonly_cast is not allowed")
SPAWNPOL_ACTOR(actor_typed_read)(struct bpf_iouring_op_ctx *ctx)
{
	struct bpf_iouring_ctx *cast;

	cast = bpf_rdonly_cast(ctx, bpf_core_type_id_kernel(struct bpf_iouring_ctx));
	return cast->cookie ? IORING_ACTOR_END : IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
