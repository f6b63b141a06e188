// SPDX-License-Identifier: LGPL-2.1-or-later
/* Deadlines and cancellation of chains (S14, S15). */
#include "lib/child.h"
#include "lib/ring.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Newer than this liburing. */
#define CANCEL_OP (1U << 5)
#define TIMEOUT_UPDATE_LINK (1U << 4)

static struct tring r;
static struct blocker block;
static struct __kernel_timespec later = { .tv_sec = 100 };

/* CLONE, a step that blocks, a NOP and EXEC; returns the blocked child. */
static pid_t start_blocked(void)
{
	pid_t pid;

	q_clone(&r);
	q_block(&r, &block);
	q_nop(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	wait_blocked(pid);
	return pid;
}

/* Every step of start_blocked() was cancelled and the child is no more. */
static void expect_killed(pid_t pid)
{
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	check_gone(pid);
	check_no_children();
	EXPECT_EQ(sigchlds(), 0);
}

TEST(S14_a_link_timeout_in_the_chain_is_refused)
{
	tring_init(&r, 0);
	q_clone(&r);
	q_nop(&r);
	q_timeout(&r, &later);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 1), -EINVAL);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	tring_total(&r, 4);

	/* And behind the last step. */
	tring_forget(&r);
	q_clone(&r);
	q_exit(&r, 0);
	q_timeout(&r, &later);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 1), -EINVAL);
	tring_total(&r, 3);
	check_no_children();
}

/*
 * Milliseconds. The shortest deadline is enough for what has to happen before it,
 * but where the machine has much else to do: then a longer one is.
 */
#define SHORTEST 50
#define LONGEST 60000

static void q_clone_until(unsigned int ms)
{
	static struct __kernel_timespec ts;

	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000;
	q_clone(&r);
	q_timeout(&r, &ts)->user_data = OTHER;
	r.steps = 0;
}

/* The child that such a deadline has killed in a step that blocks. */
static pid_t killed_at(unsigned int ms)
{
	double start = now();
	int res;

	CHECK_LT(ms, LONGEST);
	tring_forget(&r);
	q_clone_until(ms);
	q_block(&r, &block);
	q_nop(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), -ETIME);
	EXPECT_GE((now() - start) * 1000, ms - 1);
	tring_total(&r, 5);
	res = tring_res(&r, CLONE);
	if (res > 0)
		return res;
	/* it came before there was a child */
	CHECK_EQ(res, -ECANCELED);
	return killed_at(4 * ms);
}

TEST(S14_on_clone_it_is_the_deadline_of_the_whole_spawn)
{
	unsigned int i;

	count_sigchld();
	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		expect_killed(killed_at(SHORTEST));
		tring_exit(&r);
	}
}

TEST(S14_a_deadline_that_is_met_is_cancelled)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_timeout(&r, &later)->user_data = OTHER;
		r.steps = 0;
		q_nop(&r);
		q_exit(&r, 3);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, OTHER), -ECANCELED);
		CHECK_EQ(tring_res(&r, 1), 0);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
		tring_total(&r, 4);
		tring_exit(&r);
	}
}

TEST(S14_a_deadline_of_a_chain_that_fails_is_cancelled)
{
	tring_init(&r, 0);
	q_clone(&r);
	q_timeout(&r, &later)->user_data = OTHER;
	r.steps = 0;
	q_fail(&r);
	q_exit(&r, 3);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), -ECANCELED);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
	tring_total(&r, 4);
	check_gone(tring_res(&r, CLONE));
}

TEST(S14_a_program_outlives_the_deadline)
{
	unsigned int ms = SHORTEST;
	pid_t pid;

	tring_init(&r, 0);
	for (;; ms *= 4) {
		CHECK_LT(ms, LONGEST);
		tring_forget(&r);
		q_clone_until(ms);
		q_sleeper(&r);
		tring_submit(&r);
		tring_total(&r, 3);
		if (!tring_res(&r, 0))
			break;
		/* it was not met */
		CHECK_EQ(tring_res(&r, OTHER), -ETIME);
	}
	pid = tring_res(&r, CLONE);
	CHECK_EQ(tring_res(&r, OTHER), -ECANCELED);
	sleep_ms(2 * ms);
	CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
	CHECK_SYS(kill(pid, SIGTERM));
	CHECK_EQ(wait_exit(pid), -SIGTERM);
}

