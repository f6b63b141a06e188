/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_CLONE_H
#define IOU_CLONE_H

#include <linux/io_uring_types.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>

#include "chain.h"
#include "spawn.h"

#define IO_CLONE_FLAGS	(CLONE_PIDFD | CLONE_INTO_CGROUP | CLONE_CLEAR_SIGHAND | \
			 IO_NAMESPACE_FLAGS)

/* The two ways to name a child that waits, and all that is about such. */
#define IO_CLONE_IN_KEPT	(IORING_CLONE_CHILD | IORING_CLONE_COPY)
#define IO_CLONE_KEPT		(IORING_CLONE_KEEP | IO_CLONE_IN_KEPT)

#define IO_CLONE_SQE_FLAGS	(IORING_CLONE_NEED_POLICY | IORING_CLONE_FILES | \
				 IORING_CLONE_REPORT | IO_CLONE_KEPT)

/* async data of a CLONE that has attributes, lists files or is about a child that waits */
struct io_clone_args {
	struct kernel_clone_args	args;
	pid_t				set_tid[MAX_PID_NS_LEVEL];
	/* where they came from, for seccomp */
	u64				addr;
	u32				len;
	/* the child has the files of this list, and no others */
	bool				lists_files;
	u64				files;
	/* which child is to wait, or has waited: see kept.h */
	bool				keep;
	bool				copy;
	u32				child;		/* its number, or 0 */
	u64				keep_ns;
};

/* Of CLONE and SPAWN. */
struct io_clone {
	struct file			*file;
	u64				cookie;
	struct io_spawn_snapshot	snapshot;
	/* struct io_report, without its padding */
	struct io_uring_spawn_report __user *report;
	u32				report_size;
	u8				flags;
	u8				slot;
};

void io_spawn_snapshot(struct io_spawn_snapshot *snapshot);
/* ... for a request: what the program is to inherit. */
void io_clone_snapshot(struct io_ring_ctx *ctx, struct io_spawn_snapshot *snapshot);
/*
 * What is said about children that wait: 0 or -EINVAL. Flags are IORING_CLONE_*, which
 * are the IORING_SPAWN_* of the same names.
 */
int io_clone_check_kept(u32 flags, u64 clone_args, u32 child, u64 keep_ns);
/* Read what ca->addr and ca->len say; likewise. */
int io_clone_import(struct io_clone_args *ca, u32 flags);
/*
 * Where a new chain of @ctx is to wait. -EAGAIN: too many do; -ECANCELED: the ring is
 * being closed; -ENOMEM.
 */
struct io_spawn_queue *io_chain_get_queue(struct io_ring_ctx *ctx);
/*
 * Make @chain, whose memory is the caller's, one of @req, of which @clone tells, with
 * @args or NULL. -ENOMEM or -ENOLINK: io_chain_free() has then to follow, too.
 */
int io_chain_init(struct io_chain *chain, struct io_kiocb *req,
		  const struct io_clone *clone, const struct io_clone_args *args);
int io_clone_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_clone(struct io_kiocb *req, unsigned int issue_flags);
void io_clone_fail(struct io_kiocb *req);

#endif
