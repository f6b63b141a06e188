// SPDX-License-Identifier: LGPL-2.1-or-later
/* Children that never became a program leave no trace; signals (S9). */
#include "lib/child.h"
#include "lib/ring.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct tring r;
static struct blocker block;

static void *wait_for_any(void *unused)
{
	(void)unused;
	return (void *)(intptr_t)(waitpid(-1, NULL, __WALL) < 0 ? errno : 0);
}

TEST(S9_no_zombie_no_sigchld_when_the_chain_fails)
{
	int pidfd = -1;
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .exit_signal = SIGCHLD,
				   .pidfd = (uintptr_t)&pidfd };
	struct pollfd wait = { .events = POLLIN };
	siginfo_t info;
	unsigned int i;

	count_sigchld();
	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		q_clone3(&r, &args);
		q_nop(&r);
		q_fail(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 1), -ENOENT);
		CHECK_EQ(tring_res(&r, 2), -ECANCELED);
		CHECK_GT(tring_res(&r, CLONE), 0);
		wait.fd = pidfd;
		CHECK_EQ(poll(&wait, 1, 1000 * tap_patience()), 1);
		CHECK_SYS_ERR(waitid(P_PIDFD, pidfd, &info, WEXITED), ECHILD);
		check_gone(tring_res(&r, CLONE));
		check_no_children();
		close(pidfd);
		tring_exit(&r);
	}
	EXPECT_EQ(sigchlds(), 0);
}

TEST(S9_nor_when_the_steps_run_out)
{
	count_sigchld();
	tring_init(&r, 0);
	q_clone(&r);
	q_nop(&r);
	hardlink(q_nop(&r));
	q_nop(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 2), 0);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	check_no_children();
	EXPECT_EQ(sigchlds(), 0);
}

/* The exit signal that was asked for is not sent either. */
TEST(S9_nor_with_another_exit_signal)
{
	struct clone_args args = { .exit_signal = SIGTERM };
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < 2; i++) {
		tring_forget(&r);
		q_clone3(&r, &args);
		q_fail(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), -ENOENT);
		check_gone(CHECK_OK(tring_res(&r, CLONE)));
		args.exit_signal = 0;
	}
	sleep_ms(20);
	check_no_children();
}

TEST(S9_a_thread_that_waits_for_any_child_is_told_there_is_none)
{
	pthread_t thread;
	void *error;
	pid_t pid;

	tring_init(&r, 0);
	pid = spawn_blocked(&r, &block);
	CHECK_EQ(pthread_create(&thread, NULL, wait_for_any, NULL), 0);
	sleep_ms(20);
	q_cancel(&r, CLONE, 0, OTHER);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ECANCELED);
	CHECK_EQ(pthread_join(thread, &error), 0);
	EXPECT_EQ((intptr_t)error, ECHILD);
	check_gone(pid);
}

/* Many failed chains leave as many processes as before: none. */
TEST(S9_sixty_failed_chains_leave_nothing)
{
	int i, first;

	tring_init(&r, 0);
	for (i = 0; i < 60; i++) {
		q_clone(&r);
		q_fail(&r);
		q_exit(&r, 0);
	}
	tring_submit(&r);
	tring_total(&r, 180);
	first = tring_res(&r, CLONE);
	for (i = 0; i < 60; i++)
		check_gone(tring_res(&r, CHAIN(i) + CLONE));
	CHECK_GT(first, 0);
	check_no_children();
}

/* A child that is killed by a signal has not become a program either. */
TEST(S9_killing_the_child_cancels_the_chain)
{
	pid_t pid;

	count_sigchld();
	tring_init(&r, 0);
	pid = spawn_blocked(&r, &block);
	CHECK_SYS(kill(pid, SIGKILL));
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	check_gone(pid);
	check_no_children();
	EXPECT_EQ(sigchlds(), 0);
}

static void never_called(int signo)
{
	(void)signo;
	abort();
}

/* Signals that do not kill wait until there is a program to handle them. */
TEST(S9_other_signals_do_not_end_the_chain)
{
	pid_t pid;

	signal(SIGTERM, never_called);
	tring_init(&r, 0);
	pid = spawn_blocked(&r, &block);
	CHECK_SYS(kill(pid, SIGTERM));
	tring_none(&r, 0, 30);
	blocker_release(&block);
	CHECK_EQ(tring_res(&r, 0), 1);
	CHECK_EQ(tring_res(&r, 1), 0);
	/* The handler is gone with the memory it was in. */
	CHECK_EQ(wait_exit(pid), -SIGTERM);
}

/* What a step raises is not the program's, as its result tells of it. */
TEST(S9_sigpipe_of_a_step_does_not_reach_the_program)
{
	int fds[2];

	make_pipe(fds);
	close(fds[0]);
	tring_init(&r, 0);
	q_clone(&r);
	hardlink(q_write(&r, fds[1], "x", 1));
	q_exit(&r, 8);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -EPIPE);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 8);
}

/* A read that was interrupted by it starts over. */
TEST(S9_a_stopped_child_goes_on_where_it_was)
{
	pid_t pid;

	tring_init(&r, 0);
	pid = spawn_blocked(&r, &block);
	CHECK_SYS(kill(pid, SIGSTOP));
	tring_none(&r, 0, 30);
	blocker_release(&block);
	tring_none(&r, 1, 30);
	CHECK_SYS(kill(pid, SIGCONT));
	CHECK_EQ(tring_res(&r, 0), 1);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(pid), 0);
}
