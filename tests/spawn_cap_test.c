// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The number of chains of a ring that wait to be started has a limit, and the
 * cost of cancelling them grows with their number, not with its square (K2).
 *
 * Chains wait while the process that starts them is in vfork(2). Its ring, which
 * has a thread of its own, takes chains from another process meanwhile.
 */
#include "lib/child.h"
#include "lib/ring.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

/* since Linux 6.6 */
#ifndef IORING_ASYNC_CANCEL_OP
#define IORING_ASYNC_CANCEL_OP (1U << 5)
#endif

#define BEYOND 16	/* chains that are too many */
#define NOT_YET 1000000 /* is no result */

enum part { CHAIN_CLONE, CHAIN_STEP, CHAIN_DEADLINE, PARTS };
#define USER_DATA(chain, part) ((uint64_t)(chain)*PARTS + (part))
#define CANCEL UINT64_MAX

static struct tring r;
static unsigned int cap; /* of any ring */
static int *results;	 /* of cap + BEYOND chains, by user_data */
static int cancel_result;
static unsigned int seen; /* CQEs */

static void learn_cap(void)
{
	struct io_uring_spawn_query query;
	struct tring ring;

	tring_init(&ring, 0);
	tring_query(&ring, &query);
	cap = query.max_waiting;
	CHECK_GT(cap, 0);
	tring_exit(&ring);
	results = CHECK_PTR(malloc((cap + BEYOND) * PARTS * sizeof(int)));
}

/* Space for the SQEs of that many chains. */
static void open_ring(unsigned int flags)
{
	unsigned int i, entries = 1;

	while (entries < 2 * (cap + BEYOND) && entries < 32768)
		entries *= 2;
	CHECK_OK(tring_try_init(&r, entries, flags));
	for (i = 0; i < (cap + BEYOND) * PARTS; i++)
		results[i] = NOT_YET;
	cancel_result = NOT_YET;
	seen = 0;
}

static int result(unsigned int chain, enum part part)
{
	return results[USER_DATA(chain, part)];
}

/* Give them to the ring's thread, and wait until it has taken them. */
static void hand_over(void)
{
	tring_submit(&r);
	while (io_uring_sq_ready(&r.uring))
		usleep(500);
}

/* CLONE and one step, before a deadline if there is one. */
static void queue(unsigned int from, unsigned int to,
		  struct __kernel_timespec *deadline)
{
	unsigned int i;

	for (i = from; i < to; i++) {
		if (io_uring_sq_space_left(&r.uring) < PARTS)
			hand_over();
		q_clone(&r)->user_data = USER_DATA(i, CHAIN_CLONE);
		if (deadline)
			q_timeout(&r, deadline)->user_data =
				USER_DATA(i, CHAIN_DEADLINE);
		q_nop(&r)->user_data = USER_DATA(i, CHAIN_STEP);
	}
}

static void take_cqes(void)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&r.uring, &cqe)) {
		int *to = cqe->user_data == CANCEL ? &cancel_result
						   : results + cqe->user_data;

		CHECK_EQ(*to, NOT_YET);
		*to = cqe->res;
		io_uring_cqe_seen(&r.uring, cqe);
		seen++;
	}
}

/* Wait for so many CQEs in all, as long as some come. */
static void wait_for(unsigned int count)
{
	struct __kernel_timespec ts = { .tv_nsec = 5000000 };
	double until = now() + tap_patience();
	struct io_uring_cqe *cqe;
	unsigned int before = seen;

	for (take_cqes(); seen < count; take_cqes()) {
		if (seen > before)
			until = now() + tap_patience();
		else if (now() > until)
			FAIL("%u CQEs instead of %u", seen, count);
		before = seen;
		io_uring_wait_cqe_timeout(&r.uring, &cqe, &ts);
	}
}

/* The same, and see that there are no more. */
static void collect(unsigned int count)
{
	wait_for(count);
	sleep_ms(20);
	take_cqes();
	CHECK_EQ(seen, count);
}

/* These were not started: CLONE has this result. */
static void check_failed(unsigned int from, unsigned int to, int clone)
{
	unsigned int i;

	for (i = from; i < to; i++) {
		CHECK_EQ(result(i, CHAIN_CLONE), clone);
		CHECK_EQ(result(i, CHAIN_STEP), -ECANCELED);
	}
}

static void check_started(unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = from; i < to; i++) {
		CHECK_GT(result(i, CHAIN_CLONE), 0);
		CHECK_EQ(result(i, CHAIN_STEP), 0);
	}
}

/* --- a launcher that is in vfork ------------------------------------------ */

static int release[2];

/* From now on, the launcher starts chains. So it does when its driver ends. */
static void release_launcher(void)
{
	CHECK_EQ(write(release[1], "x", 1), 1);
}

static pid_t start_driver(void (*drive)(void), int held)
{
	pid_t pid = CHECK_SYS(fork());
	char byte;

	if (pid)
		return pid;
	CHECK_EQ(read(held, &byte, 1), 1);
	drive();
	_exit(0);
}

