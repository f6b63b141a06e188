// SPDX-License-Identifier: GPL-2.0
/* user_data of a staged request reaches a CQE. See policy_pointer_test.c. */
#include "refused.h"

REFUSED("invalid indirect read from stack R2")
SPAWNPOL_POLICY(staged_leak)(struct bpf_iouring_ctx *ctx)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_NOP };

	sqe.user_data = (__u64)ctx;
	bpf_iouring_stage_sqe(ctx, &sqe, sizeof(sqe));
	bpf_iouring_post_staged(ctx, true);
	return IORING_VERDICT_SUBMIT;
}

SPAWNPOL_LICENSE("GPL");
