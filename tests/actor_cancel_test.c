// SPDX-License-Identifier: LGPL-2.1-or-later
/* Cancelling a request that is a program, at each point of its life (A2, A4). */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/whole.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

#define BY_OP (1U << 5) /* IORING_ASYNC_CANCEL_OP */

static struct __kernel_timespec hour = { .tv_sec = 3600 };
static int fds[2];
static char buf[8];

static int cancel(uint64_t user_data, unsigned int flags)
{
	static unsigned int nr;

	q_cancel(&r, user_data, flags, OTHER + 1000 + nr);
	tring_submit(&r);
	return tring_res(&r, OTHER + 1000 + nr++);
}

/* --- points ----------------------------------------------------------------------- */

/* It has not begun: what it follows has not ended. */
TEST(A4_cancelled_before_it_starts)
{
	struct io_uring_sqe *sqe;

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	sqe = sqe_on(q_alone(&r, IORING_OP_READ, OTHER), fds[0], buf, 1);
	sqe->flags = IOSQE_IO_LINK;
	q_actor(&r, ACTOR);
	tring_submit(&r);
	EXPECT_EQ(cancel(OTHER, 0), 0);
	EXPECT_EQ(tring_res(&r, OTHER), -ECANCELED);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	EXPECT_EQ(a.script->runs, 0);
}

