/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spawning, as the rest of io_uring sees it.
 */
#ifndef IOU_SPAWN_H
#define IOU_SPAWN_H

#include <linux/io_uring_types.h>

struct io_cancel_data;

#define IO_NAMESPACE_FLAGS	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | \
				 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
				 CLONE_NEWCGROUP | CLONE_NEWTIME)

#ifdef CONFIG_IO_URING_SPAWN
void io_spawn_ring_init(struct io_ring_ctx *ctx);
void io_spawn_ring_free(struct io_ring_ctx *ctx);
void io_spawn_task_free(struct io_uring_task *tctx);

void __io_spawn_start(struct io_spawn_queue *queue);

/*
 * Start the chains that the current task has queued. To be called where the
 * ring's lock has been dropped, whatever the task does next.
 */
static inline void io_spawn_start(void)
{
	struct io_uring_task *tctx = current->io_uring;

	if (tctx && unlikely(tctx->spawn_pending))
		__io_spawn_start(tctx->spawn_queue);
}

/* For IORING_OP_ASYNC_CANCEL of one request. 0 or -ENOENT. */
int io_spawn_cancel(struct io_ring_ctx *ctx, struct io_cancel_data *cd);
/* ... of all that match, in one walk. Returns how many there were. */
unsigned int io_spawn_cancel_every(struct io_ring_ctx *ctx,
				   struct io_cancel_data *cd);
/* Cancel what this task, or any, has on the ring. Returns whether there was some. */
bool io_spawn_cancel_all(struct io_ring_ctx *ctx, struct task_struct *task);
/* The same on all rings, for a task that exits. */
void io_spawn_cancel_task(struct io_uring_task *tctx);
/* Whether the ring has chains that are not at their end. */
bool io_spawn_ring_busy(struct io_ring_ctx *ctx);
/* Whether the task, or the SQ thread of @sqd, has some. */
bool io_spawn_task_busy(struct io_uring_task *tctx, struct io_sq_data *sqd);
/* They have none any more, and may be freed. */
void io_spawn_task_gone(struct io_uring_task *tctx, struct io_sq_data *sqd);

int io_spawn_query(struct io_ring_ctx *ctx, void __user *arg);
/* Whether an operation may be a step of a chain, and be issued more than once. */
bool io_op_in_child(u8 opcode);
bool io_op_can_retry(u8 opcode);
#else
static inline void io_spawn_ring_init(struct io_ring_ctx *ctx)
{
}

static inline void io_spawn_ring_free(struct io_ring_ctx *ctx)
{
}

static inline void io_spawn_task_free(struct io_uring_task *tctx)
{
}

static inline void io_spawn_start(void)
{
}

static inline int io_spawn_cancel(struct io_ring_ctx *ctx,
				  struct io_cancel_data *cd)
{
	return -ENOENT;
}

static inline unsigned int io_spawn_cancel_every(struct io_ring_ctx *ctx,
						 struct io_cancel_data *cd)
{
	return 0;
}

static inline bool io_spawn_cancel_all(struct io_ring_ctx *ctx,
				       struct task_struct *task)
{
	return false;
}

static inline void io_spawn_cancel_task(struct io_uring_task *tctx)
{
}

static inline bool io_spawn_ring_busy(struct io_ring_ctx *ctx)
{
	return false;
}

static inline bool io_spawn_task_busy(struct io_uring_task *tctx,
				      struct io_sq_data *sqd)
{
	return false;
}

static inline void io_spawn_task_gone(struct io_uring_task *tctx,
				      struct io_sq_data *sqd)
{
}

static inline int io_spawn_query(struct io_ring_ctx *ctx, void __user *arg)
{
	return -EINVAL;
}

static inline bool io_op_in_child(u8 opcode)
{
	return false;
}
#endif

#endif
