// SPDX-License-Identifier: GPL-2.0
/*
 * supervise: starts a program, and starts it again when it ends.
 *
 * A launcher that keeps a service running fills a struct spawn_supervise, submits one
 * IORING_OP_BPF with its address and the limits (spawn_actors.h), and sleeps. The actor
 * starts the program, waits for its end, waits for the delay that the launcher has set, and
 * starts the program again. It ends if there were too many restarts within the interval, if
 * the program has exited with 0 and the launcher has not requested a restart after that, or
 * if the program cannot be started. The launcher gets a CQE for each start and each end,
 * and the result of the IORING_OP_BPF is the wait status of the last run, or an error.
 *
 * It shows an actor that waits for most of its time, time as a request (the delays are
 * IORING_OP_TIMEOUT, with values in the launcher's memory), and a state that outlives
 * requests: the times of restarts, so that old ones do not count.
 *
 * If the actor is cancelled, the program goes on: the launcher has to kill it and wait for
 * it.
 *
 * It leaves out other tasks of a supervisor: programs that depend on this one, and a
 * watchdog.
 */
#include "spawnpol_op.h"
#include "spawn_actors.h"

struct state {
	__u64 started;			/* time of the last start */
	__u64 restarts[SPAWN_SUPERVISE_RESTARTS]; /* times of the last ones */
	__u32 nr_restarts;		/* elements of restarts that are set */
	__u32 oldest;			/* index of the oldest restart */
	__u32 delay;			/* index of the next delay */
	__u32 runs;			/* number of runs before this one */
	__s32 status;			/* wait status of the last run */
};

SPAWNPOL_STATE(struct state);
SPAWNPOL_IN_FLIGHT(1);

/* The functions below return 1 after staging a request, 0 at the end, or an error. */

static int stage(struct bpf_iouring_op_ctx *ctx, const struct io_uring_sqe *sqe)
{
	return bpf_iouring_op_stage(ctx, sqe, sizeof(*sqe)) ?: 1;
}

static __u32 nr_delays(const struct bpf_iouring_op_ctx *ctx)
{
	return ctx->args[1] >> 16 & 0xffff;
}

static int start(struct bpf_iouring_op_ctx *ctx)
{
	struct io_uring_sqe sqe = {
		.opcode = SPAWNPOL_OP_SPAWN,
		.addr = ctx->args[0] + offsetof(struct spawn_supervise, spawn),
		.len = ctx->args[1] >> 48,
	};

	return stage(ctx, &sqe);
}

/* The launcher's structure has SPAWN_SUPERVISE_DELAYS delays. */
static int start_first(struct bpf_iouring_op_ctx *ctx)
{
	return nr_delays(ctx) > SPAWN_SUPERVISE_DELAYS ? -EINVAL : start(ctx);
}

static int started(struct bpf_iouring_op_ctx *ctx, struct state *s)
{
	struct io_uring_sqe sqe = {
		.opcode = SPAWN_OP_WAITID,
		.len = SPAWN_P_PID,
		.fd = ctx->res,
		.file_index = SPAWN_WEXITED,
	};

	if (!ctx->res)
		return -EINVAL;
	s->started = bpf_ktime_get_ns();
	bpf_iouring_op_post(ctx, ctx->args[3] + s->runs, ctx->res, IORING_CQE_F_MORE);
	return stage(ctx, &sqe);
}

/* Whether another restart is allowed now; if so, note its time. */
static bool note_restart(struct bpf_iouring_op_ctx *ctx, struct state *s, __u64 now)
{
	__u64 most = ctx->args[1] & 0xffff, within = ctx->args[2];
	__u32 at = s->oldest;

	if (at >= SPAWN_SUPERVISE_RESTARTS || at >= most)
		return false;
	if (s->nr_restarts == most && now - s->restarts[at] < within)
		return false;
	if (s->nr_restarts < most)
		s->nr_restarts++;
	s->restarts[at] = now;
	s->oldest = at + 1 == most ? 0 : at + 1;
	return true;
}

static int wait_and_start(struct bpf_iouring_op_ctx *ctx, struct state *s)
{
	__u32 delays = nr_delays(ctx);
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_TIMEOUT,
		.addr = ctx->args[0] + offsetof(struct spawn_supervise, delays) +
			s->delay * sizeof(struct __kernel_timespec),
		.len = 1,
	};

	if (!delays)
		return start(ctx);
	if (s->delay + 1 < delays)
		s->delay++;
	return stage(ctx, &sqe);
}

static int ended(struct bpf_iouring_op_ctx *ctx, struct state *s)
{
	__u64 now = bpf_ktime_get_ns(), within = ctx->args[2];

	s->status = spawn_wait_status(ctx);
	bpf_iouring_op_post(ctx, ctx->args[3] + s->runs++, s->status, 0);
	if (!s->status && !(ctx->args[1] >> 32 & SPAWN_SUPERVISE_ALWAYS))
		return 0;
	if (!note_restart(ctx, s, now)) {
		s->status |= SPAWN_SUPERVISE_GAVE_UP;
		return 0;
	}
	if (within && now - s->started > within)
		s->delay = 0;
	return wait_and_start(ctx, s);
}

static int next(struct bpf_iouring_op_ctx *ctx, struct state *s)
{
	if (ctx->opcode == IORING_OP_TIMEOUT && ctx->res == -ETIME)
		return start(ctx);
	if (ctx->res < 0)
		return ctx->res;
	return ctx->opcode == SPAWN_OP_WAITID ? ended(ctx, s) : started(ctx, s);
}

SPAWNPOL_ACTOR(supervise)(struct bpf_iouring_op_ctx *ctx)
{
	struct state *s = (void *)bpf_iouring_op_state(ctx, sizeof(*s));
	int ret;

	if (!s) {
		bpf_iouring_op_result(ctx, -ENOBUFS);
		return IORING_ACTOR_END;
	}
	/* if a program is being started, its CQE is still posted below */
	if (ctx->event == IORING_ACTOR_CANCEL)
		return IORING_ACTOR_WAIT;
	ret = ctx->event == IORING_ACTOR_START ? start_first(ctx) : next(ctx, s);
	if (ret > 0)
		return IORING_ACTOR_WAIT;
	bpf_iouring_op_result(ctx, ret ?: s->status);
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
