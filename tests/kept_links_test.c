// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kept children and several requests: SPAWNs that are linked to each other, and in either
 * form deadlines, cancelling on the way to the child, and how long it waits (C1, C4, C5).
 */
#include "lib/kept_fifo.h"
#include "lib/ring.h"

#include <signal.h>
#include <sys/wait.h>

#define CANCEL (OTHER + 2) /* user_data */
#define MILLISECOND 1000000ULL
#define HOUR (3600 * 1000 * MILLISECOND)

/* --- links --------------------------------------------------------------------------- */

TEST(C1_links_find_the_child_as_it_is_left)
{
	static struct whole more, program, copy;
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		start_with_fifo(tring_kinds[i].flags);
		kept_more(&more, number);
		whole_step(&more, IORING_CHILD_UMASK)->off = 022;
		whole_exit(&copy, 8);
		kept_copy(&copy, number);
		whole_exit(&program, 7);
		kept_in(&program, number);
		queue(&more, 0, IOSQE_IO_LINK);
		queue(&more, 1, IOSQE_IO_LINK);
		queue(&copy, 2, IOSQE_IO_LINK);
		queue(&more, 3, IOSQE_IO_LINK);
		queue(&program, 4, IOSQE_IO_LINK);
		queue(&more, 5, IOSQE_IO_LINK);
		queue(&more, 6, 0);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, NTH(0)), number);
		EXPECT_EQ(tring_res(&r, NTH(1)), number);
		EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, NTH(2)))), 8);
		EXPECT_EQ(tring_res(&r, NTH(3)), number);
		EXPECT_EQ(tring_res(&r, NTH(4)), pid);
		EXPECT_EQ(wait_exit(pid), 7);
		EXPECT_EQ(tring_res(&r, NTH(5)), -ESRCH);
		EXPECT_EQ(tring_res(&r, NTH(6)), -ECANCELED);
		tring_total(&r, 7);
		check_ended();
	}
}

TEST(C1_what_is_linked_to_a_failure)
{
	static struct whole more, wrong;
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		start_with_fifo(tring_kinds[i].flags);
		kept_more(&wrong, number);
		whole_fail(&wrong);
		kept_more(&more, number);
		queue(&wrong, 0, IOSQE_IO_LINK);
		queue(&more, 1, 0);
		queue(&wrong, 2, IOSQE_IO_HARDLINK);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, NTH(0)), -EBADF);
		EXPECT_EQ(tring_res(&r, NTH(1)), -ECANCELED);
		/* which is either after the first one or finds that in the child */
		if (tring_res(&r, NTH(2)) != -EBUSY)
			EXPECT_EQ(tring_res(&r, NTH(2)), -EBADF);
		check_kept(&r, number, pid, "waiting");

		tring_forget(&r);
		queue(&wrong, 0, IOSQE_IO_HARDLINK);
		queue(&more, 1, 0);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, NTH(0)), -EBADF);
		EXPECT_EQ(tring_res(&r, NTH(1)), number);
		tring_total(&r, 2);
		finish();
	}
}

/* Making one, and what follows that. */
TEST(C1_what_is_linked_to_making_one)
{
	unsigned int i, fails;
	int made;

	for (i = 0; i < 2 * tring_nr_kinds; i++) {
		fails = i % 2;
		tring_init(&r, tring_kinds[i / 2].flags);
		kept_new(&w);
		if (fails)
			whole_fail(&w);
		queue(&w, 0, IOSQE_IO_LINK);
		q_alone(&r, IORING_OP_NOP, NTH(1));
		tring_submit(&r);
		made = tring_res(&r, NTH(0));
		EXPECT_EQ(tring_res(&r, NTH(1)), fails ? -ECANCELED : 0);
		if (fails)
			EXPECT_EQ(made, -EBADF);
		else
			CHECK_GT(made, 0);
		EXPECT_EQ(kept_shown(&r), !fails);
		tring_exit(&r);
		whole_is_gone();
	}
}

static void q_link_timeout(struct __kernel_timespec *ts)
{
	struct io_uring_sqe *sqe = q_alone(&r, IORING_OP_LINK_TIMEOUT, CANCEL);

	sqe->addr = (uintptr_t)ts;
	sqe->len = 1;
}

/* It cancels the SPAWN, and that ends the child. */
TEST(C1_a_link_timeout)
{
	struct __kernel_timespec ts = { .tv_nsec = 20 * MILLISECOND };
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		start_with_fifo(tring_kinds[i].flags);
		kept_more(&w, number);
		whole_wait_for(&w, fifo);
		queue(&w, 0, IOSQE_IO_LINK);
		q_link_timeout(&ts);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, NTH(0)), -ECANCELED);
		EXPECT_EQ(tring_res(&r, CANCEL), -ETIME);
		/* on a machine that is slow enough it had not come to the child yet */
		if (*kept_line(&r, number))
			kept_end(&r, number);
		check_ended();
	}
}

/* Nobody is told the number. */
TEST(C1_one_that_is_silent)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		kept_new(&w);
		whole_report(&w);
		queue(&w, 0, IOSQE_CQE_SKIP_SUCCESS);
		tring_submit(&r);
		while (!kept_shown(&r))
			sleep_ms(1);
		tring_total(&r, 0);
		tring_exit(&r);
		whole_is_gone();
	}
}