/*
 * This process makes the ring, and another one drives it. Nobody but the driver
 * has the ring open, and nothing starts before release_launcher().
 */
static void with_launcher_held(void (*drive)(void))
{
	static int held[2];
	static char byte;
	pid_t pid, driver;

	open_ring(IORING_SETUP_SQPOLL);
	make_pipe(release);
	make_pipe(held);
	driver = start_driver(drive, held[0]);
	close(release[1]);
	tring_exit(&r);
	pid = vfork();
	if (!pid) {
		if (write(held[1], "x", 1) == 1 &&
		    read(release[0], &byte, 1) >= 0)
			_exit(0);
		_exit(1);
	}
	CHECK_EQ(wait_exit(pid), 0);
	CHECK_EQ(wait_exit(driver), 0);
}

/* --- the cap -------------------------------------------------------------- */

TEST(K2_the_query_tells_how_many_chains_can_wait)
{
	struct io_uring_spawn_query query;
	unsigned int i;

	learn_cap();
	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		tring_query(&r, &query);
		EXPECT_EQ(query.max_waiting, cap);
		tring_exit(&r);
	}
}

static void exceed_cap(void)
{
	queue(0, cap + BEYOND, NULL);
	hand_over();
	collect(2 * BEYOND);
	check_failed(cap, cap + BEYOND, -EAGAIN);
	release_launcher();
	collect(2 * (cap + BEYOND));
	check_started(0, cap);

	/* and there is room again */
	results[USER_DATA(0, CHAIN_CLONE)] = NOT_YET;
	results[USER_DATA(0, CHAIN_STEP)] = NOT_YET;
	queue(0, 1, NULL);
	hand_over();
	collect(2 * (cap + BEYOND + 1));
	check_started(0, 1);
}

TEST(K2_chains_beyond_the_cap_fail, .timeout = 120)
{
	learn_cap();
	with_launcher_held(exceed_cap);
}

/* None of them starts before the last one is taken. */
TEST(K2_one_submission_can_exceed_the_cap, .timeout = 300)
{
	static const unsigned int kinds[] = {
		0, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN
	};
	unsigned int i;

	learn_cap();
	for (i = 0; i < 2; i++) {
		open_ring(kinds[i]);
		queue(0, cap + BEYOND, NULL);
		tring_submit(&r);
		collect(2 * (cap + BEYOND));
		check_started(0, cap);
		check_failed(cap, cap + BEYOND, -EAGAIN);
		tring_exit(&r);
		check_no_children();
	}
}

static struct tring other;

static void use_other_ring(void)
{
	queue(0, cap, NULL);
	hand_over();
	q_clone(&other);
	q_nop(&other);
	tring_submit(&other);
	tring_none(&other, CLONE, 20);
	release_launcher();
	CHECK_GT(tring_res(&other, CLONE), 0);
	collect(2 * cap);
	check_started(0, cap);
}

TEST(K2_each_ring_has_its_own_cap, .timeout = 120)
{
	learn_cap();
	tring_init(&other, IORING_SETUP_SQPOLL);
	with_launcher_held(use_other_ring);
}

/* --- cancelling at the cap ------------------------------------------------ */

static void cancel(uint64_t user_data, unsigned int flags)
{
	q_cancel(&r, user_data, flags, CANCEL);
	hand_over();
}

static void cancel_one(void)
{
	unsigned int middle = cap / 2, last = cap - 1;

	queue(0, cap, NULL);
	hand_over();
	cancel(USER_DATA(middle, CHAIN_CLONE), 0);
	collect(3);
	CHECK_EQ(cancel_result, 0);
	check_failed(middle, middle + 1, -ECANCELED);

	cancel_result = NOT_YET;
	cancel(USER_DATA(last, CHAIN_STEP), 0);
	collect(6);
	CHECK_EQ(cancel_result, 0);
	check_failed(last, last + 1, -ECANCELED);

	/* there is room for two */
	queue(cap, cap + 3, NULL);
	hand_over();
	collect(8);
	check_failed(cap + 2, cap + 3, -EAGAIN);
	release_launcher();
	collect(2 * (cap + 3) + 2);
	check_started(0, middle);
	check_started(middle + 1, last);
	check_started(cap, cap + 2);
}

TEST(K2_one_of_many_can_be_cancelled, .timeout = 120)
{
	learn_cap();
	with_launcher_held(cancel_one);
}

