// SPDX-License-Identifier: GPL-2.0
/*
 * jobs: runs a list of commands, a given number of them at the same time.
 *
 * A launcher that has many commands to run, as make(1) or xargs(1) do, fills an array of
 * struct io_uring_spawn, submits one IORING_OP_BPF with it (spawn_actors.h), and sleeps.
 * The actor starts as many commands as may run, waits for each, and starts the next one
 * when one has ended. After a failure it starts no further command, unless the launcher
 * requests that, and waits for the running ones. The launcher gets a CQE for each command,
 * and the result of the IORING_OP_BPF is the number of commands that failed.
 *
 * It shows processes as requests: IORING_OP_SPAWN completes with the pid of the program,
 * IORING_OP_WAITID at its end, and the event has the wait status. The tag has the number of
 * the command; the opcode tells which of the two requests has completed. It also shows how
 * to post CQEs, and what to do if there is no room for one.
 *
 * If the actor is cancelled, the running commands go on: the launcher has to kill them and
 * wait for them.
 *
 * It leaves out the output of the commands: the launcher sets their descriptors in struct
 * io_uring_spawn.
 */
#include "spawnpol_op.h"
#include "spawn_actors.h"

struct state {
	__u32 next;		/* number of the command to start next */
	__u32 running;
	__u32 failed;
	__s32 error;		/* why no further command is started, or 0 */
};

SPAWNPOL_STATE(struct state);
SPAWNPOL_IN_FLIGHT(SPAWN_JOBS_AT_ONCE);

static int start_one(struct bpf_iouring_op_ctx *ctx, struct state *s)
{
	__u32 stride = ctx->args[1] >> 32;
	struct io_uring_sqe sqe = {
		.opcode = SPAWNPOL_OP_SPAWN,
		.addr = ctx->args[0] + (__u64)s->next * stride,
		.len = stride,
		.user_data = s->next,
	};
	int err = bpf_iouring_op_stage(ctx, &sqe, sizeof(sqe));

	if (err)
		return err;
	s->next++;
	s->running++;
	return 0;
}

/* Start as many commands as may run. Those that do not fit are left to the next run. */
static void start(struct bpf_iouring_op_ctx *ctx, struct state *s)
{
	__u32 nr = ctx->args[1], at_once = ctx->args[2];
	bool keep_going = ctx->args[2] >> 32 & SPAWN_JOBS_KEEP_GOING;
	int err = 0;

	if (s->error || (s->failed && !keep_going))
		return;
	for (int i = 0; i < SPAWN_ACTOR_STAGED && !err; i++) {
		if (s->next >= nr || s->running >= at_once)
			return;
		err = start_one(ctx, s);
	}
	if (err && err != -E2BIG && err != -EBUSY)
		s->error = err;
}

/*
 * There is no room for a CQE: stage a NOP whose completion has res as its result and flags
 * in its tag, and post the CQE when it completes. This repeats until the launcher has taken
 * CQEs. A worker completes the NOP (IOSQE_ASYNC), so that the launcher's thread can run.
 */
static int post_later(struct bpf_iouring_op_ctx *ctx, __s32 res, __u32 flags)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_NOP,
		.flags = IOSQE_ASYNC,
		.rw_flags = SPAWN_NOP_INJECT_RESULT,
		.len = res,
		.user_data = (__u32)ctx->tag | (__u64)flags << 32,
	};

	return bpf_iouring_op_stage(ctx, &sqe, sizeof(sqe));
}

/* A command has ended. res is its wait status, or an error. */
static void ended(struct bpf_iouring_op_ctx *ctx, struct state *s, __s32 res, __u32 flags)
{
	__u32 number = ctx->tag;
	int err;

	err = bpf_iouring_op_post(ctx, ctx->args[3] + number, res, flags);
	if (err == -ENOBUFS && !post_later(ctx, res, flags))
		return;
	if (err && !s->error)
		s->error = err;
	s->running--;
	if (res)
		s->failed++;
}

static void started(struct bpf_iouring_op_ctx *ctx, struct state *s)
{
	struct io_uring_sqe sqe = {
		.opcode = SPAWN_OP_WAITID,
		.len = SPAWN_P_PID,
		.fd = ctx->res,
		.file_index = SPAWN_WEXITED,
		.user_data = ctx->tag,
	};
	int err = bpf_iouring_op_stage(ctx, &sqe, sizeof(sqe));

	if (err)
		ended(ctx, s, err, 0);
}

static void completed(struct bpf_iouring_op_ctx *ctx, struct state *s)
{
	if (ctx->opcode == IORING_OP_NOP)
		ended(ctx, s, ctx->res, ctx->tag >> 32);
	else if (ctx->opcode == SPAWN_OP_WAITID)
		ended(ctx, s, ctx->res < 0 ? ctx->res : spawn_wait_status(ctx), 0);
	else if (ctx->res > 0)
		started(ctx, s);
	else
		ended(ctx, s, ctx->res, ctx->cqe_flags & SPAWN_JOBS_STEP);
}

SPAWNPOL_ACTOR(jobs)(struct bpf_iouring_op_ctx *ctx)
{
	struct state *s = (void *)bpf_iouring_op_state(ctx, sizeof(*s));

	if (!s) {
		bpf_iouring_op_result(ctx, -ENOBUFS);
		return IORING_ACTOR_END;
	}
	if (ctx->event == IORING_ACTOR_CQE)
		completed(ctx, s);
	else if (ctx->event == IORING_ACTOR_START && !(__u32)ctx->args[2])
		s->error = -EINVAL;
	if (!(ctx->flags & IORING_ACTOR_F_CANCELLED))
		start(ctx, s);
	if (s->running)
		return IORING_ACTOR_WAIT;
	bpf_iouring_op_result(ctx, s->error ?: s->failed);
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
