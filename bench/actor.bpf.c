// SPDX-License-Identifier: GPL-2.0
/*
 * What the benchmarks `actor` and `idle_actor` have the kernel run.
 *
 * nops issues one NOP after the other, as many as its first argument says, each when
 * the one before it has completed.
 *
 * idle stages requests once and waits for them: as many as its first argument says, of
 * the operation in the second, on the descriptor in the third. Reads go to the address
 * in the fourth.
 */
#include "spawnpol_op.h"

SPAWNPOL_LICENSE("GPL");

/* Of one run, by the kernel's limit. */
#define MOST_STAGED	64

struct nops_state {
	__u64 left;
};

SPAWNPOL_STATE(struct nops_state);
SPAWNPOL_IN_FLIGHT(MOST_STAGED);

SPAWNPOL_ACTOR(nops)(struct bpf_iouring_op_ctx *ctx)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_NOP };
	struct nops_state *nops;

	if (ctx->event == IORING_ACTOR_CANCEL)
		return IORING_ACTOR_WAIT;
	nops = (void *)bpf_iouring_op_state(ctx, sizeof(*nops));
	if (!nops)
		return IORING_ACTOR_END;
	if (ctx->event == IORING_ACTOR_START)
		nops->left = ctx->args[0];
	if (!nops->left)
		return IORING_ACTOR_END;
	nops->left--;
	bpf_iouring_op_stage(ctx, &sqe, sizeof(sqe));
	return IORING_ACTOR_WAIT;
}

SPAWNPOL_ACTOR(idle)(struct bpf_iouring_op_ctx *ctx)
{
	struct io_uring_sqe sqe = {
		.opcode = ctx->args[1],
		.fd = ctx->args[2],
	};

	if (ctx->event == IORING_ACTOR_CQE)
		return IORING_ACTOR_END;
	if (ctx->event != IORING_ACTOR_START)
		return IORING_ACTOR_WAIT;
	if (sqe.opcode == IORING_OP_POLL_ADD) {
		sqe.poll32_events = 1; /* POLLIN */
	} else {
		sqe.addr = ctx->args[3];
		sqe.len = 1;
		sqe.off = -1;
	}
	for (__u32 i = 0; i < MOST_STAGED && i < ctx->args[0]; i++)
		bpf_iouring_op_stage(ctx, &sqe, sizeof(sqe));
	return IORING_ACTOR_WAIT;
}
