// SPDX-License-Identifier: GPL-2.0
/*
 * An actor that declares its context as the type that the verifier knows for the program
 * type. The verifier then passes that type on to programs that are attached to this one.
 */
#include "spawnpol_op.h"

/* Its request completes with the first argument. */
SPAWNPOL_ACTOR(typed)(struct bpf_iouring_ctx *typed_ctx)
{
	struct bpf_iouring_op_ctx *ctx = (void *)typed_ctx;

	bpf_iouring_op_result(ctx, ctx->args[0]);
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
