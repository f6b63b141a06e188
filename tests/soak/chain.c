// SPDX-License-Identifier: LGPL-2.1-or-later
/* What chains of each kind ask for. */
#include "chain.h"
#include "soak.h"

#include "child.h"

#include <fcntl.h>
#include <signal.h>

static char *program_argv[] = { "quit", NULL };

static struct io_uring_sqe *add(struct chain *c, struct io_uring_sqe *sqe)
{
	c->is_exec[c->nr] = sqe->opcode == SPAWNPOL_OP_EXEC;
	sqe->user_data = c->first + c->nr++;
	COUNT(requests);
	return sqe;
}

static void make_pidfd(struct chain *c)
{
	c->pidfd = -1;
	c->args = (struct clone_args){
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&c->pidfd,
		.exit_signal = SIGCHLD,
	};
}

static void make_files(struct chain *c)
{
	c->files = (struct files){
		.head = { .nr = 3 },
		.files = { { .source = 0, .number = 0 },
			   { .source = 1, .number = 1 },
			   { .source = 2, .number = 2 } },
	};
}

/* --- as links ------------------------------------------------------------------- */

static struct io_uring_sqe *add_exec(struct chain *c, struct tring *r,
				     const char *path)
{
	return add(c, q_exec(r, path, program_argv));
}

static void queue_clone(struct chain *c, struct tring *r, unsigned int slot)
{
	struct io_uring_sqe *sqe = q_clone(r);

	sqe->file_index = slot;
	if (c->kind == PIDFD) {
		make_pidfd(c);
		sqe->addr = (uintptr_t)&c->args;
		sqe->len = sizeof(c->args);
	}
	if (c->kind == FILES) {
		make_files(c);
		sqe->addr3 = (uintptr_t)&c->files;
		sqe->rw_flags = IORING_CLONE_FILES;
	}
	add(c, sqe);
}

static void queue_steps(struct chain *c, struct tring *r)
{
	switch (c->kind) {
	case SEARCH:
		add_exec(c, r, "/missing/quit")->ioprio = IORING_EXEC_SEARCH;
		add_exec(c, r, "/etc/passwd")->ioprio = IORING_EXEC_SEARCH;
		break;
	case HARD:
		hardlink(add_exec(c, r, "/missing/quit"));
		hardlink(add(c, q_fail(r)));
		break;
	case FAIL_STEP:
		add(c, q_fail(r));
		break;
	case LATE:
		c->ts = (struct __kernel_timespec){ .tv_nsec = 2000000 };
		add(c, q_timeout(r, &c->ts));
		add(c, q_read(r, soak.blocked, &c->byte, 1));
		break;
	case CANCELLED:
		add(c, q_read(r, soak.blocked, &c->byte, 1));
		break;
	default:
		break;
	}
	if (c->kind == POLICY)
		add_exec(c, r, "quit");
	else if (c->kind == FAIL_EXEC)
		add_exec(c, r, "/missing/quit");
	else
		add_exec(c, r, soak.program);
}

/* --- as one request --------------------------------------------------------------- */

static struct io_uring_spawn_step *add_step(struct chain *c, unsigned int cmd)
{
	struct io_uring_spawn_step *step = &c->steps[c->arg.nr_steps++];

	*step = (struct io_uring_spawn_step){ .cmd = cmd };
	return step;
}

static struct io_uring_spawn_step *add_failing(struct chain *c)
{
	struct io_uring_spawn_step *step = add_step(c, IORING_CHILD_FCHDIR);

	step->fd = soak.blocked;
	return step;
}

/* Opening it waits for somebody who writes to it. */
static void add_waiting(struct chain *c)
{
	struct io_uring_spawn_step *step = add_step(c, IORING_CHILD_OPEN);

	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)soak.fifo;
	step->off = soak.blocked;
}

static void make_head(struct chain *c, unsigned int slot)
{
	c->arg = (struct io_uring_spawn){
		.slot = slot,
		.steps = (uintptr_t)c->steps,
		.path = (uintptr_t)soak.program,
		.dfd = AT_FDCWD,
		.argv = (uintptr_t)program_argv,
	};
	if (c->kind == PIDFD) {
		make_pidfd(c);
		c->arg.clone_args = (uintptr_t)&c->args;
		c->arg.clone_args_size = sizeof(c->args);
	}
	if (c->kind == FILES) {
		make_files(c);
		c->arg.files = (uintptr_t)&c->files;
		c->arg.flags = IORING_SPAWN_FILES;
	}
}