/* Submitted together with it: it has been issued, and may not have run. */
static void cancel_with_it(unsigned int flags)
{
	actor_begin(&r, &a, flags);
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	q_actor(&r, ACTOR);
	q_cancel(&r, ACTOR, 0, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	tring_total(&r, 2);
	if (a.script->runs)
		EXPECT_EQ(actor_times(&a, CANCEL, SCRIPT_ANY), 1);
	/* what it staged is told of, if there was time */
	EXPECT_EQ(actor_times(&a, CQE, 1), actor_times(&a, START, SCRIPT_ANY));
}

TEST(A4_cancelled_right_after_it_was_issued)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		cancel_with_it(tring_kinds[i].flags);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* Reads a pipe, by a poll; cancelled, with this verdict. */
static void cancel_waiting(unsigned int flags, unsigned int verdict)
{
	const struct script_run *run;
	struct script_rule *rule;

	make_pipe(fds);
	actor_begin(&r, &a, flags);
	sqe_on(actor_starts(&a, IORING_OP_READ, 1), fds[0], buf, 1);
	rule = actor_on(&a, CANCEL, SCRIPT_ANY, verdict);
	rule_result(rule, 77);
	rule->posts = 1;
	rule->post_user_data = OTHER + 5;
	actor_sqe(&a, rule, IORING_OP_NOP, 2);
	rule = actor_on(&a, CQE, 1, END);
	actor_sqe(&a, rule, IORING_OP_NOP, 2);
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	EXPECT_EQ(cancel(ACTOR, 0), 0);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	EXPECT_EQ(tring_res(&r, OTHER + 5), 0);
	CHECK_EQ(a.script->runs, verdict == WAIT ? 3 : 2);
	run = actor_run(&a, 1);
	EXPECT_EQ(run->ctx.event, IORING_ACTOR_CANCEL);
	EXPECT_EQ(run->ctx.flags, IORING_ACTOR_F_CANCELLED);
	EXPECT_EQ(run->ctx.in_flight, 1);
	EXPECT_EQ(run->ctx.room, 0);
	EXPECT_EQ(run->ctx.user_data, ACTOR);
	EXPECT_EQ(run->stage_error, -ECANCELED);
	if (verdict == WAIT) {
		run = actor_run(&a, 2);
		EXPECT_EQ(run->ctx.event, IORING_ACTOR_CQE);
		EXPECT_EQ(run->ctx.flags, IORING_ACTOR_F_CANCELLED);
		EXPECT_EQ(run->ctx.res, -ECANCELED);
		EXPECT_EQ(run->ctx.in_flight, 0);
		EXPECT_EQ(run->stage_error, -ECANCELED);
	}
	EXPECT_EQ(cancel(ACTOR, 0), -ENOENT);
	close(fds[0]);
	close(fds[1]);
}

TEST(A4_cancelled_while_it_waits)
{
	unsigned int i;

	for (i = 0; i < 2 * tring_nr_kinds; i++) {
		DIAG("%s, %s", tring_kinds[i / 2].name, i % 2 ? "END" : "WAIT");
		cancel_waiting(tring_kinds[i / 2].flags, i % 2 ? END : WAIT);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* It runs all the time, with a NOP after each NOP. */
static void cancel_busy(unsigned int flags)
{
	struct script_rule *rule;

	actor_begin(&r, &a, flags);
	actor_starts(&a, IORING_OP_NOP, 1);
	rule = actor_when(&a, 1, SCRIPT_OK, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	actor_go(&r);
	actor_wait_runs(&r, &a, 1000);
	EXPECT_EQ(cancel(ACTOR, 0), 0);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	EXPECT_EQ(tring_cqe(&r, ACTOR)->flags, 0);
}

TEST(A4_cancelled_while_it_is_busy)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		cancel_busy(tring_kinds[i].flags);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* --- what it has in flight -------------------------------------------------------------- */

static uint32_t word;
static pid_t child;
static struct whole whole;

static void fill_read(struct io_uring_sqe *sqe)
{
	sqe_on(sqe, fds[0], buf, 1);
}

static void fill_worker(struct io_uring_sqe *sqe)
{
	sqe_on(sqe, fds[0], buf, 1)->flags = IOSQE_ASYNC;
}

static void fill_poll(struct io_uring_sqe *sqe)
{
	sqe->fd = fds[0];
	sqe->poll32_events = POLLIN;
	sqe->len = IORING_POLL_ADD_MULTI;
}

static void fill_timeout(struct io_uring_sqe *sqe)
{
	sqe_on(sqe, -1, &hour, 1);
}

static void fill_futex(struct io_uring_sqe *sqe)
{
	sqe->addr = (uintptr_t)&word;
	sqe->addr3 = ~0U;
	sqe->fd = 2; /* FUTEX2_SIZE_U32 */
}

static void fill_waitid(struct io_uring_sqe *sqe)
{
	sqe->len = P_PID;
	sqe->fd = child;
	sqe->file_index = WEXITED;
}

static void fill_spawn(struct io_uring_sqe *sqe)
{
	sqe->addr = (uintptr_t)&whole.arg;
	sqe->len = sizeof(whole.arg);
}

static void fill_fifo(struct io_uring_sqe *sqe)
{
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)in_dir("fifo");
	sqe->open_flags = O_RDONLY;
	sqe->flags = IOSQE_ASYNC;
}

static const struct waiting {
	const char *name;
	unsigned int op;
	void (*fill)(struct io_uring_sqe *sqe);
} waits[] = {
	{ "read", IORING_OP_READ, fill_read },
	{ "read by a worker", IORING_OP_READ, fill_worker },
	{ "poll", IORING_OP_POLL_ADD, fill_poll },
	{ "timeout", IORING_OP_TIMEOUT, fill_timeout },
	{ "futex", OP_FUTEX_WAIT, fill_futex },
	{ "waitid", OP_WAITID, fill_waitid },
	{ "spawn", SPAWNPOL_OP_SPAWN, fill_spawn },
	{ "open by a worker", IORING_OP_OPENAT, fill_fifo },
};
#define NR_WAITS (sizeof(waits) / sizeof(waits[0]))

/* Two of each wait, or of one kind if that is named. */
static unsigned int begin_waits(unsigned int flags, const struct waiting *only)
{
	unsigned int i, nr = 0;

	make_pipe(fds);
	unlink(in_dir("fifo"));
	CHECK_SYS(mkfifo(in_dir("fifo"), 0600));
	child = CHECK_SYS(fork());
	if (!child) {
		pause();
		_exit(0);
	}
	whole_init(&whole, helper("exit_with"));
	whole_wait_for(&whole, in_dir("fifo"));
	actor_begin(&r, &a, flags);
	for (i = 0; i < 2 * NR_WAITS; i++) {
		const struct waiting *wait = &waits[i / 2];

		if (only && wait != only)
			continue;
		wait->fill(actor_starts(&a, wait->op, i));
		nr++;
	}
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	actor_idle(&r, 20);
	EXPECT_EQ(a.script->runs, 1);
	return nr;
}

static void end_waits(void)
{
	close(fds[0]);
	close(fds[1]);
	kill(child, SIGKILL);
	wait_exit(child);
	whole_is_gone();
	tring_exit(&r);
	actor_free(&a);
}

/* Each is told that it was cancelled, before the last word. */
static void check_waits(unsigned int nr)
{
	unsigned int i;

	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	EXPECT_EQ(actor_times(&a, CANCEL, SCRIPT_ANY), 1);
	CHECK_EQ(a.script->runs, 2 + nr);
	for (i = 0; i < nr; i++) {
		int res = actor_run(&a, 2 + i)->ctx.res;

		EXPECT_EQ(actor_run(&a, 2 + i)->ctx.in_flight, nr - 1 - i);
		if (res != -ECANCELED && res != -EINTR)
			FAIL("tag %llu: %d",
			     (unsigned long long)actor_run(&a, 2 + i)->ctx.tag,
			     res);
	}
}

TEST(A4_whatever_is_in_flight_is_cancelled)
{
	unsigned int i, nr;

	for (i = 0; i < NR_WAITS; i++) {
		DIAG("%s", waits[i].name);
		nr = begin_waits(0, &waits[i]);
		EXPECT_EQ(cancel(ACTOR, 0), 0);
		check_waits(nr);
		end_waits();
	}
}

TEST(A4_all_that_is_in_flight_is_cancelled)
{
	unsigned int i, nr;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		nr = begin_waits(tring_kinds[i].flags, NULL);
		EXPECT_EQ(cancel(ACTOR, 0), 0);
		check_waits(nr);
		end_waits();
	}
}

/* The launcher finds it by its operation, and by anything. */
TEST(A4_searches_that_find_it)
{
	struct io_uring_sqe *sqe;
	unsigned int nr;

	nr = begin_waits(0, NULL);
	sqe = q_cancel(&r, 0, BY_OP, OTHER);
	sqe->len = SPAWNPOL_OP_BPF;
	sqe->addr = 0;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
	check_waits(nr);
	end_waits();
	nr = begin_waits(0, NULL);
	EXPECT_EQ(cancel(0, IORING_ASYNC_CANCEL_ANY), 1);
	check_waits(nr);
	end_waits();
	nr = begin_waits(0, NULL);
	EXPECT_EQ(cancel(ACTOR, IORING_ASYNC_CANCEL_ALL), 1);
	check_waits(nr);
	end_waits();
}

/* Several programs at once, each with something in flight. */
TEST(A4_several_are_cancelled)
{
	unsigned int i;

	actor_begin(&r, &a, 0);
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	for (i = 0; i < 10; i++)
		q_actor(&r, ACTOR + i);
	tring_submit(&r);
	actor_wait_runs(&r, &a, 10);
	EXPECT_EQ(cancel(0, IORING_ASYNC_CANCEL_ANY), 10);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(tring_res(&r, ACTOR + i), -ECANCELED);
	EXPECT_EQ(actor_times(&a, CANCEL, SCRIPT_ANY), 10);
	EXPECT_EQ(actor_times(&a, CQE, 1), 10);
}

/* Without a flag for all, a cancel ends one of those with this user_data. */
TEST(A4_one_of_several_is_cancelled)
{
	unsigned int i;
	int link;

	link = actor_begin(&r, &a, 0);
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	for (i = 0; i < 3; i++)
		q_actor(&r, ACTOR);
	tring_submit(&r);
	actor_wait_runs(&r, &a, 3);
	EXPECT_EQ(cancel(ACTOR, 0), 0);
	/* CANCEL, and the end of its timeout */
	actor_wait_runs(&r, &a, 5);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	actor_idle(&r, 20);
	EXPECT_EQ(a.script->runs, 5);
	EXPECT_EQ(link_info(link).actors, 2);
}

/* --- linked timeouts ---------------------------------------------------------------------- */

static void time_out(unsigned int flags)
{
	struct __kernel_timespec soon = { .tv_nsec = 30000000 };
	unsigned int nr, i;

	nr = begin_waits(flags, NULL);
	cancel(ACTOR, 0);
	check_waits(nr);
	for (i = 0; i < 2; i++) {
		tring_forget(&r);
		a.script->runs = 0;
		if (i) {
			/* one that ends before */
			actor_reset(&a);
			actor_starts(&a, IORING_OP_NOP, 1);
		}
		q_actor(&r, ACTOR)->flags = IOSQE_IO_LINK;
		sqe_on(q_alone(&r, IORING_OP_LINK_TIMEOUT, OTHER), -1, &soon, 1);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, OTHER), i ? -ECANCELED : -ETIME);
		if (i)
			EXPECT_EQ(tring_res(&r, ACTOR), 0);
		else
			check_waits(nr);
		tring_total(&r, 2);
	}
	end_waits();
}

