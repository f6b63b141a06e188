// SPDX-License-Identifier: LGPL-2.1-or-later
/* What has to become of a chain, and what has. */
#include "round.h"

#include "child.h"
#include "program.h"

#include <linux/bpf.h>
#include <signal.h>
#include <sys/wait.h>

/* --- what has to be --------------------------------------------------------------- */

static bool event_is_void(struct round *r)
{
	return r->event->hits_child && r->point->place < IN_STEP;
}

/* Who cancels is told, and that is binding. */
static bool was_found(struct round *r)
{
	return r->event->cancels && r->cancelled >= 0;
}

bool must_end(struct round *r)
{
	if (r->event->fate == GOES_ON || r->point->place == IS_PROGRAM)
		return false;
	if (r->missed)
		return false;
	/* the system call that the policy runs in still has the ring open */
	if (r->closed && r->point->in_submitter)
		return false;
	/* what it found may be the request that CLONE waits for */
	if (r->event->cancels)
		return was_found(r) && r->point->place != UNISSUED;
	if (r->event->deadline && r->point->place == UNISSUED)
		return false;
	if (r->event->leaves &&
	    (r->point->in_submitter || r->point->place == UNISSUED ||
	     r->kind->flags & IORING_SETUP_SQPOLL))
		return false;
	return !event_is_void(r) && !r->racing && !r->point->passes;
}

bool must_go_on(struct round *r)
{
	if (r->missed)
		return false;
	if (r->point->place == IS_PROGRAM)
		return true;
	if (r->event->cancels)
		return !was_found(r);
	if (event_is_void(r) && r->event->fate != GOES_ON)
		return !r->racing;
	if (r->event->leaves)
		return r->kind->flags & IORING_SETUP_SQPOLL && !r->apart;
	/* nobody asks for another attempt any more */
	if (r->event->unlinks && r->point->place == NO_CHILD)
		return false;
	return r->event->fate == GOES_ON;
}

/* --- judging ----------------------------------------------------------------------- */

static bool fits(struct round *r, const siginfo_t *end)
{
	bool killed = end->si_code == CLD_KILLED;

	if (killed && end->si_status == SIGKILL)
		return r->event->kills_program;
	if (r->point->place == IS_PROGRAM)
		return killed && end->si_status == SIGTERM;
	return end->si_code == CLD_EXITED && end->si_status == PROGRAM;
}

/* Until nothing is left to wait for. Returns the number of programs. */
unsigned int reap(struct round *r)
{
	double until = now() + tap_patience();
	unsigned int nr = 0;
	siginfo_t end;

	for (;;) {
		end.si_pid = 0;
		if (waitid(P_ALL, 0, &end, WEXITED | WNOHANG | __WALL)) {
			CHECK_EQ(errno, ECHILD);
			return nr;
		}
		/* a thread that has been joined is a debugger for a moment yet */
		if (end.si_pid && end.si_code != CLD_TRAPPED) {
			if (!fits(r, &end))
				FAIL("a child ended with code %d status %d",
				     end.si_code, end.si_status);
			nr++;
			continue;
		}
		if (now() > until)
			FAIL("a child stays");
		nap(200);
	}
}

/* A program that was running already lives on, unless the event was its end. */
void check_program(struct round *r)
{
	if (r->point->place != IS_PROGRAM || r->event->kills_program ||
	    r->missed)
		return;
	nap(2000);
	CHECK_GT(r->share->child, 0);
	CHECK(!is_gone(r->share->child));
	CHECK_SYS(kill(r->share->child, SIGTERM));
}

void check_fate(struct round *r, unsigned int programs)
{
	r->share->execed = programs;
	CHECK_LE(programs, 1);
	if (must_end(r))
		CHECK_EQ(programs, 0);
	if (must_go_on(r))
		CHECK_EQ(programs, 1);
}

/* From the first step that was cancelled on, all are. */
static void check_cancelled(struct round *r)
{
	unsigned int i = 0;

	if (result(r, CLONE) > 0) {
		while (i < r->steps && result(r, i) != -ECANCELED)
			i++;
		if (must_end(r) && !r->point->passes && !r->racing)
			CHECK_EQ(i, r->current);
	}
	CHECK_LT(i, r->steps);
	for (; i < r->steps; i++)
		CHECK_EQ(result(r, i), -ECANCELED);
}

