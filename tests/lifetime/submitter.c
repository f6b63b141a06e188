// SPDX-License-Identifier: LGPL-2.1-or-later
/* The thread that has the ring and submits the chain. */
#include "round.h"

#include "child.h"

#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>

/* What CLONE has to wait for. */
static void queue_first(struct round *r)
{
	struct io_uring_sqe *first, *clone;

	if (r->point->place != UNISSUED) {
		clone = q_clone3(&r->ring, &r->args);
	} else {
		first = q_read(&r->ring, r->pipe[0], &r->byte, 1);
		first->user_data = FIRST;
		clone = q_clone3(&r->ring, &r->args);
		if (r->point->drains)
			clone->flags |= IOSQE_IO_DRAIN;
		else
			first->flags |= IOSQE_IO_LINK;
	}
	if (r->list) {
		clone->rw_flags = IORING_CLONE_FILES;
		clone->addr3 = (uintptr_t)&r->files;
	}
}

static void submit_chain(struct round *r)
{
	queue_first(r);
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
