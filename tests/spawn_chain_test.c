// SPDX-License-Identifier: LGPL-2.1-or-later
/* Chains: taken whole, run in order, link rules, one CQE each (S4, S7, S11). */
#include "lib/child.h"
#include "lib/ring.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;

/* CLONE's result and those of the steps, the last of which is marked by END. */
#define END 0x7fffffff

static void expect_results(int clone, const int *steps)
{
	unsigned int i;

	if (clone > 0)
		EXPECT_GT(tring_res(&r, CLONE), 0);
	else
		EXPECT_EQ(tring_res(&r, CLONE), clone);
	for (i = 0; steps[i] != END; i++) {
		if (tring_res(&r, i) != steps[i])
			FAIL("step %u: %d (%s) instead of %d (%s)", i,
			     tring_res(&r, i), tap_errname(tring_res(&r, i)),
			     steps[i], tap_errname(steps[i]));
	}
	tring_total(&r, i + 1);
}

#define EXPECT_STEPS(clone, ...)                                               \
	expect_results(clone, (const int[]){ __VA_ARGS__, END })

TEST(S4_steps_run_in_order_in_the_child)
{
	char *path = in_dir("log");
	int fd = CHECK_SYS(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	int i;

	tring_init(&r, 0);
	q_clone(&r);
	for (i = 0; i < 26; i++)
		q_write(&r, fd, &"abcdefghijklmnopqrstuvwxyz"[i], 1);
	q_exit(&r, 3);
	tring_submit(&r);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
	for (i = 0; i < 26; i++)
		CHECK_EQ(tring_res(&r, i), 1);
	CHECK_EQ(tring_res(&r, 26), 0);
	tring_total(&r, 28);
	CHECK_STR(read_file(path), "abcdefghijklmnopqrstuvwxyz");
}

TEST(S4_a_chain_fills_the_whole_ring)
{
	int i;

	tring_init(&r, 0);
	q_clone(&r);
	for (i = 0; i < 254; i++)
		q_nop(&r);
	q_exit(&r, 4);
	tring_submit(&r);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 4);
	CHECK_EQ(tring_res(&r, 254), 0);
	tring_total(&r, 256);
}

TEST(S4_cqes_come_in_the_order_of_the_chain)
{
	unsigned int i, k;

	for (k = 0; k < tring_nr_kinds; k++) {
		tring_init(&r, tring_kinds[k].flags);
		q_clone(&r);
		while (r.steps < 20)
			hardlink(r.steps % 3 ? q_nop(&r) : q_fail(&r));
		q_exit(&r, 0);
		q_nop(&r);
		tring_submit(&r);
		tring_total(&r, 23);
		CHECK_EQ(r.seen[0].user_data, CLONE);
		for (i = 0; i < 22; i++)
			CHECK_EQ(r.seen[i + 1].user_data, i);
		CHECK_EQ(wait_exit(-1), 0);
		tring_exit(&r);
	}
}

TEST(S4_a_chain_can_be_long_but_not_endless)
{
	static const unsigned int lengths[] = { 1024, 1025 };
	unsigned int i;

	CHECK_OK(tring_try_init(&r, 2048, 0));
	for (i = 0; i < 2; i++) {
		tring_forget(&r);
		q_clone(&r);
		while (r.steps < lengths[i] - 1)
			q_nop(&r)->user_data = OTHER + 2 + r.steps;
		q_exit(&r, 5)->user_data = OTHER;
		tring_submit(&r);
		if (i) {
			CHECK_EQ(tring_res(&r, CLONE), -E2BIG);
			CHECK_EQ(tring_res(&r, OTHER), -ECANCELED);
		} else {
			CHECK_EQ(tring_res(&r, OTHER), 0);
			CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 5);
		}
	}
	check_no_children();
}

/* A step that blocks holds up neither the ring nor another chain. */
TEST(S4_no_step_runs_under_the_rings_lock)
{
	struct blocker b;
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_block(&r, &b);
		q_exit(&r, 5);
		tring_submit(&r);
		wait_blocked(CHECK_OK(tring_res(&r, CLONE)));
		q_alone(&r, IORING_OP_NOP, OTHER);
		q_clone(&r);
		q_exit(&r, 6);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, OTHER), 0);
		CHECK_EQ(wait_exit(tring_res(&r, CHAIN(1) + CLONE)), 6);
		CHECK(!tring_has(&r, 0));
		blocker_release(&b);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 5);
		tring_total(&r, 6);
		tring_exit(&r);
	}
}

TEST(S4_drain_delays_clone)
{
	struct blocker b;

	tring_init(&r, 0);
	q_block(&r, &b)->user_data = OTHER;
	q_clone(&r)->flags |= IOSQE_IO_DRAIN;
	q_exit(&r, 7);
	tring_submit(&r);
	tring_none(&r, CLONE, 50);
	blocker_release(&b);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 7);
	tring_total(&r, 3);
}