TEST(A4_a_linked_timeout_cancels_it)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		time_out(tring_kinds[i].flags);
	}
}

/* --- races ------------------------------------------------------------------------------- */

/* A cancel at the time of a completion: the program ends by itself or is cancelled, once. */
TEST(A4_a_cancel_meets_a_completion, .timeout = 120)
{
	unsigned int i, cancelled = 0;

	actor_begin(&r, &a, 0);
	make_pipe(fds);
	srand(1);
	for (i = 0; i < 500; i++) {
		int res;

		actor_again(&r, &a);
		sqe_on(actor_starts(&a, IORING_OP_READ, 1), fds[0], buf, 1)
			->flags = i % 2 ? IOSQE_ASYNC : 0;
		actor_ends_with(&a, 1);
		actor_go(&r);
		if (i % 3)
			actor_idle(&r, 1);
		CHECK_EQ(write(fds[1], "x", 1), 1);
		if (i % 5)
			usleep(rand() % 100);
		q_cancel(&r, ACTOR, 0, OTHER);
		tring_submit(&r);
		res = tring_res(&r, ACTOR);
		if (res != 1)
			CHECK_EQ(res, -ECANCELED);
		cancelled += res != 1;
		tring_total(&r, 2);
		CHECK_SYS(fcntl(fds[0], F_SETFL, O_NONBLOCK));
		while (read(fds[0], buf, 1) == 1)
			;
		CHECK_SYS(fcntl(fds[0], F_SETFL, 0));
	}
	DIAG("%u cancelled", cancelled);
}