/* --- on the way to the child -------------------------------------------------------------- */

static void go_on(void)
{
	CHECK_SYS(kill(pid, SIGCONT));
}

static void late_in_the_child(void)
{
	kept_more(&w, number);
	whole_wait_for(&w, fifo);
	w.arg.timeout_ns = 200 * MILLISECOND * tap_slowness();
	q_spawn(&r, &w, NTH(0));
	tring_submit(&r);
	kept_wait_blocked(pid);
	EXPECT_EQ(spawn_res(&r, &w, NTH(0)), -ETIME);
	tring_total(&r, spawn_cqes(&w));
	check_ended();
}

TEST(C1_a_deadline_in_the_child_ends_it)
{
	in_either_form(late_in_the_child);
}

/* What there is in w. */
static void late_on_the_way(void)
{
	w.arg.timeout_ns = 20 * MILLISECOND;
	q_spawn(&r, &w, NTH(0));
	tring_submit(&r);
	EXPECT_EQ(spawn_res(&r, &w, NTH(0)), -ETIME);
	if (by_links)
		EXPECT_EQ(tring_res(&r, NTH(0)), -ECANCELED);
	tring_total(&r, spawn_cqes(&w));
	tring_forget(&r);
}

/* The child has not got it yet, and is not touched. */
static void late_before_the_child_has_it(void)
{
	kept_stop(pid);
	kept_more(&w, number);
	late_on_the_way();
	check_kept(&r, number, pid, "waiting");
	whole_exit(&w, 1);
	kept_copy(&w, number);
	late_on_the_way();
	go_on();
	finish();
}

TEST(C1_a_deadline_before_the_child_has_it)
{
	in_either_form(late_before_the_child_has_it);
}

static void cancel(unsigned int nth)
{
	q_cancel(&r, NTH(nth), 0, CANCEL);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CANCEL), 0);
	EXPECT_EQ(spawn_res(&r, &w, NTH(nth)), -ECANCELED);
}

static void cancel_before_the_child_has_it(void)
{
	unsigned int i;

	kept_stop(pid);
	kept_more(&w, number);
	q_spawn(&r, &w, NTH(0));
	tring_submit(&r);
	check_kept(&r, number, pid, "busy");
	cancel(0);
	check_kept(&r, number, pid, "waiting");

	/* one copy of some */
	tring_forget(&r);
	whole_exit(&w, 6);
	kept_copy(&w, number);
	for (i = 0; i < 4; i++)
		q_spawn(&r, &w, NTH(i));
	tring_submit(&r);
	cancel(2);
	go_on();
	for (i = 0; i < 4; i++) {
		if (i != 2)
			EXPECT_EQ(wait_exit(CHECK_OK(spawn_res(&r, &w, NTH(i)))), 6);
	}
	tring_total(&r, 4 * spawn_cqes(&w) + 1);
	finish();
}

TEST(C1_cancelled_before_the_child_has_it)
{
	in_either_form(cancel_before_the_child_has_it);
}

/* --- how long it waits ---------------------------------------------------------------------- */

/* What it does is no waiting. */
TEST(C5_the_time_that_it_is_busy_does_not_count)
{
	uint64_t limit = 100 * MILLISECOND * tap_slowness();
	int fd;

	start_with_fifo(0);
	kept_end(&r, number);
	kept_new(&w);
	whole_report(&w);
	w.arg.keep_ns = limit;
	number = CHECK_OK(whole_run(&r, &w)->res);
	pid = w.told.report.pid;
	tring_forget(&r);
	kept_more(&w, number);
	w.arg.keep_ns = limit;
	whole_wait_for(&w, fifo);
	queue(&w, 0, 0);
	tring_submit(&r);
	/* on a machine that does something else meanwhile, it has gone before */
	if (!strcmp(kept_line(&r, number), format("pid %d busy", pid))) {
		kept_wait_blocked(pid);
		sleep_ms(3 * limit / MILLISECOND);
		CHECK(!is_gone(pid));
		fd = CHECK_SYS(open(fifo, O_RDWR | O_CLOEXEC));
		EXPECT_EQ(tring_res(&r, NTH(0)), number);
		close(fd);
	}
	check_ended();
}

/* As the last one says that lets it wait. What says so can be gone by then. */
static void wait_long_and_short(void)
{
	kept_more(&w, number);
	w.arg.keep_ns = HOUR;
	EXPECT_EQ(spawn_run(&r, &w), number);
	sleep_ms(20);
	check_kept(&r, number, pid, "waiting");
	kept_more(&w, number);
	w.arg.keep_ns = MILLISECOND;
	EXPECT_EQ(spawn_run(&r, &w), number);
	check_ended();
}

TEST(C5_a_later_spawn_says_how_long)
{
	in_either_form(wait_long_and_short);
}

static void wait_less_than_what_it_copies(void)
{
	int copy;

	kept_new(&w);
	whole_report(&w);
	w.arg.flags = IORING_SPAWN_KEEP;
	kept_copy(&w, number);
	w.arg.keep_ns = MILLISECOND;
	copy = CHECK_OK(spawn_run(&r, &w));
	CHECK_NE(copy, number);
	check_gone(w.told.report.pid);
	check_kept_gone(&r, copy);
	finish();
}

TEST(C5_a_copy_has_a_time_of_its_own)
{
	in_either_form(wait_less_than_what_it_copies);
}
