/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The requests of a chain of links that say what a SPAWN says. Each fills in a zeroed
 * SQE; how it is linked, and user_data, are the caller's.
 */
#ifndef SPAWNPOL_TESTS_LINK_SQE_H
#define SPAWNPOL_TESTS_LINK_SQE_H

#include "io_uring_spawn.h"
#include "spawnpol_uapi.h"

#include <liburing.h>
#include <stdbool.h>

/* With any of these, CLONE points to a struct io_uring_clone_kept. */
#define CLONE_KEPT_FLAGS (IORING_CLONE_KEEP | IORING_CLONE_CHILD | IORING_CLONE_COPY)

/* With one of those flags @kept is filled in. It stays until the request is prepared. */
void sqe_clone(struct io_uring_sqe *sqe, const struct io_uring_spawn *arg,
	       struct io_uring_clone_kept *kept);
/* IORING_OP_CHILD, with a hard link after what may fail. */
void sqe_step(struct io_uring_sqe *sqe, const struct io_uring_spawn_step *step);
/* EXEC of its path. */
void sqe_program(struct io_uring_sqe *sqe, const struct io_uring_spawn *arg);

/*
 * Whether there is a NOP at the end. A chain needs a step, and the child waits after one
 * that has succeeded.
 */
bool links_end_with_nop(const struct io_uring_spawn *arg,
			const struct io_uring_spawn_step *steps);

#endif
