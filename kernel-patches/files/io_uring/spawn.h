/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_SPAWN_H
#define IOU_SPAWN_H

#include <linux/io_uring_types.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>

struct io_cancel_data;

#define IO_NAMESPACE_FLAGS	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | \
				 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
				 CLONE_NEWCGROUP | CLONE_NEWTIME)

/* async data of IORING_OP_CLONE */
struct io_clone_args {
	struct kernel_clone_args	args;
	pid_t				set_tid[MAX_PID_NS_LEVEL];
	/* where they came from, for seccomp */
	u64				addr;
	u32				len;
	/* the list of the child's files, with IORING_CLONE_FILES */
	u64				files;
};

#ifdef CONFIG_IO_URING_SPAWN
int io_clone_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_clone(struct io_kiocb *req, unsigned int issue_flags);
void io_clone_fail(struct io_kiocb *req);

void io_spawn_ring_init(struct io_ring_ctx *ctx);
int io_spawn_cancel(struct io_ring_ctx *ctx, struct io_cancel_data *cd);
bool io_spawn_cancel_all(struct io_ring_ctx *ctx, struct task_struct *task);
bool io_spawn_has_chains(struct io_ring_ctx *ctx, struct task_struct *task);
void io_spawn_cancel_task(struct io_uring_task *tctx);
void io_spawn_sync(struct io_sq_data *sqd);
int io_spawn_query(struct io_ring_ctx *ctx, void __user *arg);
#else
static inline void io_spawn_ring_init(struct io_ring_ctx *ctx)
{
}

static inline int io_spawn_cancel(struct io_ring_ctx *ctx,
				  struct io_cancel_data *cd)
{
	return -ENOENT;
}

static inline bool io_spawn_cancel_all(struct io_ring_ctx *ctx,
				       struct task_struct *task)
{
	return false;
}

static inline bool io_spawn_has_chains(struct io_ring_ctx *ctx,
				       struct task_struct *task)
{
	return false;
}

static inline void io_spawn_cancel_task(struct io_uring_task *tctx)
{
}

static inline void io_spawn_sync(struct io_sq_data *sqd)
{
}

static inline int io_spawn_query(struct io_ring_ctx *ctx, void __user *arg)
{
	return -EINVAL;
}
#endif

#endif
