/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IORING_OP_SPAWN: a chain in one request. What that says is imported into a plan. The
 * child runs it as it runs linked requests, by two of its own that the ring does not
 * know: one is each step in turn, the other is the EXEC.
 */
#ifndef IOU_PLAN_H
#define IOU_PLAN_H

#include <linux/io_uring_types.h>

struct io_chain;
struct io_plan;

/* Bytes that one can import. */
#define IO_PLAN_MAX_SIZE	(512 * 1024)
#define IO_SPAWN_FLAGS		(IORING_SPAWN_NEED_POLICY | IORING_SPAWN_FILES | \
				 IORING_SPAWN_AS_IS)

int io_spawn_op_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_spawn_op(struct io_kiocb *req, unsigned int issue_flags);
void io_spawn_op_cleanup(struct io_kiocb *req);

/*
 * The first request of the chain, and the one after the step at hand, if that is not
 * the last: the same request can be used again.
 */
struct io_kiocb *io_plan_first(struct io_plan *plan);
struct io_kiocb *io_plan_next(struct io_plan *plan);
bool io_plan_is_last(const struct io_plan *plan);

/* Under ctx->spawn.lock: from now on time runs. */
void io_plan_arm_deadline(struct io_plan *plan);
void io_plan_stop_deadline(struct io_plan *plan);

/* Complete @req, the SPAWN of the chain: with the pid if @error is 0. */
void io_plan_complete(struct io_chain *chain, struct io_kiocb *req, int error);
void io_plan_free(struct io_plan *plan);

#endif
