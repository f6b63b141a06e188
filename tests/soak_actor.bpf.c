// SPDX-License-Identifier: GPL-2.0
/* The actors of the soak test. Each ends by itself, or waits until it is cancelled. */
#include "spawnpol_op.h"

#include "soak_actor.h"

#define WINDOW		8	/* NOPs in flight */
#define CLD_EXITED	1
#define P_PID		1
#define WEXITED		4
#define OP_WAITID	50	/* in headers since Linux 6.7 */
#ifndef IORING_TIMEOUT_MULTISHOT
#define IORING_TIMEOUT_MULTISHOT (1U << 6)
#endif

struct state {
	__u64	staged;
	__u64	told;
};

SPAWNPOL_STATE(struct state);

static int stage(struct bpf_iouring_op_ctx *ctx, struct io_uring_sqe *sqe)
{
	return bpf_iouring_op_stage(ctx, sqe, sizeof(*sqe));
}

static int end_with(struct bpf_iouring_op_ctx *ctx, __s32 result)
{
	bpf_iouring_op_result(ctx, result);
	return IORING_ACTOR_END;
}

/* --- NOPs -------------------------------------------------------------------- */

static void count_on(struct bpf_iouring_op_ctx *ctx, struct state *state)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_NOP };

	if (state->staged < ctx->args[1] && !stage(ctx, &sqe))
		state->staged++;
}

static int counts(struct bpf_iouring_op_ctx *ctx, struct state *state)
{
	int i;

	if (ctx->event == IORING_ACTOR_START) {
		for (i = 0; i < WINDOW; i++)
			count_on(ctx, state);
		return IORING_ACTOR_WAIT;
	}
	state->told += ctx->event == IORING_ACTOR_CQE;
	count_on(ctx, state);
	if (ctx->in_flight || state->staged > state->told)
		return IORING_ACTOR_WAIT;
	return end_with(ctx, state->told);
}

/* --- a timer ------------------------------------------------------------------ */

static int ticks(struct bpf_iouring_op_ctx *ctx, struct state *state)
{
	struct io_uring_sqe sqe = {
		.opcode		= IORING_OP_TIMEOUT,
		.fd		= -1,
		.addr		= ctx->args[1],
		.len		= 1,
		.off		= ctx->args[2],
		.timeout_flags	= IORING_TIMEOUT_MULTISHOT,
	};

	if (ctx->event == IORING_ACTOR_START) {
		stage(ctx, &sqe);
		return IORING_ACTOR_WAIT;
	}
	state->told += ctx->event == IORING_ACTOR_CQE && ctx->res == -ETIME;
	return ctx->in_flight ? IORING_ACTOR_WAIT : end_with(ctx, state->told);
}

/* --- a program ---------------------------------------------------------------- */

static int spawn(struct bpf_iouring_op_ctx *ctx)
{
	struct io_uring_sqe sqe = {
		.opcode	= SPAWNPOL_OP_SPAWN,
		.addr	= ctx->args[1],
		.len	= ctx->args[2],
	};

	stage(ctx, &sqe);
	return IORING_ACTOR_WAIT;
}

static int wait_for(struct bpf_iouring_op_ctx *ctx, __s32 pid)
{
	struct io_uring_sqe sqe = {
		.opcode		= OP_WAITID,
		.fd		= pid,
		.len		= P_PID,
		.file_index	= WEXITED,
	};

	stage(ctx, &sqe);
	return IORING_ACTOR_WAIT;
}

static int spawns(struct bpf_iouring_op_ctx *ctx)
{
	if (ctx->event == IORING_ACTOR_START)
		return spawn(ctx);
	if (ctx->event != IORING_ACTOR_CQE)
		return IORING_ACTOR_WAIT;
	if (ctx->opcode != OP_WAITID)
		return ctx->res > 0 ? wait_for(ctx, ctx->res) :
				      end_with(ctx, ACTOR_NO_PROGRAM);
	if (ctx->res || ctx->wait_code != CLD_EXITED || ctx->wait_status)
		return end_with(ctx, -EIO);
	return end_with(ctx, ACTOR_EXITED);
}

/* --- nothing ------------------------------------------------------------------ */

static int waits(struct bpf_iouring_op_ctx *ctx)
{
	struct io_uring_sqe read = {
		.opcode	= IORING_OP_READ,
		.flags	= IOSQE_ASYNC,
		.fd	= ctx->args[1],
		.addr	= ctx->args[2],
		.len	= 1,
	};
	struct io_uring_sqe timeout = {
		.opcode	= IORING_OP_TIMEOUT,
		.fd	= -1,
		.addr	= ctx->args[3],
		.len	= 1,
	};

	if (ctx->event == IORING_ACTOR_START) {
		stage(ctx, &read);
		stage(ctx, &timeout);
	}
	return IORING_ACTOR_WAIT;
}

/* One that takes over from another program may have no state. */
SPAWNPOL_ACTOR(soak_actor)(struct bpf_iouring_op_ctx *ctx)
{
	struct state *state = (void *)bpf_iouring_op_state(ctx, sizeof(*state));

	switch (ctx->args[0]) {
	case ACTOR_COUNTS:
		return state ? counts(ctx, state) : IORING_ACTOR_END;
	case ACTOR_TICKS:
		return state ? ticks(ctx, state) : IORING_ACTOR_END;
	case ACTOR_SPAWNS:
		return spawns(ctx);
	default:
		return waits(ctx);
	}
}

SPAWNPOL_LICENSE("GPL");
