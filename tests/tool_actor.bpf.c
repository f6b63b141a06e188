// SPDX-License-Identifier: GPL-2.0
/*
 * An actor for tests of the tool: args[0] NOPs, one after the other, each told to the
 * launcher by a CQE, then the end with args[1] as result. With args[2] it waits, before
 * that, until the descriptor args[2] - 1 can be read.
 */
#include "spawnpol_op.h"

#define TAG_NOP		7
#define TAG_POLL	8
#define POLLIN		1

struct state {
	__u64 told;
};

SPAWNPOL_STATE(struct state);
SPAWNPOL_IN_FLIGHT(4);

/* What list shows as a constant. */
const volatile __u32 step = 1;

static int stage_nop(struct bpf_iouring_op_ctx *ctx)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_NOP, .user_data = TAG_NOP };

	return bpf_iouring_op_stage(ctx, &sqe, sizeof(sqe));
}

static int stage_poll(struct bpf_iouring_op_ctx *ctx)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD,
		.fd = ctx->args[2] - 1,
		.poll32_events = POLLIN,
		.user_data = TAG_POLL,
	};

	return bpf_iouring_op_stage(ctx, &sqe, sizeof(sqe));
}

SPAWNPOL_ACTOR(tool_actor)(struct bpf_iouring_op_ctx *ctx)
{
	struct state *s = (void *)bpf_iouring_op_state(ctx, sizeof(*s));

	if (!s)
		return IORING_ACTOR_END;
	if (ctx->event == IORING_ACTOR_START && ctx->args[2])
		return stage_poll(ctx), IORING_ACTOR_WAIT;
	if (ctx->event == IORING_ACTOR_CANCEL)
		return IORING_ACTOR_WAIT;
	if (ctx->event == IORING_ACTOR_CQE && ctx->tag == TAG_NOP) {
		s->told += step;
		bpf_iouring_op_post(ctx, s->told, ctx->res, 0);
	}
	if (s->told < ctx->args[0] && !stage_nop(ctx))
		return IORING_ACTOR_WAIT;
	bpf_iouring_op_result(ctx, ctx->args[1]);
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
