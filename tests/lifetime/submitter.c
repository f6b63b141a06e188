// SPDX-License-Identifier: LGPL-2.1-or-later
/* The thread that has the ring and submits the chain. */
#include "round.h"

#include "child.h"
#include "kept.h"
#include "links.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* --- the chain ------------------------------------------------------------------ */

static struct io_uring_sqe *queue_clone(struct round *r)
{
	struct io_uring_sqe *sqe = q_clone3(&r->ring, &r->args);
	struct io_uring_clone_kept *kept = &r->spawn.kept;

	if (r->list) {
		sqe->rw_flags = IORING_CLONE_FILES;
		sqe->addr3 = (uintptr_t)&r->files;
	}
	if (r->in_kept) {
		*kept = (struct io_uring_clone_kept){ .child = r->kept };
		sqe->rw_flags |= IORING_CLONE_CHILD;
		sqe->addr = (uintptr_t)kept;
		sqe->len = sizeof(*kept);
	}
	return sqe;
}

/* Before all else, and without a policy. */
void make_kept(struct round *r)
{
	struct whole *w = &r->spawn;

	kept_new(w);
	/* a policy may have it read that pipe */
	w->arg.files = (uintptr_t)&r->files;
	whole_report(w);
	w->arg.clone_args = (uintptr_t)&r->args;
	w->arg.clone_args_size = sizeof(r->args);
	by_links = r->made_by_links;
	r->kept = CHECK_OK(spawn_run(&r->ring, w));
	r->kept_pid = w->told.report.pid;
	tring_forget(&r->ring);
}

/* Whether it waits. What has ended its chain can end it as well, in its own time. */
static bool kept_stays(struct round *r)
{
	double until = now() + tap_patience();
	const char *line;

	while (*(line = kept_line(&r->ring, r->kept))) {
		if (!strcmp(line, format("pid %d waiting", r->kept_pid)))
			return true;
		if (now() > until)
			FAIL("the kept child is neither waiting nor gone");
		sleep_ms(1);
	}
	return false;
}

void end_kept(struct round *r)
{
	if (!r->in_kept || r->closed || !kept_stays(r))
		return;
	if (kill(r->kept_pid, SIGKILL))
		CHECK_EQ(errno, ESRCH);
	check_gone(r->kept_pid);
}

/* Where it is, or two directories, of which the second one has it. */
static void choose_program(struct round *r)
{
	static char list[4096];
	const char *path = helper("exit_with"), *name = strrchr(path, '/') + 1;

	whole_init(&r->spawn, r->searches ? name : path);
	if (r->open)
		r->spawn.arg.flags = IORING_SPAWN_REGISTERED;
	if (!r->searches || r->open)
		return;
	snprintf(list, sizeof(list), "/nonexistent:%.*s", (int)(name - 1 - path),
		 path);
	r->spawn.arg.search = (uintptr_t)list;
}

static struct io_uring_sqe *queue_whole(struct round *r)
{
	struct whole *w = &r->spawn;
	struct io_uring_sqe *sqe;

	choose_program(r);
	*whole_clone(w) = r->args;
	if (r->in_kept) {
		/* it is in its cgroup already */
		w->clone.flags = 0;
		kept_in(w, r->kept);
	}
	whole_pidfd(w);
	w->arg.argv = (uintptr_t)r->argv;
	if (r->list) {
		w->arg.flags |= IORING_SPAWN_FILES;
		w->arg.files = (uintptr_t)&r->files;
	}
	if (r->event->deadline)
		w->arg.timeout_ns = r->deadline.tv_nsec;
	else if (r->has_time)
		w->arg.timeout_ns = 3600 * 1000000000ULL;
	sqe = q_whole(&r->ring, w);
	sqe->user_data = CLONE;
	return sqe;
}

/* With what it has to wait for. */
static struct io_uring_sqe *queue_beginning(struct round *r)
{
	struct io_uring_sqe *first = NULL, *clone;

	if (r->point->place == UNISSUED) {
		first = q_read(&r->ring, r->pipe[0], &r->byte, 1);
		first->user_data = FIRST;
	}
	clone = r->whole ? queue_whole(r) : queue_clone(r);
	if (r->point->drains)
		clone->flags |= IOSQE_IO_DRAIN;
	else if (first)
		first->flags |= IOSQE_IO_LINK;
	return clone;
}

static void submit_whole(struct round *r)
{
	struct io_uring_sqe *sqe = queue_beginning(r);

	r->point->queue(r);
	if (r->followed) {
		sqe->flags |= IOSQE_IO_LINK;
		q_alone(&r->ring, IORING_OP_NOP, AFTER);
	}
	r->steps = 0;
	tring_submit(&r->ring);
	r->submitted = true;
}

static void submit_links(struct round *r)
{
	queue_beginning(r);
	if (r->event->deadline) {
		q_timeout(&r->ring, &r->deadline)->user_data = DEADLINE;
		r->ring.steps = 0;
	}
	r->point->queue(r);
	q_exec(&r->ring, helper("exit_with"), r->argv);
	r->steps = r->ring.steps;
	tring_submit(&r->ring);
	r->submitted = true;
}

static void submit_chain(struct round *r)
{
	if (r->whole)
		submit_whole(r);
	else
		submit_links(r);
}

/* --- orders --------------------------------------------------------------------- */

void execute(void)
{
	execl(helper("exit_with"), "exit_with", "6", NULL);
	FAIL("cannot execute: %s", strerror(errno));
}

static void follow(struct round *r, enum order order)
{
	switch (order) {
	case SUBMIT:
		submit_chain(r);
		break;
	case SUBMIT_CANCEL:
		tring_submit(&r->ring);
		break;
	case LEAVE:
		syscall(SYS_exit, 0);
		break;
	case EXECUTE:
		execute();
	}
}

/*
 * Wait for orders. Where only this thread may take what is complete from the
 * kernel, look for that, too.
 */
static void *submitter(void *arg)
{
	struct round *r = arg;
	bool defers = r->kind->flags & IORING_SETUP_DEFER_TASKRUN;
	struct pollfd in = { .fd = r->orders[0], .events = POLLIN };
	char order;

	r->share->submitter = gettid();
	if (r->apart)
		CHECK_SYS(unshare(CLONE_FS));
	CHECK_OK(tring_try_init(&r->ring, 32, r->kind->flags));
	if (r->open)
		dirs_open(r);
	if (r->in_kept)
		make_kept(r);
	r->ready = true;
	for (;;) {
		if (poll(&in, 1, defers ? 1 : -1) > 0 &&
		    read(r->orders[0], &order, 1) == 1)
			follow(r, order);
		if (defers && !r->closed)
			io_uring_get_events(&r->ring.uring);
	}
	return NULL;
}

void submitter_start(struct round *r)
{
	make_pipe(r->orders);
	CHECK_EQ(pthread_create(&r->submitter, NULL, submitter, r), 0);
	CHECK(WAIT(r->ready));
}

void submitter_order(struct round *r, enum order order)
{
	char byte = order;

	CHECK_EQ(write(r->orders[1], &byte, 1), 1);
}