static void make_steps(struct chain *c)
{
	switch (c->kind) {
	case HARD:
		add_step(c, IORING_CHILD_SETSID);
		add_failing(c)->flags = IORING_SPAWN_STEP_MAY_FAIL;
		break;
	case FAIL_STEP:
		add_failing(c);
		break;
	case LATE:
		c->arg.timeout_ns = 2000000;
		add_waiting(c);
		break;
	case CANCELLED:
		add_waiting(c);
		break;
	default:
		break;
	}
}

static void look_in(struct chain *c, const char *list, unsigned int number)
{
	COUNT(searches);
	c->arg.search = (uintptr_t)list;
	if (!c->opens)
		return;
	COUNT(opens);
	c->arg.search = number;
	c->arg.flags |= IORING_SPAWN_REGISTERED;
}

/* "quit" is looked for by the policy, by the kernel, or where it is not. */
static void make_search(struct chain *c)
{
	if (c->kind == POLICY || c->kind == SEARCH)
		c->arg.path = (uintptr_t)program_argv[0];
	if (c->kind == FAIL_EXEC)
		c->arg.path = (uintptr_t)(c->searches ? program_argv[0]
						      : "/missing/quit");
	if (c->kind == SEARCH)
		look_in(c, soak.list, OPEN_LIST);
	else if (c->kind == FAIL_EXEC && c->searches)
		look_in(c, soak.nowhere, OPEN_NOWHERE);
}

static void add_whole(struct chain *c, struct tring *r)
{
	struct io_uring_sqe *sqe = q_alone(r, SPAWNPOL_OP_SPAWN, 0);

	sqe->addr = (uintptr_t)&c->arg;
	sqe->len = sizeof(c->arg);
	add(c, sqe);
}

static void queue_whole(struct chain *c, struct tring *r, unsigned int slot)
{
	make_head(c, slot);
	make_steps(c);
	make_search(c);
	add_whole(c, r);
	COUNT(wholes);
}

/* --- kept children ---------------------------------------------------------------- */

/* No program: it waits. */
static void make_kept(struct chain *c, unsigned int flags)
{
	c->arg = (struct io_uring_spawn){
		.flags = flags,
		.slot = c->slot,
		.steps = (uintptr_t)c->steps,
	};
}

static void queue_kept(struct chain *c, struct tring *r)
{
	make_kept(c, IORING_SPAWN_KEEP | IORING_SPAWN_FILES);
	if (c->searches)
		add_step(c, IORING_CHILD_SETSID);
	add_whole(c, r);
	COUNT(wholes);
	COUNT(kept);
}

/* The program, in it or in its copy. */
static void queue_its_program(struct chain *c, struct tring *r)
{
	make_head(c, c->slot);
	c->arg.flags = c->kind == COPIED ? IORING_SPAWN_COPY : IORING_SPAWN_CHILD;
	c->arg.child = c->res[0];
	c->program = c->nr;
	add_whole(c, r);
	if (c->kind == COPIED)
		COUNT(copies);
}

static void queue_its_failure(struct chain *c, struct tring *r)
{
	make_kept(c, IORING_SPAWN_KEEP | IORING_SPAWN_CHILD);
	c->arg.child = c->res[0];
	add_failing(c);
	add_whole(c, r);
}

static void queue_its_end(struct chain *c, struct tring *r)
{
	make_kept(c, IORING_SPAWN_CHILD);
	c->arg.child = c->res[0];
	add_whole(c, r);
}

bool chain_go_on(struct chain *c, struct tring *r)
{
	if (!is_kept(c) || c->res[0] <= 0)
		return false;
	if (c->nr == 1 && c->kind == KEPT_FAILS)
		queue_its_failure(c, r);
	else if (!c->program)
		queue_its_program(c, r);
	else if (c->nr == 2 && c->kind == COPIED)
		queue_its_end(c, r);
	else
		return false;
	return true;
}

/* --- both ------------------------------------------------------------------------- */

void chain_queue(struct chain *c, struct tring *r, unsigned int slot)
{
	c->slot = slot;
	if (is_kept(c)) {
		queue_kept(c, r);
		return;
	}
	if (c->whole) {
		queue_whole(c, r, slot);
		return;
	}
	queue_clone(c, r, slot);
	queue_steps(c, r);
	tring_end(r);
}

void chain_cancel(struct chain *c, struct tring *r)
{
	q_cancel(r, c->first, 0, c->first + CANCEL);
	c->cancelling = true;
	COUNT(requests);
}
