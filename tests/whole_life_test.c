// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * IORING_OP_SPAWN and what comes at the same time: its deadline, cancelling, the end of
 * the ring or of the launcher, requests it is linked to, a full CQ ring (O1, O6).
 */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/whole.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MANY 48		   /* SPAWNs at once */
#define RACES 150	   /* one after the other */
#define CANCEL (OTHER + 2) /* user_data */
#define AFTER (OTHER + 3)
#define NTH(n) (OTHER + 100 + (n))

static struct tring r;
static struct whole w;
static char *fifo;
static unsigned int seed = 1;

static unsigned int lot(unsigned int below)
{
	return (unsigned int)rand_r(&seed) % below;
}

static void make_fifo(void)
{
	fifo = in_dir("fifo");
	CHECK_SYS(mkfifo(fifo, 0600));
}

/* A program that exits with 7, after what a child waits for. */
static void wait_and_exit(void)
{
	whole_exit(&w, 7);
	whole_pidfd(&w);
	whole_wait_for(&w, fifo);
}

/* It has a program, which exits with 7, or this error and no child. */
static void check_end(const struct tring_cqe *cqe, int error)
{
	if (cqe->res > 0) {
		EXPECT_EQ(whole_step_of(cqe), 1);
		EXPECT_EQ(wait_exit(cqe->res), 7);
		return;
	}
	EXPECT_EQ(cqe->res, error);
	if (whole_step_of(cqe) != WHOLE_NO_CHILD)
		EXPECT_LE(whole_step_of(cqe), w.arg.nr_steps);
}

static uint64_t some_time(void)
{
	static const unsigned int most[] = { 2, 1000, 300000, 20000000 };

	return 1 + lot(most[lot(4)] * tap_slowness());
}

/* --- the deadline ---------------------------------------------------------------- */

static void queue_many(uint64_t timeout_ns)
{
	unsigned int i;

	tring_forget(&r);
	for (i = 0; i < MANY; i++) {
		w.arg.timeout_ns = timeout_ns ?: some_time();
		q_whole(&r, &w)->user_data = NTH(i);
		/* what it points to is read when the request is prepared */
		tring_submit(&r);
	}
}

static unsigned int check_many(void)
{
	unsigned int i, late = 0;

	for (i = 0; i < MANY; i++) {
		check_end(tring_cqe(&r, NTH(i)), -ETIME);
		late += tring_res(&r, NTH(i)) == -ETIME;
	}
	tring_total(&r, MANY);
	whole_is_gone();
	return late;
}

TEST(O1_deadlines_that_come_at_once, .timeout = 120)
{
	unsigned int i, late;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		whole_exit(&w, 7);
		whole_step(&w, IORING_CHILD_SETSID);
		queue_many(1);
		late = check_many();
		queue_many(0);
		DIAG("%s: %u, and %u of %u", tring_kinds[i].name, late,
		     check_many(), MANY);
		tring_exit(&r);
	}
}

/* The same in one submission, with all of them in the queue at once. */
TEST(O1_deadlines_of_one_submission)
{
	unsigned int i;

	tring_init(&r, 0);
	whole_exit(&w, 7);
	w.arg.timeout_ns = 1;
	for (i = 0; i < MANY; i++)
		q_whole(&r, &w)->user_data = NTH(i);
	tring_submit(&r);
	check_many();
}

/* Late enough for the child to be in its step by then. */
TEST(O2_the_report_of_a_deadline)
{
	uint64_t timeout_ns = 10 * 1000 * 1000;

	make_fifo();
	tring_init(&r, 0);
	do {
		wait_and_exit();
		whole_report(&w);
		w.arg.timeout_ns = timeout_ns *= 2;
		EXPECT_EQ(whole_run(&r, &w)->res, -ETIME);
		whole_is_gone();
	} while (whole_step_of(tring_cqe(&r, WHOLE)) == WHOLE_NO_CHILD);
	EXPECT_EQ(whole_step_of(tring_cqe(&r, WHOLE)), 0);
	EXPECT_EQ(w.told.report.end, IORING_END_DEADLINE);
	EXPECT_EQ(w.told.report.step, 0);
	EXPECT_EQ(w.told.report.error, -ETIME);
}

TEST(O1_a_deadline_and_a_cancel, .timeout = 120)
{
	unsigned int i, cancelled = 0;
	int res;

	make_fifo();
	for (i = 0; i < RACES; i++) {
		tring_init(&r, tring_kinds[i % tring_nr_kinds].flags);
		wait_and_exit();
		w.arg.timeout_ns = some_time();
		q_whole(&r, &w);
		tring_submit(&r);
		usleep(lot(500));
		q_cancel(&r, WHOLE, 0, CANCEL);
		tring_submit(&r);
		res = tring_res(&r, CANCEL);
		if (res)
			CHECK_EQ(res, -ENOENT);
		/* who is told that it is cancelled can rely on it */
		check_end(tring_cqe(&r, WHOLE), res ? -ETIME : -ECANCELED);
		cancelled += !res;
		tring_total(&r, 2);
		whole_is_gone();
		tring_exit(&r);
		if (w.pidfd >= 0)
			close(w.pidfd);
	}
	DIAG("%u of %u cancelled", cancelled, RACES);
}

/* --- the ring and the launcher ------------------------------------------------------ */

