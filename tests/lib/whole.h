/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole spawn in one request (IORING_OP_SPAWN), for the engine's tests:
 *
 *	struct whole w;
 *
 *	whole_init(&w, "/bin/true");
 *	whole_step(&w, IORING_CHILD_SETSID);
 *	q_whole(&r, &w);
 *	tring_submit(&r);
 *	pid = CHECK_OK(tring_res(&r, WHOLE));
 */
#ifndef SPAWNPOL_TESTS_WHOLE_H
#define SPAWNPOL_TESTS_WHOLE_H

#include "ring.h"

struct command;

#define WHOLE (OTHER + 1)	/* user_data of the request */
#define WHOLE_NO_CHILD (~0U)	/* in the place of a step's number */
#define WHOLE_STEPS 32

struct whole {
	struct io_uring_spawn arg;
	struct io_uring_spawn_step steps[WHOLE_STEPS];
	struct {
		struct io_uring_spawn_report report;
		char path[4096];
	} told;
	char *argv[4];
	struct clone_args clone;
	int pidfd;
	/* of one that is a chain of links: links.h */
	struct io_uring_clone_kept kept;
	struct __kernel_timespec deadline;
};

/* Path, with argv[0] the same and the environment of the test; all else is 0. */
void whole_init(struct whole *w, const char *path);
/* A program that exits with this status. */
void whole_exit(struct whole *w, int status);
/* One more step, zeroed. */
struct io_uring_spawn_step *whole_step(struct whole *w, unsigned int cmd);
/* This command as a step. */
struct io_uring_spawn_step *whole_command(struct whole *w, const struct command *c);
/* A step that fails with -EBADF. */
struct io_uring_spawn_step *whole_fail(struct whole *w);
/* Where the launcher is told what has ended it. */
void whole_report(struct whole *w);
/* clone_args for the child, zeroed but for its exit signal. */
struct clone_args *whole_clone(struct whole *w);
/* A pidfd of the child, w->pidfd, in the clone_args that there are, or in new ones. */
void whole_pidfd(struct whole *w);
/* The child's pid by that, when there is one and it is not gone, or 0. */
pid_t whole_child(struct whole *w);
/* A step that opens a FIFO and waits for who writes to it. Not to be forgiven. */
struct io_uring_spawn_step *whole_wait_for(struct whole *w, const char *fifo);
/* Queue it, in no chain, with user_data WHOLE. */
struct io_uring_sqe *q_whole(struct tring *r, struct whole *w);
/* Submit it, on a ring that has seen nothing else, and return its CQE. */
const struct tring_cqe *whole_run(struct tring *r, struct whole *w);
/* The same; it becomes a program that exits with this status. Which candidate it was. */
unsigned int whole_exits(struct tring *r, struct whole *w, int status);
/* The same; it fails like this, and reports this path. */
void whole_fails(struct tring *r, struct whole *w, int error, const char *path);
/* Its child ends some time after its CQE, and leaves nothing to wait for. */
void whole_is_gone(void);
/* Of a CQE: the step that has failed, WHOLE_NO_CHILD, or how many candidates it took. */
unsigned int whole_step_of(const struct tring_cqe *cqe);

#endif
