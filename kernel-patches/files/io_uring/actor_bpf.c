// SPDX-License-Identifier: GPL-2.0
/*
 * What programs of attach type BPF_IOURING_OP can call. They issue nothing themselves:
 * what they ask for is left in the struct io_actor_run around their context, and is done
 * once they have returned. See actor_run.c.
 *
 * The type of the context argument is the one that the verifier knows for the program
 * type. Programs of this attach type have a struct bpf_iouring_op_ctx there.
 */
#include <linux/kernel.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/errno.h>
#include <linux/string.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "actor.h"

#define IO_ACTOR_SQE_FLAGS	(IOSQE_FIXED_FILE | IOSQE_IO_LINK |	\
				 IOSQE_IO_HARDLINK | IOSQE_ASYNC |	\
				 IOSQE_BUFFER_SELECT)
#define IO_ACTOR_CQE_FLAGS	(IORING_CQE_F_MORE | (~0U << IORING_CQE_BUFFER_SHIFT))

static struct io_actor_run *io_actor_run_of(struct bpf_iouring_ctx *ctx)
{
	return container_of((struct bpf_iouring_op_ctx *)ctx, struct io_actor_run, ctx);
}

static struct io_actor_stage *io_actor_stage_of(struct io_actor_run *run)
{
	return container_of(run, struct io_actor_stage, run);
}

/* A zero-copy send has a notification as well. */
static u32 io_actor_places(const struct io_uring_sqe *sqe)
{
	return sqe->opcode == IORING_OP_SEND_ZC || sqe->opcode == IORING_OP_SENDMSG_ZC ?
	       2 : 1;
}

static int io_actor_check_sqe(const struct io_uring_sqe *sqe)
{
	if (sqe->flags & ~IO_ACTOR_SQE_FLAGS || sqe->personality)
		return -EINVAL;
	if (sqe->opcode >= IORING_OP_LAST)
		return -EINVAL;
	if (sqe->opcode == IORING_OP_BPF)
		return -EOPNOTSUPP;
	/* the completions that it would count are the launcher's */
	if (sqe->opcode == IORING_OP_TIMEOUT && sqe->off &&
	    !(sqe->timeout_flags & IORING_TIMEOUT_MULTISHOT))
		return -EINVAL;
	return 0;
}

static u32 io_actor_cq_room(const struct io_ring_ctx *ring)
{
	u32 used;

	/* a hint: an io-wq thread can post meanwhile, and the program's CQEs overflow then */
	used = data_race(ring->cached_cq_tail) - READ_ONCE(ring->rings->cq.head);
	if (test_bit(IO_CHECK_CQ_OVERFLOW_BIT, &ring->check_cq) || used >= ring->cq_entries)
		return 0;
	return ring->cq_entries - used;
}

static int io_actor_check_room(struct io_actor_run *run, u32 places)
{
	if (run->ctx.flags & IORING_ACTOR_F_CANCELLED)
		return -ECANCELED;
	if (run->nr_places + places > run->places_left)
		return -EBUSY;
	if (run->nr_staged < run->total_left)
		return 0;
	run->exhausted = true;
	return -ETOOMANYREFS;
}

__bpf_kfunc_start_defs();

/**
 * bpf_iouring_op_stage() - stage a request
 * @ctx: context of the program
 * @sqe: a struct io_uring_sqe, which is copied
 * @sqe__sz: its size: 64, or 128 for a ring with IORING_SETUP_SQE128
 *
 * The request is issued if the program returns IORING_ACTOR_WAIT. It is then checked as
 * one that user space submits. Its completions come with IORING_ACTOR_CQE, and with its
 * user_data as their tag.
 *
 * Return: 0; -EINVAL for a wrong size, flags or an operation that is not known, a
 * personality, a timeout that counts completions; -EOPNOTSUPP for IORING_OP_BPF; -E2BIG
 * if this run has staged all it may; -EBUSY if too many requests are in flight;
 * -ETOOMANYREFS if the actor has staged all it may; -ECANCELED if it is cancelled.
 */
__bpf_kfunc int bpf_iouring_op_stage(struct bpf_iouring_ctx *ctx, const void *sqe,
				     u32 sqe__sz)
{
	struct io_actor_run *run = io_actor_run_of(ctx);
	struct io_uring_sqe *copy;
	int ret;

	if (sqe__sz != sizeof(*copy) && !(run->wide && sqe__sz == 2 * sizeof(*copy)))
		return -EINVAL;
	if (run->nr_staged == IO_ACTOR_MAX_STAGED)
		return -E2BIG;

	/* a map value can change while it is looked at */
	copy = io_actor_stage_of(run)->sqes[run->nr_staged];
	memcpy(copy, sqe, sqe__sz);
	if (run->wide && sqe__sz == sizeof(*copy))
		memset(copy + 1, 0, sizeof(*copy));

	ret = io_actor_check_sqe(copy) ?:
	      io_actor_check_room(run, io_actor_places(copy));
	if (ret)
		return ret;
	run->nr_places += io_actor_places(copy);
	run->nr_staged++;
	return 0;
}

/**
 * bpf_iouring_op_post() - post a CQE to the ring
 * @ctx: context of the program
 * @user_data: of the CQE
 * @res: its result
 * @flags: its flags: IORING_CQE_F_MORE, and any of the upper 16 bits
 *
 * It is posted after this run, whatever the program returns, with IORING_CQE_F_STAGED.
 *
 * Return: 0; -EINVAL for other flags; -E2BIG if this run has posted all it may; -ENOBUFS
 * if the CQ ring has no room.
 */
__bpf_kfunc int bpf_iouring_op_post(struct bpf_iouring_ctx *ctx, u64 user_data, s32 res,
				    u32 flags)
{
	struct io_actor_run *run = io_actor_run_of(ctx);
	struct io_actor_stage *stage = io_actor_stage_of(run);

	if (flags & ~IO_ACTOR_CQE_FLAGS)
		return -EINVAL;
	if (run->nr_posted == IO_ACTOR_MAX_POSTED)
		return -E2BIG;
	if (run->ring && run->nr_posted >= io_actor_cq_room(run->ring))
		return -ENOBUFS;
	stage->posted[run->nr_posted++] = (struct bpf_iouring_op_test_posted){
		.user_data	= user_data,
		.res		= res,
		.flags		= flags | IORING_CQE_F_STAGED,
	};
	return 0;
}

/**
 * bpf_iouring_op_result() - choose the result of the request
 * @ctx: context of the program
 * @res: what its CQE has if this run returns IORING_ACTOR_END
 *
 * Return: 0, or -EINVAL for what is neither an error nor a result: below -4095.
 */
__bpf_kfunc int bpf_iouring_op_result(struct bpf_iouring_ctx *ctx, s32 res)
{
	if (res < -MAX_ERRNO)
		return -EINVAL;
	io_actor_run_of(ctx)->result = res;
	return 0;
}

/**
 * bpf_iouring_op_state() - memory of the actor
 * @ctx: context of the program
 * @rdwr_buf_size: how many bytes the program uses, a constant
 *
 * Return: the first bytes of the state, which is zeroed when the actor begins; NULL for
 * none, or if it has fewer than that.
 */
__bpf_kfunc u8 *bpf_iouring_op_state(struct bpf_iouring_ctx *ctx,
				     const size_t rdwr_buf_size)
{
	struct io_actor_run *run = io_actor_run_of(ctx);

	if (!rdwr_buf_size || rdwr_buf_size > run->state_size)
		return NULL;
	return run->state;
}

__bpf_kfunc_end_defs();