TEST(S14_a_deadline_without_steps_is_refused)
{
	tring_init(&r, 0);
	q_clone(&r);
	q_timeout(&r, &later)->user_data = OTHER;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EINVAL);
	EXPECT_EQ(tring_res(&r, OTHER), -ECANCELED);
	tring_total(&r, 2);
	check_no_children();
}

TEST(S14_a_deadline_cannot_be_updated)
{
	struct __kernel_timespec ts = { .tv_sec = 200 };
	struct io_uring_sqe *sqe;
	pid_t pid;

	count_sigchld();
	tring_init(&r, 0);
	q_clone(&r);
	q_timeout(&r, &later)->user_data = OTHER;
	r.steps = 0;
	q_block(&r, &block);
	q_nop(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	sqe = q_alone(&r, IORING_OP_TIMEOUT_REMOVE, OTHER + 1);
	sqe->addr = OTHER;
	sqe->addr2 = (uintptr_t)&ts;
	sqe->timeout_flags = TIMEOUT_UPDATE_LINK;
	tring_submit(&r);
	EXPECT_LT(tring_res(&r, OTHER + 1), 0);
	q_cancel(&r, CLONE, 0, OTHER + 2);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER + 2), 0);
	EXPECT_EQ(tring_res(&r, OTHER), -ECANCELED);
	expect_killed(pid);
}

TEST(S14_a_deadline_that_cannot_be_read_refuses_the_chain)
{
	tring_init(&r, 0);
	q_clone(&r);
	q_timeout(&r, (void *)8)->user_data = OTHER;
	r.steps = 0;
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -ECANCELED);
	EXPECT_EQ(tring_res(&r, OTHER), -EFAULT);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	check_no_children();
}

/* A cancel request that matches the chain of start_blocked(). */
static void cancel_by(uint64_t target, unsigned int flags, unsigned int op,
		      int expected)
{
	pid_t pid;

	tring_forget(&r);
	pid = start_blocked();
	q_cancel(&r, target, flags, OTHER)->len = op;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), expected);
	if (expected >= 0) {
		expect_killed(pid);
	} else {
		tring_none(&r, 0, 30);
		blocker_release(&block);
		CHECK_EQ(tring_res(&r, 2), 0);
		CHECK_EQ(wait_exit(pid), 0);
	}
	tring_total(&r, 5);
}

TEST(S15_cancel_finds_clone_and_every_step, .timeout = 60)
{
	unsigned int i;

	count_sigchld();
	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		cancel_by(CLONE, 0, 0, 0);
		cancel_by(0, 0, 0, 0);
		cancel_by(1, 0, 0, 0);
		cancel_by(2, 0, 0, 0);
		tring_exit(&r);
	}
}

TEST(S15_cancel_by_any_and_by_operation)
{
	count_sigchld();
	tring_init(&r, 0);
	/* ANY counts what it finds. */
	cancel_by(0, IORING_ASYNC_CANCEL_ANY, 0, 1);
	cancel_by(0, CANCEL_OP, IORING_OP_READ, 0);
	cancel_by(0, CANCEL_OP, SPAWNPOL_OP_EXEC, 0);
}

TEST(S15_cancel_matches_nothing_else)
{
	tring_init(&r, 0);
	cancel_by(3, 0, 0, -ENOENT);
	cancel_by(0, CANCEL_OP, IORING_OP_WRITE, -ENOENT);
}

/* Steps are fd-less: their descriptors are the child's. */
TEST(S15_cancel_by_descriptor_finds_no_step)
{
	pid_t pid;

	tring_init(&r, 0);
	pid = start_blocked();
	q_cancel(&r, 0, IORING_ASYNC_CANCEL_FD, OTHER)->fd = block.fds[0];
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), -ENOENT);
	blocker_release(&block);
	CHECK_EQ(wait_exit(pid), 0);
}

