// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kept children: steps, copies, deadlines, cancelling and killing at the same time. Each
 * SPAWN has its one CQE, with an error that is defined, and the child either waits or is
 * gone (C1, C4, C5).
 */
#include "lib/kept_one.h"
#include "lib/ring.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#ifndef IORING_ASYNC_CANCEL_OP
#define IORING_ASYNC_CANCEL_USERDATA (1U << 4)
#define IORING_ASYNC_CANCEL_OP (1U << 5)
#endif

#define CANCEL (OTHER + 2) /* user_data */
#define RACES 100

/* --- killed while it copies ---------------------------------------------------------------- */

#define MANY 16

/* By the SPAWN that made it. */
static void cancel_child(void)
{
	struct io_uring_sqe *sqe = q_cancel(&r, WHOLE,
					    IORING_ASYNC_CANCEL_OP |
						    IORING_ASYNC_CANCEL_USERDATA,
					    CANCEL);

	sqe->len = SPAWNPOL_OP_SPAWN;
}

/* By its maker, or by the ring, which kill the task and not the process. */
static void kill_in_the_middle(const struct tring_kind *kind, bool closes)
{
	unsigned int i, nr = 0;

	start_on(kind->flags);
	whole_exit(&w, 6);
	kept_copy(&w, number);
	for (i = 0; i < MANY; i++)
		queue(&w, i, 0);
	tring_submit(&r);
	tring_cqe(&r, NTH(0));
	if (closes) {
		tring_exit(&r);
		check_gone(pid);
		while (waitpid(-1, NULL, __WALL) > 0)
			;
		return;
	}
	cancel_child();
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CANCEL), 0);
	for (i = 0; i < MANY; i++) {
		int res = tring_res(&r, NTH(i));

		if (res > 0)
			EXPECT_EQ(wait_exit(res), 6);
		else if (res != -ESRCH && res != -ECANCELED)
			FAIL("a copy of what was killed: %d", res);
		nr += res > 0;
	}
	DIAG("%u of %u copies", nr, MANY);
	check_ended();
}

TEST(C4_killed_while_it_copies)
{
	unsigned int i;

	for (i = 0; i < 4 * tring_nr_kinds; i++)
		kill_in_the_middle(&tring_kinds[i / 4], i % 4 == 3);
	check_no_children();
}

/* --- all at once ------------------------------------------------------------------------------ */

static unsigned int seed = 1;

static unsigned int lot(unsigned int below)
{
	return (unsigned int)rand_r(&seed) % below;
}

static uint64_t some_time(void)
{
	static const unsigned int most[] = { 2, 1000, 300000, 5000000 };

	return 1 + lot(most[lot(4)] * tap_slowness());
}

/* What came of one: it is waited for, and is one of these errors otherwise. */
static void check_race(int res, bool program)
{
	if (program && res > 0) {
		EXPECT_EQ(wait_exit(res), 7);
		return;
	}
	if (res != number && res != -ETIME && res != -ECANCELED && res != -ESRCH &&
	    res != -EBUSY)
		FAIL("a race ended with %d", res);
}

/* Deadlines, a cancel, a kill, steps in it and copies of it. */
static void race(void)
{
	static struct whole in, copy;
	unsigned int i, nr = 2 + lot(6), kill_at = lot(3) ? ~0U : lot(nr);
	bool cancels = lot(2);

	tring_forget(&r);
	kept_more(&in, number);
	whole_step(&in, IORING_CHILD_UMASK);
	whole_exit(&copy, 7);
	kept_copy(&copy, number);
	for (i = 0; i < nr; i++) {
		struct whole *which = i % 2 ? &copy : &in;

		which->arg.timeout_ns = lot(2) ? some_time() : 0;
		queue(which, i, 0);
		if (lot(2))
			tring_submit(&r);
		/* what it points to is read when the request is prepared */
		while (io_uring_sq_ready(&r.uring) &&
		       r.uring.flags & IORING_SETUP_SQPOLL)
			tring_submit(&r);
		if (i == kill_at)
			kill(pid, SIGKILL);
	}
	tring_submit(&r);
	if (cancels) {
		/* one of them, or what made the child: that kills it */
		if (lot(3))
			q_cancel(&r, NTH(lot(nr)), 0, CANCEL);
		else
			cancel_child();
		tring_submit(&r);
		tring_res(&r, CANCEL);
	}
	for (i = 0; i < nr; i++)
		check_race(tring_res(&r, NTH(i)), i % 2);
	tring_total(&r, nr + cancels);
}

/* Whatever has come of it: it waits, or there is none. */
static bool is_left(void)
{
	const struct tring_cqe *cqe;

	kept_more(&w, number);
	cqe = whole_run(&r, &w);
	if (cqe->res == number) {
		check_kept(&r, number, pid, "waiting");
		return true;
	}
	/* a kill comes whenever it comes */
	if (cqe->res != -ECANCELED)
		EXPECT_EQ(cqe->res, -ESRCH);
	check_gone(pid);
	EXPECT_EQ(kept_shown(&r), 0);
	whole_is_gone();
	return false;
}

TEST(C4_copies_and_steps_and_their_ends, .timeout = 300)
{
	unsigned int i, j, left = 0, rounds = RACES / tap_slowness();

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		number = 0;
		for (j = 0; j < rounds; j++) {
			if (!number) {
				number = kept_make(&r, &w);
				pid = w.told.report.pid;
			}
			race();
			if (is_left())
				left++;
			else
				number = 0;
		}
		tring_exit(&r);
		whole_is_gone();
	}
	DIAG("%u of %u times it was left", left, rounds * tring_nr_kinds);
}
