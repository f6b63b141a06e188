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
#include <sys/prctl.h>
#include <sys/wait.h>

static struct tring r;
static struct blocker block;

/* What a submitter in another process tells. */
static struct report {
	volatile pid_t child;
} * report;

/* CLONE, a step that blocks, EXEC. */
static void submit_blocking(void)
{
	q_clone(&r);
	q_block(&r, &block);
	q_exit(&r, 0);
	tring_submit(&r);
}

static void report_blocked(void)
{
	report->child = spawn_blocked(&r, &block);
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

static void wait_report(void)
{
	double until = now() + tap_patience();

	while (!report->child) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
}

static void pause_for_ever(void)
{
	for (;;)
		pause();
}

/* A process of its own that makes a ring and does this: it is the submitter. */
static pid_t fork_submitter(unsigned int ring_flags, void (*what)(void))
{
	pid_t pid;

	report = shared_memory(sizeof(*report));
	pid = CHECK_SYS(fork());
	if (!pid) {
		tring_init(&r, ring_flags);
		what();
		_exit(7);
	}
	return pid;
}

static void kill_submitter(pid_t pid)
{
	wait_report();
	CHECK_SYS(kill(pid, SIGKILL));
	CHECK_EQ(wait_exit(pid), -SIGKILL);
}

/* It has not ended, and ends now. */
static void terminate(pid_t pid)
{
	CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
	CHECK_SYS(kill(pid, SIGTERM));
	CHECK_EQ(wait_exit(pid), -SIGTERM);
}

TEST(S5_clone_completes_while_the_child_still_runs_the_chain)
{
	pid_t pid;

	tring_init(&r, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	pid = spawn_blocked(&r, &block);
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
		submit_blocking();
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
			submit_blocking();
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
			submit_blocking();
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
		pid = spawn_blocked(&r, &block);
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
	pid = spawn_blocked(&r, &block);
	CHECK_SYS(close(copy));
	tring_exit(&r);
	check_gone(pid);
}

static void block_and_pause(void)
{
	report_blocked();
	pause_for_ever();
}

TEST(S15_a_killed_submitter_takes_blocked_children_along)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		kill_submitter(
			fork_submitter(tring_kinds[i].flags, block_and_pause));
		check_gone(report->child);
	}
}

TEST(S15_an_exiting_submitter_takes_blocked_children_along)
{
	CHECK_EQ(wait_exit(fork_submitter(0, report_blocked)), 7);
	check_gone(report->child);
}

static void poll_and_block(void)
{
	struct io_uring_sqe *sqe;
	struct blocker idle;

	make_pipe(idle.fds);
	sqe = q_alone(&r, IORING_OP_POLL_ADD, OTHER);
	sqe->fd = idle.fds[0];
	sqe->poll32_events = 1;
	report_blocked();
}

/* As in any event loop, where a poll request is always pending. */
TEST(S15_also_with_other_requests_pending)
{
	CHECK_EQ(wait_exit(fork_submitter(0, poll_and_block)), 7);
	check_gone(report->child);
}

static void *submit_in_thread(void *unused)
{
	report_blocked();
	return unused;
}

/* The ring is this thread's. */
static void *enable_and_submit(void *unused)
{
	CHECK_OK(io_uring_enable_rings(&r.uring));
	return submit_in_thread(unused);
}

/* The submitter is a thread: its process goes on. */
static void check_thread(unsigned int ring_flags, void *(*submit)(void *))
{
	struct report seen = { 0 };
	pthread_t thread;

	report = &seen;
	count_sigchld();
	tring_init(&r, ring_flags);
	CHECK_EQ(pthread_create(&thread, NULL, submit, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	check_gone(seen.child);
	check_no_children();
	EXPECT_EQ(sigchlds(), 0);
}

TEST(S15_an_exiting_thread_takes_blocked_children_along)
{
	check_thread(0, submit_in_thread);
	CHECK_EQ(tring_res(&r, 0), -ECANCELED);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
}

/* Nobody posts completions there any more, of whatever request. */
TEST(S15_also_where_completions_were_the_threads_work)
{
	check_thread(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			     IORING_SETUP_R_DISABLED,
		     enable_and_submit);
	EXPECT_EQ(io_uring_cq_ready(&r.uring), 0);
}

static void block_and_execute(void)
{
	report_blocked();
	execl(helper("exit_with"), "exit_with", "sleep", NULL);
}

TEST(S15_a_submitter_that_executes_takes_blocked_children_along)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < tring_nr_kinds; i++) {
		pid = fork_submitter(tring_kinds[i].flags, block_and_execute);
		wait_report();
		check_gone(report->child);
		terminate(pid);
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
		terminate(pid);
	}
}

static void run_and_pause(void)
{
	report->child = start_sleeper();
	pause_for_ever();
}

TEST(S15_programs_are_left_alone_by_a_killed_submitter)
{
	/* So that the orphan becomes ours. */
	CHECK_SYS(prctl(PR_SET_CHILD_SUBREAPER, 1));
	kill_submitter(fork_submitter(0, run_and_pause));
	sleep_ms(20);
	terminate(report->child);
}
