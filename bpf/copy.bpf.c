// SPDX-License-Identifier: GPL-2.0
/*
 * copy: copies one file to another, with several reads and writes in flight.
 *
 * A launcher that wants to copy a file submits one IORING_OP_BPF, with its buffers and two
 * descriptors as arguments (spawn_actors.h), and gets one CQE when the copy is done. Each
 * buffer works on its own: the actor reads into it, writes what it has read, and when the
 * last byte of its chunk is written, gives it the next chunk of the file. So there are as
 * many requests in flight as buffers, and no buffer waits for another. The actor continues
 * short reads and short writes.
 *
 * It shows how an actor has many requests in flight and tells them apart by their tags. The
 * tag is the number of the buffer; the opcode of the completion tells a read from a write.
 * A read that returns 0 is the end of the file: the actor then begins no further chunk, and
 * ends with the last request in flight.
 *
 * It leaves out pipes and sockets, which have no offsets, holes, modes, and fsync(2), which
 * can be linked to the IORING_OP_BPF.
 */
#include "spawnpol_op.h"
#include "spawn_actors.h"

/* The part of the file that a buffer is working on. */
struct chunk {
	__u64 start;
	__u32 done;		/* bytes that are written */
	__u32 had;		/* bytes after these that are read but not written */
};

struct state {
	__u64 next;		/* where the next chunk starts */
	__u64 at_end;		/* true: no further chunk is begun */
	struct chunk chunks[SPAWN_COPY_BUFFERS];
};

SPAWNPOL_STATE(struct state);
SPAWNPOL_IN_FLIGHT(SPAWN_COPY_BUFFERS);

/* The functions below return the number of requests that they have staged, or an error. */

/* Read or write len bytes, from the first byte of the chunk that is not written yet. */
static int go_on(struct bpf_iouring_op_ctx *ctx, const struct chunk *chunk,
		 __u32 number, __u8 opcode, __u32 len)
{
	__u32 size = ctx->args[2];
	struct io_uring_sqe sqe = {
		.opcode = opcode,
		.fd = opcode == IORING_OP_READ ? ctx->args[1] : ctx->args[1] >> 32,
		.off = chunk->start + chunk->done,
		.addr = ctx->args[0] + (__u64)number * size + chunk->done,
		.len = len,
		.user_data = number,
	};

	return bpf_iouring_op_stage(ctx, &sqe, sizeof(sqe)) ?: 1;
}

static int begin(struct bpf_iouring_op_ctx *ctx, struct state *s, struct chunk *chunk,
		 __u32 number)
{
	__u32 size = ctx->args[2];

	chunk->start = s->next;
	chunk->done = 0;
	chunk->had = 0;
	s->next += size;
	return go_on(ctx, chunk, number, IORING_OP_READ, size);
}

static int start(struct bpf_iouring_op_ctx *ctx, struct state *s)
{
	__u32 size = ctx->args[2], buffers = ctx->args[2] >> 32;
	int ret = 1;

	if (!size || !buffers || buffers > SPAWN_COPY_BUFFERS)
		return -EINVAL;
	s->next = ctx->args[3];
	for (__u32 i = 0; i < SPAWN_COPY_BUFFERS && i < buffers && ret > 0; i++)
		ret = begin(ctx, s, &s->chunks[i], i);
	return ret;
}

/* A request has succeeded: stage the next one for this buffer. */
static int next(struct bpf_iouring_op_ctx *ctx, struct state *s, struct chunk *chunk,
		__u32 number)
{
	__u32 size = ctx->args[2], nr = ctx->res;

	if (ctx->opcode == IORING_OP_READ) {
		if (!nr)
			s->at_end = true;
		chunk->had = nr;
		return nr ? go_on(ctx, chunk, number, IORING_OP_WRITE, nr) : 0;
	}
	if (!nr)
		return -EIO;
	chunk->done += nr;
	chunk->had -= nr;
	if (chunk->had)
		return go_on(ctx, chunk, number, IORING_OP_WRITE, chunk->had);
	if (chunk->done < size)
		return go_on(ctx, chunk, number, IORING_OP_READ, size - chunk->done);
	return s->at_end ? 0 : begin(ctx, s, chunk, number);
}

static int run(struct bpf_iouring_op_ctx *ctx)
{
	struct state *s = (void *)bpf_iouring_op_state(ctx, sizeof(*s));
	__u64 number = ctx->tag;

	if (!s)
		return -ENOBUFS;
	if (ctx->event == IORING_ACTOR_START)
		return start(ctx, s);
	if (ctx->res < 0)
		return ctx->res;
	if (number >= SPAWN_COPY_BUFFERS)
		return -EINVAL;
	return next(ctx, s, &s->chunks[number], number);
}

SPAWNPOL_ACTOR(copy)(struct bpf_iouring_op_ctx *ctx)
{
	int ret;

	if (ctx->flags & IORING_ACTOR_F_CANCELLED)
		return IORING_ACTOR_END;
	ret = run(ctx);
	if (ret < 0)
		bpf_iouring_op_result(ctx, ret);
	else if (ret || ctx->in_flight)
		return IORING_ACTOR_WAIT;
	return IORING_ACTOR_END;
}

SPAWNPOL_LICENSE("GPL");