static void cancel_all(void)
{
	queue(0, cap, NULL);
	hand_over();
	cancel(0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	collect(2 * cap + 1);
	EXPECT_EQ(cancel_result, (int)cap);
	check_failed(0, cap, -ECANCELED);
	release_launcher();
}

TEST(K2_all_of_many_can_be_cancelled, .timeout = 120)
{
	learn_cap();
	with_launcher_held(cancel_all);
}

static void let_time_run_out(void)
{
	/* the ring's thread reads it in the launcher's memory */
	static struct __kernel_timespec soon = { .tv_sec = 1 };
	unsigned int i;

	queue(0, cap, &soon);
	hand_over();
	collect(3 * cap);
	check_failed(0, cap, -ECANCELED);
	for (i = 0; i < cap; i++)
		CHECK_EQ(result(i, CHAIN_DEADLINE), -ETIME);
	release_launcher();
}

TEST(K2_all_of_many_can_miss_their_deadlines, .timeout = 120)
{
	learn_cap();
	with_launcher_held(let_time_run_out);
}

static volatile bool *checked;

static void kill_launcher(void)
{
	queue(0, cap, NULL);
	hand_over();
	CHECK_SYS(kill(getppid(), SIGKILL));
	collect(2 * cap);
	check_failed(0, cap, -ECANCELED);
	release_launcher();
	*checked = true;
}

TEST(K2_a_launcher_of_many_can_be_killed, .timeout = 120)
{
	double until = now() + 2 * tap_patience();
	pid_t pid;

	learn_cap();
	checked = shared_memory(sizeof(*checked));
	pid = CHECK_SYS(fork());
	if (!pid) {
		with_launcher_held(kill_launcher);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), -SIGKILL);
	while (!*checked) {
		CHECK_LT(now(), until);
		sleep_ms(5);
	}
}

/* --- what it costs -------------------------------------------------------- */

#define ROUNDS 5
struct measured {
	unsigned int chains;
	unsigned int close, cancel, cancel_op; /* microseconds */
};
static struct measured *measured;

static void measure_close(void)
{
	double start;

	queue(0, measured->chains, NULL);
	hand_over();
	start = now();
	tring_exit(&r);
	measured->close = (now() - start) * 1e6;
	release_launcher();
}

static void measure_cancel(void)
{
	double start;

	queue(0, measured->chains, NULL);
	hand_over();
	start = now();
	cancel(0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	wait_for(2 * measured->chains + 1);
	measured->cancel = (now() - start) * 1e6;
	release_launcher();
}

#define MORE_STEPS 24

/* A chain of which much has to be looked at. */
static void queue_long(unsigned int chain)
{
	unsigned int i;

	if (io_uring_sq_space_left(&r.uring) < PARTS + MORE_STEPS)
		hand_over();
	queue(chain, chain + 1, NULL);
	for (i = 0; i < MORE_STEPS; i++)
		q_nop(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

/* Of those that match, each comes after half of the chains, which do not. */
static void measure_cancel_op(void)
{
	unsigned int half = measured->chains / 2, i;
	struct io_uring_sqe *sqe;
	double start;

	for (i = 0; i < half; i++)
		queue_long(i);
	for (i = half; i < 2 * half; i++) {
		queue(i, i + 1, NULL);
		r.last->opcode = IORING_OP_FSYNC;
	}
	hand_over();
	start = now();
	sqe = q_cancel(&r, 0, IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_OP,
		       CANCEL);
	sqe->len = IORING_OP_FSYNC;
	tring_submit(&r);
	wait_for(2 * half + 1);
	measured->cancel_op = (now() - start) * 1e6;
	CHECK_EQ(cancel_result, (int)half);
	release_launcher();
}

/* The least of several: what else the machine does comes on top. */
static struct measured least(unsigned int chains)
{
	struct measured least = { .close = UINT_MAX,
				  .cancel = UINT_MAX,
				  .cancel_op = UINT_MAX };
	unsigned int i;

	measured->chains = chains;
	for (i = 0; i < ROUNDS; i++) {
		with_launcher_held(measure_close);
		with_launcher_held(measure_cancel);
		with_launcher_held(measure_cancel_op);
		if (measured->close < least.close)
			least.close = measured->close;
		if (measured->cancel < least.cancel)
			least.cancel = measured->cancel;
		if (measured->cancel_op < least.cancel_op)
			least.cancel_op = measured->cancel_op;
	}
	DIAG("%u chains: close %u us, cancel all %u us, by operation %u us",
	     chains, least.close, least.cancel, least.cancel_op);
	return least;
}

/* Were it the square of that, ten times as many would cost a hundred times it. */
TEST(K2_what_an_end_costs_grows_with_the_number_of_chains, .timeout = 300)
{
	struct measured few, many;

	learn_cap();
	measured = shared_memory(sizeof(*measured));
	few = least(cap / 10);
	many = least(cap);
	EXPECT_LT(many.close, 40 * few.close);
	EXPECT_LT(many.cancel, 40 * few.cancel);
	EXPECT_LT(many.cancel_op, 40 * few.cancel_op);
	/*
	 * Nor does each that is cancelled cost a walk over the others: of half as
	 * many, most of the cost is their CQEs.
	 */
	EXPECT_LT(many.cancel_op, 2 * many.cancel);
}
