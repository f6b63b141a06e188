/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IORING_OP_SPAWN: a chain in one request. What that says is imported into a plan. The
 * child runs it as it runs linked requests, by two of its own that the ring does not
 * know: one is each step in turn, the other is the EXEC.
 */
#ifndef IOU_PLAN_H
#define IOU_PLAN_H

#include <linux/hrtimer.h>
#include <linux/io_uring_types.h>

#include "chain.h"
#include "child_cmd.h"
#include "clone.h"

/* Bytes that one can import. */
#define IO_PLAN_MAX_SIZE	(512 * 1024)
#define IO_SPAWN_FLAGS		(IORING_SPAWN_NEED_POLICY | IORING_SPAWN_FILES | \
				 IORING_SPAWN_AS_IS | IORING_SPAWN_REGISTERED | \
				 IORING_SPAWN_KEEP | IORING_SPAWN_CHILD | \
				 IORING_SPAWN_COPY)

struct io_plan_step {
	struct io_child		child;
	u64			user_data;
	u32			flags;		/* IORING_SPAWN_STEP_* */
};

struct io_plan {
	struct io_clone		clone;
	u64			timeout_ns;	/* 0: none */
	size_t			size;		/* of all that was imported */
	u8			sqe_flags;	/* IOSQE_*, of the SPAWN */
	bool			has_args;
	bool			has_exec;
	unsigned int		at;		/* the next step */
	unsigned int		nr_steps;

	struct io_chain		chain;		/* once it has been issued */
	/* what stands for the step at hand, linked to what stands for the EXEC */
	struct io_kiocb		exec;
	struct io_kiocb		step;		/* if there are steps */

	struct hrtimer		deadline;	/* if it has one */
	struct io_clone_args	args;		/* if it has any */
	struct io_plan_step	steps[] __counted_by(nr_steps);
};

/* The request, until it is a chain. */
struct io_spawn_op {
	struct file		*file;
	struct io_plan		*plan;
};

/* plan_import.c */
int io_spawn_op_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe);
/* plan.c */
int io_spawn_op(struct io_kiocb *req, unsigned int issue_flags);
void io_spawn_op_cleanup(struct io_kiocb *req);

/*
 * The first request of the chain, or NULL, and the one after the step at hand, if that
 * is not the last: the same request can be used again.
 */
struct io_kiocb *io_plan_first(struct io_plan *plan);
struct io_kiocb *io_plan_next(struct io_plan *plan);
bool io_plan_is_last(const struct io_plan *plan);

/* Under ctx->spawn.lock: from now on time runs. */
void io_plan_arm_deadline(struct io_plan *plan);
void io_plan_stop_deadline(struct io_plan *plan);

/* Complete @req, the SPAWN of the chain, with its result: not below 0, or an error. */
void io_plan_complete(struct io_chain *chain, struct io_kiocb *req, int res);
void io_plan_free(struct io_plan *plan);

#endif
