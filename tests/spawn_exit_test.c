// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How children that are no program end: with their submitter or their ring
 * (S5, S15).
 */
#include "lib/child.h"
#include "lib/ring.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static struct tring r;
static struct blocker block;

/* What a submitter in another process tells. */
struct report {
	volatile pid_t child;
};

static struct report *make_report(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

/* CLONE, a step that blocks, EXEC; the child, once it blocks. */
static pid_t start_blocked(void)
{
	pid_t pid;

	q_clone(&r);
	q_block(&r, &block);
	q_exit(&r, 0);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	wait_blocked(pid);
	return pid;
}

static pid_t start_sleeper(void)
{
	pid_t pid;

	q_clone(&r);
	q_sleeper(&r);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	CHECK_EQ(tring_res(&r, 0), 0);
	return pid;
}

static pid_t wait_report(struct report *report)
{
	double until = now() + tap_patience();

	while (!report->child) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
	return report->child;
}

TEST(S5_clone_completes_while_the_child_still_runs_the_chain)
{
	pid_t pid;

	tring_init(&r, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	pid = start_blocked();
	tring_none(&r, 0, 20);
	blocker_release(&block);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(pid), 0);
}

/* The ring goes at any moment of a chain; the debug kernel looks for misuse. */
TEST(S5_closing_the_ring_at_any_moment, .timeout = 60)
{
	unsigned int i, rounds = 120 / tap_slowness();

	for (i = 0; i < rounds; i++) {
		tring_init(&r, tring_kinds[i % tring_nr_kinds].flags);
		q_clone(&r);
		q_nop(&r);
		q_fail(&r);
		q_clone(&r);
		hardlink(q_fail(&r));
		q_exit(&r, 0);
		q_clone(&r);
		q_block(&r, &block);
		q_exit(&r, 0);
		tring_submit(&r);
		usleep(i % 40 * 50);
		tring_exit(&r);
		close(block.fds[0]);
		close(block.fds[1]);
	}
	/* Programs may have started; whatever has not is gone by itself. */
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	CHECK_EQ(errno, ECHILD);
}

TEST(S5_the_parent_exits_at_any_moment, .timeout = 60)
{
	unsigned int i, rounds = 60 / tap_slowness();

	for (i = 0; i < rounds; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			tring_init(&r, tring_kinds[i % tring_nr_kinds].flags);
			q_clone(&r);
			q_nop(&r);
			q_exit(&r, 0);
			q_clone(&r);
			q_block(&r, &block);
			q_exit(&r, 0);
			tring_submit(&r);
			usleep(i % 20 * 100);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

/* Whatever state a chain is in, executing ends it and happens. */
TEST(S5_the_parent_executes_at_any_moment, .timeout = 60)
{
	unsigned int i, rounds = 60 / tap_slowness();

	for (i = 0; i < rounds; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			tring_init(&r, tring_kinds[i % tring_nr_kinds].flags);
			q_clone(&r);
			q_block(&r, &block);
			q_exit(&r, 0);
			tring_submit(&r);
			usleep(i % 10 * 20);
			execl(helper("exit_with"), "exit_with", "6", NULL);
			_exit(1);
		}
		CHECK_EQ(wait_exit(pid), 6);
	}
}

TEST(S15_closing_the_ring_kills_children_that_block)
{
	unsigned int i;
	pid_t pid;

	count_sigchld();
	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		pid = start_blocked();
		tring_exit(&r);
		check_gone(pid);
		check_no_children();
	}
	EXPECT_EQ(sigchlds(), 0);
}

/*
 * The child has the ring in its own file table, and more than once: what is
 * closed at exec is closed at once.
 */
TEST(S15_copies_of_the_rings_descriptor_do_not_keep_the_ring)
{
	pid_t pid;
	int copy;

	tring_init(&r, 0);
	copy = CHECK_SYS(fcntl(tring_fd(&r), F_DUPFD_CLOEXEC, 100));
	pid = start_blocked();
	CHECK_SYS(close(copy));
	tring_exit(&r);
	check_gone(pid);
}

TEST(S15_a_killed_submitter_takes_blocked_children_along)
{
	struct report *report = make_report();
	unsigned int i;
	pid_t pid;

	for (i = 0; i < tring_nr_kinds; i++) {
		report->child = 0;
		pid = CHECK_SYS(fork());
		if (!pid) {
			tring_init(&r, tring_kinds[i].flags);
			report->child = start_blocked();
			for (;;)
				pause();
		}
		wait_report(report);
		CHECK_SYS(kill(pid, SIGKILL));
		CHECK_EQ(wait_exit(pid), -SIGKILL);
		check_gone(report->child);
	}
}

TEST(S15_an_exiting_submitter_takes_blocked_children_along)
{
	struct report *report = make_report();
	pid_t pid;

	pid = CHECK_SYS(fork());
	if (!pid) {
		tring_init(&r, 0);
		report->child = start_blocked();
		_exit(7);
	}
	CHECK_EQ(wait_exit(pid), 7);
	check_gone(report->child);
}

/* As in any event loop, where a poll request is always pending. */
TEST(S15_also_with_other_requests_pending)
{
	struct report *report = make_report();
	struct io_uring_sqe *sqe;
	struct blocker idle;
	pid_t pid;

	pid = CHECK_SYS(fork());
	if (!pid) {
		tring_init(&r, 0);
		make_pipe(idle.fds);
		sqe = q_alone(&r, IORING_OP_POLL_ADD, OTHER);
		sqe->fd = idle.fds[0];
		sqe->poll32_events = 1;
		report->child = start_blocked();
		_exit(7);
	}
	CHECK_EQ(wait_exit(pid), 7);
	check_gone(report->child);
}

static void *submit_in_thread(void *report)
{
	((struct report *)report)->child = start_blocked();
	return NULL;
}

/* The ring is this thread's. */
static void *enable_and_submit(void *report)
{
	CHECK_OK(io_uring_enable_rings(&r.uring));
	return submit_in_thread(report);
}

/* The submitter is a thread: its process goes on. */
TEST(S15_an_exiting_thread_takes_blocked_children_along)
{
	struct report report = { 0 };
	pthread_t thread;

	count_sigchld();
	tring_init(&r, 0);
	CHECK_EQ(pthread_create(&thread, NULL, submit_in_thread, &report), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(tring_res(&r, 0), -ECANCELED);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
	check_gone(report.child);
	check_no_children();
	EXPECT_EQ(sigchlds(), 0);
}

/* Nobody posts completions there any more, of whatever request. */
TEST(S15_also_where_completions_were_the_threads_work)
{
	struct report report = { 0 };
	pthread_t thread;

	count_sigchld();
	tring_init(&r, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			       IORING_SETUP_R_DISABLED);
	CHECK_EQ(pthread_create(&thread, NULL, enable_and_submit, &report), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	check_gone(report.child);
	check_no_children();
	EXPECT_EQ(sigchlds(), 0);
	EXPECT_EQ(io_uring_cq_ready(&r.uring), 0);
}

TEST(S15_a_submitter_that_executes_takes_blocked_children_along)
{
	struct report *report = make_report();
	unsigned int i;
	pid_t pid;

	for (i = 0; i < tring_nr_kinds; i++) {
		report->child = 0;
		pid = CHECK_SYS(fork());
		if (!pid) {
			tring_init(&r, tring_kinds[i].flags);
			report->child = start_blocked();
			execl(helper("exit_with"), "exit_with", "sleep", NULL);
			_exit(1);
		}
		check_gone(wait_report(report));
		CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
		CHECK_SYS(kill(pid, SIGTERM));
		CHECK_EQ(wait_exit(pid), -SIGTERM);
	}
}

TEST(S15_programs_are_left_alone_by_a_closed_ring)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		pid = start_sleeper();
		tring_exit(&r);
		sleep_ms(20);
		CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
		CHECK_SYS(kill(pid, SIGTERM));
		CHECK_EQ(wait_exit(pid), -SIGTERM);
	}
}

TEST(S15_programs_are_left_alone_by_a_killed_submitter)
{
	struct report *report = make_report();
	pid_t pid;

	/* So that the orphan becomes ours. */
	CHECK_SYS(prctl(PR_SET_CHILD_SUBREAPER, 1));
	pid = CHECK_SYS(fork());
	if (!pid) {
		tring_init(&r, 0);
		report->child = start_sleeper();
		for (;;)
			pause();
	}
	wait_report(report);
	CHECK_SYS(kill(pid, SIGKILL));
	CHECK_EQ(wait_exit(pid), -SIGKILL);
	sleep_ms(20);
	CHECK_EQ(waitpid(report->child, NULL, WNOHANG), 0);
	CHECK_SYS(kill(report->child, SIGTERM));
	CHECK_EQ(wait_exit(report->child), -SIGTERM);
}
