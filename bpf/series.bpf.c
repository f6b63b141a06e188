// SPDX-License-Identifier: GPL-2.0
/*
 * series: writes files one after the other to a descriptor, until a request fails.
 *
 * A launcher that wants to concatenate files, as cat(1) does, submits one IORING_OP_BPF
 * with the list, a buffer and a descriptor as arguments (spawn_actors.h). The actor opens
 * the first file, reads and writes until its end, closes it, and continues with the next
 * file. The first request that fails ends the series: its error is the result of the
 * IORING_OP_BPF, so that requests linked to it are cancelled, and a CQE has the number of
 * files that were written.
 *
 * It shows how the completion of one request decides about the next one, which no link can
 * do: how much there is to write, and whether there is more to read. One request is in
 * flight at a time, and its opcode tells where the actor is. The paths are in the
 * launcher's memory, which an actor cannot read: it computes the address of each.
 *
 * An actor cannot stage requests after it was cancelled, so a descriptor would stay open.
 * Therefore the actor opens each file as registered file 0 of the ring, which the launcher
 * registers and closes.
 *
 * It leaves out reading ahead, which copy does.
 */
#include "spawnpol_op.h"
#include "spawn_actors.h"

struct state {
	__u32 done;		/* files that are written completely */
	__u32 had;		/* bytes of the buffer that are read ... */
	__u32 written;		/* ... and how many of them are written */
	__s32 error;		/* the error that has ended the series */
};

SPAWNPOL_STATE(struct state);
SPAWNPOL_IN_FLIGHT(1);

/* The functions below return 1 after staging a request, 0 at the end, or an error. */

static int stage(struct bpf_iouring_op_ctx *ctx, const struct io_uring_sqe *sqe)
{
	return bpf_iouring_op_stage(ctx, sqe, sizeof(*sqe)) ?: 1;
}

static int open_next(struct bpf_iouring_op_ctx *ctx, const struct state *s)
{
	__u32 nr = ctx->args[1], stride = ctx->args[1] >> 32;
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = ctx->args[0] + (__u64)s->done * stride,
		.open_flags = O_RDONLY,
		.file_index = SPAWN_SERIES_FILE + 1,
	};

	return s->done < nr ? stage(ctx, &sqe) : 0;
}

static int read_on(struct bpf_iouring_op_ctx *ctx)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ,
		.flags = IOSQE_FIXED_FILE,
		.fd = SPAWN_SERIES_FILE,
		.off = -1,
		.addr = ctx->args[2],
		.len = ctx->args[3],
	};

	return stage(ctx, &sqe);
}

static int write_on(struct bpf_iouring_op_ctx *ctx, const struct state *s)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE,
		.fd = ctx->args[3] >> 32,
		.off = -1,
		.addr = ctx->args[2] + s->written,
		.len = s->had - s->written,
	};

	return stage(ctx, &sqe);
}

static int close_file(struct bpf_iouring_op_ctx *ctx)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_CLOSE,
		.file_index = SPAWN_SERIES_FILE + 1,
	};

	return stage(ctx, &sqe);
}

static int fail(struct bpf_iouring_op_ctx *ctx, struct state *s, int error)
{
	if (!s->error)
		s->error = error;
	if (ctx->opcode == IORING_OP_OPENAT || ctx->opcode == IORING_OP_CLOSE)
		return s->error;
	return close_file(ctx);
}

static int next(struct bpf_iouring_op_ctx *ctx, struct state *s)
{
	switch (ctx->opcode) {
	case IORING_OP_OPENAT:
		return read_on(ctx);
	case IORING_OP_READ:
		s->had = ctx->res;
		s->written = 0;
		return s->had ? write_on(ctx, s) : close_file(ctx);
	case IORING_OP_WRITE:
		/* otherwise the actor would write again for ever */
		if (!ctx->res)
			return fail(ctx, s, -EIO);
		s->written += ctx->res;
		return s->written < s->had ? write_on(ctx, s) : read_on(ctx);
	default:
		if (s->error)
			return s->error;
		s->done++;
		return open_next(ctx, s);
	}
}

SPAWNPOL_ACTOR(series)(struct bpf_iouring_op_ctx *ctx)
{
	struct state *s = (void *)bpf_iouring_op_state(ctx, sizeof(*s));
	int ret;

	if (!s)
		bpf_iouring_op_result(ctx, -ENOBUFS);
	if (!s || ctx->flags & IORING_ACTOR_F_CANCELLED)
		return IORING_ACTOR_END;
	if (ctx->event == IORING_ACTOR_START)
		ret = open_next(ctx, s);
	else
		ret = ctx->res < 0 ? fail(ctx, s, ctx->res) : next(ctx, s);
	if (ret > 0)
		return IORING_ACTOR_WAIT;
	if (ret < 0)
		bpf_iouring_op_post(ctx, ctx->user_data, s->done, 0);
	bpf_iouring_op_result(ctx, ret ?: s->done);
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
