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
int result(struct round *r, uint64_t user_data)
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
	if (r->followed && !ring_has(r, AFTER))
		return false;
	return r->whole || !r->event->deadline || ring_has(r, DEADLINE);
}

/* The child's pid is put where the test sees it. A SPAWN tells it at its end only. */
static void look_for_child(struct round *r)
{
	if (!r->share->child && r->whole)
		r->share->child = whole_child(&r->spawn);
	if (!r->share->child && ring_has(r, CLONE) && result(r, CLONE) > 0)
		r->share->child = result(r, CLONE);
}

static bool is_there(struct round *r)
{
	/* at its end CLONE's CQE is there: look for that after the others */
	bool ended = chain_ended(r);

	look_for_child(r);
	/* it may come later than what the child does */
	if (r->point->place >= IN_STEP && !r->share->child)
		return ended;
	return ended || r->point->reached(r);
}

bool link_has_ring(struct round *r)
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
	end_kept(r);
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
	dirs_check_let_go(r);
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

static void run_and_judge(struct round *r)
{
	pid_t submitter;
	int status;

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

void round_run(struct round *r)
{
	memset(r->share, 0, sizeof(*r->share));
	if (r->open)
		dirs_make();
	run_and_judge(r);
	if (r->open)
		dirs_check(r);
}