/* In a process of its own, which may be gone before the ring is. */
static void launch_and_leave(const struct tring_kind *kind, unsigned int how)
{
	unsigned int i;

	tring_init(&r, kind->flags);
	wait_and_exit();
	w.arg.clone_args = 0;
	w.arg.clone_args_size = 0;
	for (i = 0; i < 8; i++) {
		w.arg.timeout_ns = i == 7 ? 0 : some_time();
		q_whole(&r, &w)->user_data = NTH(i);
		tring_submit(&r);
	}
	usleep(lot(2000));
	if (how == 0)
		tring_exit(&r);
	else if (how == 1)
		kill(getpid(), SIGKILL);
	else if (how == 2)
		execl(helper("exit_with"), "exit_with", "0", NULL);
	_exit(0);
}

TEST(O1_deadlines_and_the_end_of_the_launcher, .timeout = 120)
{
	unsigned int i;
	int status;

	make_fifo();
	CHECK_SYS(prctl(PR_SET_CHILD_SUBREAPER, 1));
	for (i = 0; i < RACES / 2; i++) {
		unsigned int how = lot(4);
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			seed = i;
			launch_and_leave(&tring_kinds[i % tring_nr_kinds], how);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status, how == 1 ? SIGKILL : 0);
		/* none became a program: the FIFO has no writer */
		whole_is_gone();
	}
}

/* --- flags and links ------------------------------------------------------------------ */

static struct __kernel_timespec an_hour = { .tv_sec = 3600 };
static struct __kernel_timespec at_once = { .tv_nsec = 1 };

static void q_link_timeout(struct __kernel_timespec *ts)
{
	struct io_uring_sqe *sqe = q_alone(&r, IORING_OP_LINK_TIMEOUT, CANCEL);

	sqe->addr = (uintptr_t)ts;
	sqe->len = 1;
}

static void submit_with_timeout(struct __kernel_timespec *ts)
{
	q_whole(&r, &w)->flags |= IOSQE_IO_LINK;
	q_link_timeout(ts);
	tring_submit(&r);
}

TEST(O1_a_link_timeout)
{
	unsigned int i;

	make_fifo();
	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		wait_and_exit();
		submit_with_timeout(&at_once);
		EXPECT_EQ(tring_res(&r, WHOLE), -ECANCELED);
		EXPECT_EQ(tring_res(&r, CANCEL), -ETIME);
		tring_total(&r, 2);
		whole_is_gone();

		tring_forget(&r);
		whole_exit(&w, 7);
		submit_with_timeout(&an_hour);
		check_end(tring_cqe(&r, WHOLE), 0);
		EXPECT_EQ(tring_res(&r, CANCEL), -ECANCELED);
		tring_total(&r, 2);
		tring_exit(&r);
	}
}

/* Four in a row. */
static void check_linked(unsigned int flags)
{
	unsigned int i;

	tring_forget(&r);
	whole_exit(&w, 7);
	for (i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = q_whole(&r, &w);

		sqe->user_data = NTH(i);
		sqe->flags |= flags | (i < 3 ? IOSQE_IO_LINK : 0);
	}
	tring_submit(&r);
	for (i = 0; i < 4; i++)
		check_end(tring_cqe(&r, NTH(i)), 0);
	tring_total(&r, 4);
	whole_is_gone();
}

TEST(O1_links_drain_and_async)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		check_linked(0);
		check_linked(IOSQE_ASYNC);
		check_linked(IOSQE_IO_DRAIN);
		check_linked(IOSQE_ASYNC | IOSQE_IO_DRAIN);
		tring_exit(&r);
	}
}

/* What is linked to a silent request that fails: so many CQEs as after an OPENAT. */
static unsigned int count_silent(bool whole, bool fails)
{
	const char *path = fails ? "/nonexistent" : "/dev/null";
	struct io_uring_sqe *sqe;

	tring_forget(&r);
	if (whole) {
		whole_exit(&w, 7);
		if (fails)
			whole_fail(&w);
		sqe = q_whole(&r, &w);
	} else {
		sqe = q_alone(&r, IORING_OP_OPENAT, WHOLE);
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t)path;
	}
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
	q_alone(&r, IORING_OP_NOP, AFTER);
	tring_submit(&r);
	if (fails)
		EXPECT_LT(tring_res(&r, WHOLE), 0);
	else
		EXPECT_EQ(tring_res(&r, AFTER), 0);
	if (whole && !fails)
		EXPECT_EQ(wait_exit(-1), 7);
	sleep_ms(5);
	tring_has(&r, AFTER);
	return r.nr_seen;
}

TEST(O1_silent_and_linked)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		EXPECT_EQ(count_silent(true, false), count_silent(false, false));
		EXPECT_EQ(count_silent(true, true), count_silent(false, true));
		whole_is_gone();
		tring_exit(&r);
	}
}

/* --- completions that find no room ------------------------------------------------------ */

TEST(O1_cqes_that_overflow)
{
	unsigned int i, j;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		CHECK_OK(tring_try_init(&r, 4, tring_kinds[i].flags));
		whole_exit(&w, 7);
		for (j = 0; j < MANY; j++) {
			struct io_uring_sqe *sqe = q_whole(&r, &w);

			sqe->user_data = NTH(j);
			/* every other one is completed as requests with links are */
			sqe->flags |= j % 2 ? 0 : IOSQE_IO_LINK;
			if (j % 2 == 0)
				continue;
			tring_submit(&r);
			while (io_uring_sq_ready(&r.uring))
				sleep_ms(1);
		}
		for (j = 0; j < MANY; j++)
			check_end(tring_cqe(&r, NTH(j)), 0);
		tring_total(&r, MANY);
		whole_is_gone();
		tring_exit(&r);
	}
}
