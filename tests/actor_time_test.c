// SPDX-License-Identifier: LGPL-2.1-or-later
/* How long it takes to cancel programs with much in flight, and many programs (A4). */
#include "lib/actor.h"
#include "lib/child.h"

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

static struct __kernel_timespec hour = { .tv_sec = 3600 };

/* The least of three times: the machine may have much else to do. */
static double least_time(void (*begin)(void))
{
	double least = 1e9, start;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		tring_forget(&r);
		begin();
		start = now();
		q_cancel(&r, 0, IORING_ASYNC_CANCEL_ANY, OTHER);
		tring_submit(&r);
		tring_res(&r, OTHER);
		tring_res(&r, ACTOR);
		least = now() - start < least ? now() - start : least;
		actor_idle(&r, 20);
	}
	return least;
}

/* A NOP goes round, and leaves a timeout each time. */
static void begin_one(void)
{
	struct script_rule *rule;

	actor_reset(&a);
	actor_starts(&a, IORING_OP_NOP, 2);
	rule = actor_on(&a, CQE, 2, WAIT);
	rule->times = 800;
	sqe_on(actor_sqe(&a, rule, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	actor_sqe(&a, rule, IORING_OP_NOP, 2);
	actor_go(&r);
	actor_wait_runs(&r, &a, 800);
}

/* Hundreds of requests in flight are cancelled one after the other, without pauses. */
TEST(A4_many_requests_in_flight_are_cancelled_soon)
{
	struct io_uring_attach_bpf attr = { .max_staged = 1024 };
	double time;

	tring_init(&r, 0);
	actor_load(&a);
	attr.prog_fd = a.fd;
	CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
	time = least_time(begin_one);
	DIAG("%.0f ms", time * 1000);
	EXPECT_LT(time, 1.5 * tap_slowness());
}

#define MANY 2000

static void begin_many(void)
{
	unsigned int i, j;

	actor_reset(&a);
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	for (i = 0; i < MANY / 200; i++) {
		for (j = 0; j < 200; j++)
			q_actor(&r, ACTOR + i * 200 + j);
		tring_submit(&r);
	}
	actor_wait_runs(&r, &a, MANY);
}

/* Neither does it take each program as long as all of them. */
TEST(A4_many_programs_are_cancelled_soon)
{
	struct io_uring_attach_bpf attr = { .max_staged = 1 };
	double time;

	CHECK_EQ(tring_try_init(&r, 2048, 0), 0);
	actor_load(&a);
	attr.prog_fd = a.fd;
	CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
	begin_many();
	time = now();
	q_cancel(&r, 0, IORING_ASYNC_CANCEL_ANY, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), MANY);
	time = now() - time;
	DIAG("%u programs: %.0f ms", MANY, time * 1000);
	EXPECT_LT(time, 10.0 * tap_slowness());
}

static char byte;
static int fds[2];

/* Ends with a worker's read in flight. */
static void begin_worker(void)
{
	actor_reset(&a);
	sqe_on(actor_starts(&a, IORING_OP_READ, 1), fds[0], &byte, 1)->flags =
		IOSQE_ASYNC;
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	actor_idle(&r, 10);
}

TEST(A4_the_end_comes_with_the_last_request)
{
	double time;

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	actor_begin(&r, &a, 0);
	time = least_time(begin_worker);
	DIAG("%.1f ms", time * 1000);
	EXPECT_LT(time, 0.2 * tap_slowness());
}
