// SPDX-License-Identifier: LGPL-2.1-or-later
/* The requests of a chain of links that say what a SPAWN says. */
#include "link_sqe.h"

#include <stdint.h>

static void fill_kept(struct io_uring_sqe *sqe, const struct io_uring_spawn *arg,
		      struct io_uring_clone_kept *kept)
{
	*kept = (struct io_uring_clone_kept){
		.clone_args = arg->clone_args,
		.clone_args_size = arg->clone_args_size,
		.child = arg->child,
		.keep_ns = arg->keep_ns,
	};
	sqe->addr = (uintptr_t)kept;
	sqe->len = sizeof(*kept);
}

void sqe_clone(struct io_uring_sqe *sqe, const struct io_uring_spawn *arg,
	       struct io_uring_clone_kept *kept)
{
	sqe->opcode = SPAWNPOL_OP_CLONE;
	/* the others are the same; these two are about a search */
	sqe->rw_flags = arg->flags &
			~(IORING_SPAWN_AS_IS | IORING_SPAWN_REGISTERED);
	sqe->off = arg->cookie;
	sqe->file_index = arg->slot;
	sqe->addr3 = arg->files;
	sqe->addr = arg->clone_args;
	sqe->len = arg->clone_args_size;
	if (arg->flags & CLONE_KEPT_FLAGS)
		fill_kept(sqe, arg, kept);
}

void sqe_step(struct io_uring_sqe *sqe, const struct io_uring_spawn_step *step)
{
	sqe->opcode = SPAWNPOL_OP_CHILD;
	sqe->len = step->cmd;
	sqe->fd = step->fd;
	sqe->rw_flags = step->child_flags;
	sqe->addr = step->addr;
	sqe->off = step->off;
	sqe->addr3 = step->addr3;
	sqe->__pad2[0] = step->addr4;
	if (step->flags & IORING_SPAWN_STEP_FIXED)
		sqe->flags |= IOSQE_FIXED_FILE;
	if (step->flags & IORING_SPAWN_STEP_MAY_FAIL)
		sqe->flags |= IOSQE_IO_HARDLINK;
}

void sqe_program(struct io_uring_sqe *sqe, const struct io_uring_spawn *arg)
{
	sqe->opcode = SPAWNPOL_OP_EXEC;
	sqe->fd = arg->dfd;
	sqe->addr = arg->path;
	sqe->addr2 = arg->argv;
	sqe->addr3 = arg->envp;
	sqe->rw_flags = arg->exec_flags;
}

bool links_end_with_nop(const struct io_uring_spawn *arg,
			const struct io_uring_spawn_step *steps)
{
	const unsigned int nr = arg->nr_steps;

	return !arg->path &&
	       (!nr || steps[nr - 1].flags & IORING_SPAWN_STEP_MAY_FAIL);
}