TEST(S4_async_flags_change_nothing)
{
	tring_init(&r, 0);
	q_clone(&r)->flags |= IOSQE_ASYNC;
	q_nop(&r)->flags |= IOSQE_ASYNC;
	q_exit(&r, 8)->flags |= IOSQE_ASYNC;
	tring_submit(&r);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 8);
	EXPECT_STEPS(1, 0, 0);
}

TEST(S4_iopoll_rings_are_refused)
{
	tring_init(&r, IORING_SETUP_IOPOLL);
	q_clone(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	/* So is EXEC, for itself. */
	EXPECT_STEPS(-EINVAL, -EINVAL);
	check_no_children();
}

/*
 * Build CLONE, NOP, the step that @spoil makes, EXEC; before anything runs the
 * whole is refused, and the NOP says nothing else.
 */
static void expect_refusal(struct io_uring_sqe *(*spoil)(void), int error)
{
	char *path = in_dir("never");

	tring_forget(&r);
	q_clone(&r);
	q_mkdir(&r, path);
	spoil();
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_STEPS(-ECANCELED, -ECANCELED, error, -ECANCELED);
	EXPECT_EQ(access(path, F_OK), -1);
	check_no_children();
}

static struct __kernel_timespec second = { .tv_sec = 1 };

static struct io_uring_sqe *spoil_timeout(void)
{
	struct io_uring_sqe *sqe = q_op(&r, IORING_OP_TIMEOUT);

	sqe->addr = (uintptr_t)&second;
	sqe->len = 1;
	return sqe;
}

static struct io_uring_sqe *spoil_poll(void)
{
	struct io_uring_sqe *sqe = q_op(&r, IORING_OP_POLL_ADD);

	sqe->poll32_events = 1;
	return sqe;
}

static struct io_uring_sqe *spoil_clone(void)
{
	return q_op(&r, SPAWNPOL_OP_CLONE);
}

static struct io_uring_sqe *spoil_buffer_select(void)
{
	struct io_uring_sqe *sqe = q_read(&r, 0, NULL, 1);

	sqe->flags |= IOSQE_BUFFER_SELECT;
	return sqe;
}

TEST(S4_one_illegal_step_refuses_the_whole_chain)
{
	tring_init(&r, 0);
	expect_refusal(spoil_timeout, -EOPNOTSUPP);
	expect_refusal(spoil_poll, -EOPNOTSUPP);
	expect_refusal(spoil_clone, -EOPNOTSUPP);
	expect_refusal(spoil_buffer_select, -EOPNOTSUPP);
}

static struct io_uring_sqe *spoil_op(void)
{
	return q_op(&r, SPAWNPOL_OP_LAST);
}

static struct io_uring_sqe *spoil_nop_flags(void)
{
	struct io_uring_sqe *sqe = q_nop(&r);

	sqe->rw_flags = 0x40000000;
	return sqe;
}

static struct io_uring_sqe *spoil_path(void)
{
	return q_mkdir(&r, (const char *)8);
}

/* What io_uring itself refuses at submission. */
TEST(S4_one_malformed_step_refuses_the_whole_chain)
{
	tring_init(&r, 0);
	expect_refusal(spoil_op, -EINVAL);
	expect_refusal(spoil_nop_flags, -EINVAL);
	expect_refusal(spoil_path, -EFAULT);
}

TEST(S7_normal_links_cancel_the_rest)
{
	tring_init(&r, 0);
	q_clone(&r);
	q_nop(&r);
	q_fail(&r);
	q_nop(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_STEPS(1, 0, -ENOENT, -ECANCELED, -ECANCELED);
	check_gone(tring_res(&r, CLONE));
	check_no_children();
}

TEST(S7_hard_links_do_not)
{
	tring_init(&r, 0);
	q_clone(&r);
	hardlink(q_fail(&r));
	hardlink(q_fail(&r));
	q_nop(&r);
	q_exit(&r, 9);
	tring_submit(&r);
	EXPECT_STEPS(1, -ENOENT, -ENOENT, 0, 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 9);
}

/* The link on CLONE itself, too: its failure cancels all. */
TEST(S7_a_hard_link_on_clone_runs_no_step_without_a_child)
{
	struct clone_args args = { .flags = 1 };
	struct io_uring_sqe *sqe;

	tring_init(&r, 0);
	sqe = q_clone3(&r, &args);
	hardlink(sqe);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_STEPS(-EINVAL, -ECANCELED);
	check_no_children();
}

TEST(S7_path_search_by_hard_links_needs_no_policy)
{
	static char *argv[] = { "exit_with", "10", NULL };
	char *noexec = in_dir("exit_with");

	write_file(noexec, "text", 0644);
	tring_init(&r, 0);
	q_clone(&r);
	hardlink(q_exec(&r, "/nonexistent/exit_with", argv));
	hardlink(q_exec(&r, "/dev/null/exit_with", argv));
	hardlink(q_exec(&r, noexec, argv));
	hardlink(q_exec(&r, helper("exit_with"), argv));
	hardlink(q_exec(&r, helper("show"), argv));
	q_nop(&r);
	tring_submit(&r);
	EXPECT_STEPS(1, -ENOENT, -ENOTDIR, -EACCES, 0, -ECANCELED, -ECANCELED);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 10);
}

TEST(S7_a_short_read_breaks_a_normal_link)
{
	char buf[16];
	int fds[2];

	make_pipe(fds);
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	tring_init(&r, 0);
	q_clone(&r);
	q_read(&r, fds[0], buf, sizeof(buf));
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_STEPS(1, 3, -ECANCELED);
	check_gone(tring_res(&r, CLONE));

	CHECK_EQ(write(fds[1], "abc", 3), 3);
	tring_forget(&r);
	q_clone(&r);
	hardlink(q_read(&r, fds[0], buf, sizeof(buf)));
	q_exit(&r, 1);
	tring_submit(&r);
	EXPECT_STEPS(1, 3, 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 1);
}

TEST(S11_skipped_successes_and_cancellations_are_silent)
{
	tring_init(&r, 0);
	q_clone(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	q_nop(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	q_nop(&r);
	q_exit(&r, 2)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(-1 /* any */), 2);
	tring_total(&r, 1);

	tring_forget(&r);
	q_clone(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	q_fail(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	q_nop(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	q_exit(&r, 2)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	tring_submit(&r);
	/* A failure is told; the rest of its chain is not. */
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	tring_total(&r, 1);
}

/* Without a child nobody is silent, whatever CLONE itself wanted. */
TEST(S11_a_refused_chain_tells_of_every_request)
{
	struct clone_args args = { .flags = 1 };

	tring_init(&r, 0);
	q_clone3(&r, &args)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	q_nop(&r);
	q_nop(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_STEPS(-EINVAL, -ECANCELED, -ECANCELED, -ECANCELED);
}

/* One link of a made-up chain. */
enum piece { GOOD, BAD, MISSING_EXEC, PROGRAM, NR_PIECES };

/*
 * Random chains against a model of the link rules. Every SQE has one CQE
 * (tring_total), none is lost or doubled, and no child is left.
 */
static void random_chain(unsigned int *seed)
{
	static char *argv[] = { "exit_with", "0", NULL };
	unsigned int count = 1 + rand_r(seed) % 12, i;
	bool over = false, running = false;
	int expected[13];

	tring_forget(&r);
	q_clone(&r);
	for (i = 0; i < count; i++) {
		enum piece piece = rand_r(seed) % NR_PIECES;
		bool hard = rand_r(seed) % 2;
		struct io_uring_sqe *sqe;

		if (piece == GOOD)
			sqe = q_nop(&r);
		else if (piece == BAD)
			sqe = q_fail(&r);
		else if (piece == MISSING_EXEC)
			sqe = q_exec(&r, "/nonexistent", argv);
		else
			sqe = q_exec(&r, helper("exit_with"), argv);
		if (hard)
			hardlink(sqe);
		expected[i] = over				  ? -ECANCELED
			      : piece == GOOD || piece == PROGRAM ? 0
								  : -ENOENT;
		running |= !over && piece == PROGRAM;
		over |= piece == PROGRAM || (expected[i] && !hard);
	}
	expected[count] = END;
	tring_submit(&r);
	expect_results(1, expected);
	if (running)
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	else
		check_gone(tring_res(&r, CLONE));
	check_no_children();
}

TEST(S11_every_request_of_random_chains_has_one_completion, .timeout = 60)
{
	unsigned int seed, i, rounds = 100 / tap_slowness();

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		for (seed = 1; seed <= rounds / tring_nr_kinds; seed++) {
			unsigned int state = seed * tring_nr_kinds + i;

			DIAG("%s, seed %u", tring_kinds[i].name, state);
			random_chain(&state);
		}
		tring_exit(&r);
	}
}

/* CQEs that do not fit into the CQ ring arrive as soon as there is room. */
TEST(S11_nothing_is_lost_when_the_cq_overflows)
{
	unsigned int i;

	CHECK_OK(tring_try_init(&r, 16, 0)); /* 32 CQEs */
	for (i = 0; i < 4; i++) {
		q_clone(&r);
		while (r.steps < 14)
			q_nop(&r);
		q_exit(&r, 0);
		tring_submit(&r);
	}
	for (i = 0; i < 4; i++)
		CHECK_EQ(wait_exit(-1), 0);
	tring_total(&r, 4 * 16);
}
