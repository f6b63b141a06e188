// SPDX-License-Identifier: LGPL-2.1-or-later
/* What must hold of a chain, whatever has failed on its way. */
#include "fault_chain.h"
#include "child.h"
#include "whole.h"

#include <sched.h>
#include <sys/wait.h>

/*
 * A submission in which something fails takes a part, maybe without the end of
 * a chain.
 */
static void submit_rest(const struct fault_walk *w, struct tring *r)
{
	double until = now() + tap_patience();
	int res;

	while (io_uring_sq_ready(&r->uring)) {
		res = io_uring_submit(&r->uring);
		if (res < 0 && res != -EAGAIN && res != -EINTR)
			FAIL("fault %u of %s: submitting the rest: %s", w->nth,
			     w->name, tap_errname(res));
		if (now() > until)
			FAIL("fault %u of %s: the rest is not taken", w->nth,
			     w->name);
		sched_yield(); /* to the SQ thread */
	}
}

int fault_res(const struct fault_walk *w, struct tring *r, uint64_t user_data)
{
	struct __kernel_timespec ts = { .tv_nsec = 20 * 1000 * 1000 };
	double until = now() + tap_patience();
	struct io_uring_cqe *cqe;

	while (!tring_has(r, user_data)) {
		if (now() > until) {
			DIAG("fault %u of %s: a CQE is lost", w->nth, w->name);
			break;
		}
		io_uring_wait_cqe_timeout(&r->uring, &cqe, &ts);
	}
	return tring_res(r, user_data);
}

int fault_wait(pid_t pid)
{
	int status = 0;
	pid_t got;

	do {
		got = waitpid(pid, &status, __WALL);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		CHECK_EQ(errno, ECHILD);
		return NO_PROGRAM;
	}
	CHECK_EQ(got, pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Nothing of it can post a CQE any more. */
static void check_count(const struct fault_walk *w, struct tring *r,
			unsigned int count)
{
	unsigned int i, seen = 0;

	tring_has(r, CLONE);
	for (i = 0; i < r->nr_seen; i++)
		seen += !(r->seen[i].flags & SPAWNPOL_CQE_F_STAGED);
	if (seen != count)
		FAIL("fault %u of %s: %u CQEs instead of %u", w->nth, w->name,
		     seen, count);
}

int fault_settle(const struct fault_walk *w, struct tring *r,
		 unsigned int steps, unsigned int others)
{
	int status = NO_PROGRAM;
	unsigned int i;
	pid_t pid;

	submit_rest(w, r);
	pid = fault_res(w, r, CLONE);
	for (i = 0; i < steps; i++)
		fault_res(w, r, i);
	for (i = 0; i < others; i++)
		fault_res(w, r, OTHER + i);
	if (pid > 0)
		status = fault_wait(pid);
	check_no_children();
	if (pid > 0)
		check_gone(pid);
	check_count(w, r, 1 + steps + others);
	return status;
}

int fault_settle_whole(const struct fault_walk *w, struct tring *r)
{
	int status = NO_PROGRAM;
	pid_t pid;

	submit_rest(w, r);
	pid = fault_res(w, r, WHOLE);
	if (pid > 0)
		status = fault_wait(pid);
	whole_is_gone();
	check_count(w, r, 1);
	return status;
}

struct io_uring_sqe *q_exec_small(struct tring *r, const char *path,
				  char *const argv[])
{
	static char *const small_environ[] = { "A=b", NULL };
	struct io_uring_sqe *sqe = q_exec(r, path, argv);

	sqe->addr3 = (uintptr_t)small_environ;
	return sqe;
}
