// SPDX-License-Identifier: LGPL-2.1-or-later
/* One combination of event and point, once, and what has become of it. */
#include "round.h"

#include "child.h"
#include "program.h"

#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

/* --- looking -------------------------------------------------------------------- */

void nap(unsigned int us)
{
	struct timespec ts = { .tv_sec = us / 1000000,
			       .tv_nsec = us % 1000000 * 1000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

bool ring_has(struct round *r, uint64_t user_data)
{
	return tring_has(&r->ring, user_data);
}

/* The result of a request that is complete. */
static int result(struct round *r, uint64_t user_data)
{
	if (!WAIT(ring_has(r, user_data)))
		FAIL("no CQE for user_data %llu",
		     (unsigned long long)user_data);
	return tring_res(&r->ring, user_data);
}

bool sleeps(pid_t pid)
{
	char path[64];
	const char *paren;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	paren = strrchr(read_file(path), ')');
	return paren && paren[1] && paren[2] == 'S';
}

/*
 * The submitter, another thread, has counted the steps before it submitted: CLONE's CQE
 * comes first, or there might be none of them to look for.
 */
static bool chain_ended(struct round *r)
{
	unsigned int i;

	if (!ring_has(r, CLONE))
		return false;
	for (i = 0; i < r->steps; i++) {
		if (!ring_has(r, i))
			return false;
	}
	return !r->event->deadline || ring_has(r, DEADLINE);
}

/* The child's pid is put where the test sees it. */
static bool is_there(struct round *r)
{
	/* at its end CLONE's CQE is there: look for that after the others */
	bool ended = chain_ended(r);

	if (!r->share->child && ring_has(r, CLONE) && result(r, CLONE) > 0)
		r->share->child = result(r, CLONE);
	/* it may come later than what the child does */
	if (r->point->place >= IN_STEP && !r->share->child)
		return ended;
	return ended || r->point->reached(r);
}

static bool link_has_ring(struct round *r)
{
	return link_info(r->link).ring_id;
}

/*
 * Closing a ring that a system call still uses ends its chains only once that
 * has returned, and a child that is going may have had it open.
 */
static bool is_over(struct round *r)
{
	return r->closed ? r->link < 0 || !link_has_ring(r) : chain_ended(r);
}

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
static unsigned int reap(struct round *r)
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
static void check_program(struct round *r)
{
	if (r->point->place != IS_PROGRAM || r->event->kills_program ||
	    r->missed)
		return;
	nap(2000);
	CHECK_GT(r->share->child, 0);
	CHECK(!is_gone(r->share->child));
	CHECK_SYS(kill(r->share->child, SIGTERM));
}

static void check_fate(struct round *r, unsigned int programs)
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
	CHECK_EQ(res, -ECANCELED);
}

static void check_cqes(struct round *r, unsigned int programs)
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

/* Each request has had its CQE, and there are no others. */
static void check_number(struct round *r)
{
	unsigned int nr = 1 + r->steps;

	if (r->event->deadline)
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
static void check_link(struct round *r)
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

/* --- the submitter ------------------------------------------------------------------- */

static void count_deaths(void)
{
	struct sigaction action;

	count_sigchld();
	CHECK_SYS(sigaction(SIGCHLD, NULL, &action));
	/* not of children that are stopped */
	action.sa_flags |= SA_RESTART | SA_NOCLDSTOP;
	CHECK_SYS(sigaction(SIGCHLD, &action, NULL));
}

static void set_up(struct round *r)
{
	static char status[] = "7", name[] = "exit_with";

	count_deaths();
	hold_init(&r->hold);
	make_pipe(r->pipe);
	r->fifo_fd = -1;
	r->argv[0] = name;
	r->argv[1] = status;
	r->args.flags = CLONE_INTO_CGROUP;
	r->args.exit_signal = SIGCHLD;
	r->args.cgroup = r->child_group;
	r->files.head.nr = 1;
	r->files.file.source = r->pipe[0];
	r->files.file.number = r->pipe[0];
	r->program = common;
	if (r->event->prepare)
		r->event->prepare(r);
	memset(r->program.life, 0, sizeof(*r->program.life));
	r->program.life->until = (now() + tap_patience()) * 1000000000ULL;
	submitter_start(r);
	attach_policy(r);
	if (r->event->attached)
		r->event->attached(r);
}

void close_ring(struct round *r)
{
	r->closed = true;
	tring_exit(&r->ring);
}

static void *release_some_time(void *arg)
{
	struct round *r = arg;

	nap(r->release_nap);
	r->point->release(r);
	return NULL;
}

/* Have the event happen, and what holds the chain go away. */
static void act(struct round *r)
{
	pthread_t releaser;

	if (r->racing)
		CHECK_EQ(pthread_create(&releaser, NULL, release_some_time, r),
			 0);
	nap(r->nap);
	r->event->act(r);
	if (r->racing)
		CHECK_EQ(pthread_join(releaser, NULL), 0);
}

static unsigned int end_of_chain(struct round *r)
{
	unsigned int programs;

	if (!WAIT(is_over(r)))
		FAIL("the chain does not end");
	check_program(r);
	programs = reap(r);
	check_fate(r, programs);
	return programs;
}

static void run(struct round *r)
{
	bool waits;
	unsigned int programs = 0;

	set_up(r);
	submitter_order(r, SUBMIT);
	if (!WAIT(is_there(r)))
		FAIL("the chain does not come to the point");
	r->missed = !r->point->reached(r);
	if (r->missed)
		CHECK(r->event->deadline);
	act(r);
	/* it must not need what holds it to end */
	waits = must_end(r) && !r->point->in_submitter;
	if (waits)
		programs = end_of_chain(r);
	r->point->release(r);
	if (!waits)
		programs = end_of_chain(r);
	if (!r->closed) {
		check_cqes(r, programs);
		check_number(r);
	}
	check_link(r);
}

/* --- the test --------------------------------------------------------------------------- */

static void prepare_groups(void)
{
	write_file(CHILD_GROUP "/cgroup.freeze", "0", 0);
	write_file(SUBMITTER_GROUP "/cgroup.freeze", "0", 0);
}

static void show(pid_t pid, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	DIAG("%s:\n%s", path, read_file(path));
}

static bool is_killed(pid_t thread)
{
	char path[64];
	const char *pending;

	snprintf(path, sizeof(path), "/proc/%d/status", thread);
	pending = line_of(read_file(path), "SigPnd");
	return strtoull(pending, NULL, 16) & 1 << (SIGKILL - 1);
}

/* A policy cannot wait for anything, and is not ended: who is killed ends after it. */
static void let_killed(struct round *r)
{
	if (common.life->hold_at && common.life->held &&
	    is_killed(r->point->in_submitter ? r->share->submitter :
					       r->share->child))
		common.life->hold_at = 0;
}

/* Wait for the submitter's end, and help it out of what it cannot get out of. */
static int attend(struct round *r, pid_t submitter)
{
	double until = now() + 3 * tap_patience();
	int status;

	while (waitpid(submitter, &status, WNOHANG) <= 0) {
		let_killed(r);
		if (r->share->stopped || r->share->frozen)
			nap(1000 + r->release_nap);
		if (r->share->stopped)
			CHECK_SYS(kill(submitter, SIGCONT));
		if (r->share->frozen)
			write_file(SUBMITTER_GROUP "/cgroup.freeze", "0", 0);
		if (now() > until) {
			show(submitter, "stack");
			show(r->share->child, "stack");
			FAIL("the submitter hangs");
		}
		nap(200);
	}
	CHECK(!common.life->gave_up);
	common.life->hold_at = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void round_run(struct round *r)
{
	pid_t submitter;
	int status;

	memset(r->share, 0, sizeof(*r->share));
	prepare_groups();
	write_file(CHILD_GROUP "/pids.max",
		   r->point->place == NO_CHILD ? "0" : "max", 0);
	submitter = CHECK_SYS(fork());
	if (!submitter) {
		run(r);
		_exit(0);
	}
	status = attend(r, submitter);
	if (r->event->fate != DIES) {
		CHECK_EQ(status, 0);
		check_no_children();
		return;
	}
	CHECK_EQ(status, r->event->status);
	check_program(r);
	check_fate(r, reap(r));
}