TEST(S15_cancel_all_ends_several_chains)
{
	pid_t pid[3];
	int i, res;

	count_sigchld();
	tring_init(&r, 0);
	for (i = 0; i < 3; i++) {
		q_clone(&r);
		q_block(&r, &block);
		q_exit(&r, 0);
	}
	tring_submit(&r);
	for (i = 0; i < 3; i++)
		pid[i] = CHECK_OK(tring_res(&r, CHAIN(i) + CLONE));
	wait_blocked(pid[2]);
	q_cancel(&r, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
		 OTHER);
	tring_submit(&r);
	res = tring_res(&r, OTHER);
	EXPECT_GE(res, 3);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(tring_res(&r, CHAIN(i)), -ECANCELED);
		EXPECT_EQ(tring_res(&r, CHAIN(i) + 1), -ECANCELED);
		check_gone(pid[i]);
	}
	tring_total(&r, 10);
	check_no_children();
	EXPECT_EQ(sigchlds(), 0);
}

TEST(S15_synchronous_cancel)
{
	struct io_uring_sync_cancel_reg reg = {
		.addr = 1,
		.fd = -1,
		.timeout = { .tv_sec = -1, .tv_nsec = -1 },
	};
	pid_t pid;

	count_sigchld();
	tring_init(&r, 0);
	pid = start_blocked();
	CHECK_OK(tring_register(&r, IORING_REGISTER_SYNC_CANCEL, &reg, 1));
	expect_killed(pid);
}

TEST(S15_a_program_cannot_be_cancelled)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_sleeper(&r);
		tring_submit(&r);
		pid = CHECK_OK(tring_res(&r, CLONE));
		CHECK_EQ(tring_res(&r, 0), 0);
		q_cancel(&r, CLONE, 0, OTHER);
		q_cancel(&r, 0, 0, OTHER + 1);
		q_cancel(&r, 0,
			 IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
			 OTHER + 2);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, OTHER), -ENOENT);
		EXPECT_EQ(tring_res(&r, OTHER + 1), -ENOENT);
		EXPECT_LE(tring_res(&r, OTHER + 2), 0);
		sleep_ms(10);
		CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
		CHECK_SYS(kill(pid, SIGTERM));
		CHECK_EQ(wait_exit(pid), -SIGTERM);
		tring_exit(&r);
	}
}

/* A CLONE that still waits for its turn has no child yet. */
TEST(S15_a_clone_that_drains_is_cancelled_without_a_child)
{
	struct blocker first;

	tring_init(&r, 0);
	q_block(&r, &first)->user_data = OTHER;
	q_clone(&r)->flags |= IOSQE_IO_DRAIN;
	q_exit(&r, 0);
	tring_submit(&r);
	tring_none(&r, CLONE, 20);
	tring_exit(&r);
	check_no_children();
}

/* Whoever wins the race, each request has one CQE and no child is lost. */
TEST(S15_cancelling_at_any_moment, .timeout = 60)
{
	unsigned int i, rounds = 150 / tap_slowness();
	int res;

	tring_init(&r, 0);
	for (i = 0; i < rounds; i++) {
		tring_forget(&r);
		q_clone(&r);
		q_nop(&r);
		q_nop(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		if (i % 3)
			usleep(i % 50 * 20);
		q_cancel(&r, i % 2 ? CLONE : 1, 0, OTHER);
		tring_submit(&r);
		tring_total(&r, 5);
		res = tring_res(&r, OTHER);
		if (res != 0 && res != -ENOENT && res != -EALREADY)
			FAIL("cancel: %d", res);
		if (tring_res(&r, 2) == 0)
			CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
		else if (tring_res(&r, CLONE) > 0)
			check_gone(tring_res(&r, CLONE));
		check_no_children();
	}
}

/* A hard link forgives failures, but that step has been made to fail. */
TEST(S15_a_hard_linked_step_that_is_cancelled_says_so)
{
	pid_t pid;

	tring_init(&r, 0);
	count_sigchld();
	q_clone(&r);
	hardlink(q_block(&r, &block));
	hardlink(q_nop(&r));
	q_exit(&r, 0);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	wait_blocked(pid);
	q_cancel(&r, CLONE, 0, OTHER);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	expect_killed(pid);
}