static void check_clone_error(struct round *r, int res)
{
	if (r->event->unlinks && res == -EAGAIN)
		return;
	if (r->event->leaves && res == -EPERM)
		return;
	/* io_uring's word for a request that is issued too late for its task */
	if (r->event->leaves && r->point->place == UNISSUED && res == -EFAULT)
		return;
	/* the child that it was for ends with its maker */
	if (r->in_kept && r->event->leaves && res == -ESRCH)
		return;
	CHECK_EQ(res, -ECANCELED);
}

static void check_links(struct round *r, unsigned int programs)
{
	bool execed = result(r, r->steps - 1) == 0;
	int clone = result(r, CLONE);
	unsigned int i;

	CHECK_EQ(execed, programs == 1);
	if (!execed) {
		check_cancelled(r);
		if (clone > 0)
			check_gone(clone);
		else
			check_clone_error(r, clone);
		EXPECT_EQ(sigchlds(), 0);
	}
	for (i = 0; execed && i < r->steps; i++)
		CHECK_NE(result(r, i), -ECANCELED);
	if (r->event->deadline) {
		int res = result(r, DEADLINE);

		CHECK(res == -ECANCELED || (res == -ETIME && !execed));
		if (must_end(r))
			CHECK_EQ(res, -ETIME);
	}
}

/* The error of a SPAWN, and the step that its CQE says. */
static void check_spawn_failed(struct round *r, const struct tring_cqe *cqe)
{
	unsigned int step = whole_step_of(cqe);

	if (r->event->deadline)
		CHECK_EQ(cqe->res, -ETIME);
	else if (step == WHOLE_NO_CHILD || r->point->place == UNISSUED)
		check_clone_error(r, cqe->res);
	else
		CHECK_EQ(cqe->res, -ECANCELED);
	if (r->point->place == IN_STEP && !r->missed)
		CHECK_LE(step, r->spawn.arg.nr_steps);
	if (r->point->place == IN_STEP && must_end(r) && !r->point->passes &&
	    !r->racing)
		CHECK_EQ(step, r->current);
	if (r->share->child)
		check_gone(r->share->child);
	EXPECT_EQ(sigchlds(), 0);
}

/* A request linked to it starts after it, if it has a program. */
static void check_follower(struct round *r, bool execed)
{
	int res = result(r, AFTER);

	/* io_uring's word for a request whose task has gone meanwhile */
	if (execed && r->event->leaves && res == -EFAULT)
		return;
	CHECK_EQ(res, execed ? 0 : -ECANCELED);
}

static void check_spawn(struct round *r, unsigned int programs)
{
	const struct tring_cqe *cqe;

	result(r, CLONE);
	cqe = tring_cqe(&r->ring, CLONE);
	CHECK_EQ(cqe->res > 0, programs == 1);
	if (cqe->res <= 0)
		check_spawn_failed(r, cqe);
	else
		CHECK_EQ(whole_step_of(cqe), r->searches ? 2 : 1);
	if (r->followed)
		check_follower(r, cqe->res > 0);
}

void check_cqes(struct round *r, unsigned int programs)
{
	if (r->whole)
		check_spawn(r, programs);
	else
		check_links(r, programs);
}

/* Each request has had its CQE, and there are no others. */
void check_number(struct round *r)
{
	unsigned int nr = 1 + r->steps;

	if (r->event->deadline && !r->whole)
		nr++;
	if (r->followed)
		nr++;
	if (r->point->place == UNISSUED) {
		result(r, FIRST);
		nr++;
	}
	if (r->event->cancels && r->by_submitter)
		nr++;
	ring_has(r, 0);
	CHECK_EQ(r->ring.nr_seen, nr);
}

/* The link does not know a ring that is gone or that it is detached from. */
void check_link(struct round *r)
{
	union bpf_attr attr = { .link_update = { .link_fd = r->link,
						 .new_prog_fd =
							 r->other_program } };

	/* one run may have begun before */
	if (r->detached || r->updated)
		CHECK_LE(r->program.life->runs, r->asked + 1);
	if (r->link < 0)
		return;
	if (!r->closed && !r->detached) {
		CHECK(link_has_ring(r));
		return;
	}
	CHECK(!link_has_ring(r));
	CHECK_EQ(bpf_call(BPF_LINK_UPDATE, &attr, sizeof(attr)), -ENOLINK);
}
