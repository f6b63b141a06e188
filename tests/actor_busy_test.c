// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs that always have something to do, several at once, and what their launcher
 * notices of them: signals, its own requests, counts, drains, overflows (A2, A4, A8).
 */
#include "lib/actor.h"
#include "lib/child.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

#define NOP 1

/* A NOP after each NOP, so often. */
static void script_nops(unsigned int nr)
{
	struct script_rule *rule;

	actor_starts(&a, IORING_OP_NOP, NOP);
	if (nr > 1) {
		rule = actor_on(&a, CQE, NOP, WAIT);
		rule->times = nr - 1;
		actor_sqe(&a, rule, IORING_OP_NOP, NOP);
	}
	actor_on(&a, CQE, NOP, END)->sets_result = SCRIPT_COUNT;
}

static void script_for_ever(void)
{
	struct script_rule *rule;

	actor_starts(&a, IORING_OP_NOP, NOP);
	rule = actor_when(&a, NOP, SCRIPT_OK, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, NOP);
}

static void each_kind(void (*test)(unsigned int flags))
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		test(tring_kinds[i].flags);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* --- much to do ------------------------------------------------------------------------ */

static void many_nops(unsigned int flags)
{
	unsigned int nr = (flags ? 100000 : 1000000) / tap_slowness();
	double begin, end;
	int link = actor_begin(&r, &a, flags);

	script_nops(nr);
	begin = now();
	EXPECT_EQ(actor_result(&r), nr);
	end = now();
	DIAG("%u ns for each", (unsigned int)((end - begin) * 1e9 / nr));
	EXPECT_EQ(a.script->runs, nr + 1);
	EXPECT_EQ(link_info(link).staged, nr);
	EXPECT_EQ(link_info(link).runs, nr + 1);
	tring_total(&r, 1);
}

TEST(A2_a_million_requests_one_after_the_other, .timeout = 300)
{
	each_kind(many_nops);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signo)
{
	(void)signo;
	alarms++;
}

/* The launcher gets its signals, and goes on in user space. */
static void signals_arrive(unsigned int flags)
{
	struct itimerval every = { .it_interval = { .tv_usec = 5000 },
				   .it_value = { .tv_usec = 5000 } };
	struct itimerval never = { 0 };
	double until = now() + tap_patience();

	signal(SIGALRM, on_alarm);
	alarms = 0;
	actor_begin(&r, &a, flags);
	script_for_ever();
	CHECK_SYS(setitimer(ITIMER_REAL, &every, NULL));
	actor_go(&r);
	while (alarms < 20 && now() < until) {
		actor_idle(&r, 1);
		usleep(100);
	}
	EXPECT_GE(alarms, 20);
	CHECK_SYS(setitimer(ITIMER_REAL, &never, NULL));
	EXPECT(!tring_has(&r, ACTOR));
	q_cancel(&r, ACTOR, 0, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
}

TEST(A2_signals_arrive_while_a_program_is_busy, .timeout = 120)
{
	each_kind(signals_arrive);
}

/* Its own code goes on, and its waits end in time. */
static void launcher_goes_on_with(unsigned int flags, unsigned int nr)
{
	struct __kernel_timespec ts = { .tv_nsec = 10000000 };
	struct io_uring_cqe *cqe;
	unsigned int turns = 0, i;
	double begin;

	actor_begin(&r, &a, flags);
	script_for_ever();
	for (i = 1; i < nr; i++)
		q_actor(&r, ACTOR + i);
	actor_go(&r);
	actor_wait_runs(&r, &a, 1000);
	begin = now();
	while (now() < begin + 0.3)
		turns++;
	DIAG("%u turns", turns);
	EXPECT_GT(turns, 1000);
	begin = now();
	EXPECT_EQ(io_uring_wait_cqe_timeout(&r.uring, &cqe, &ts), -ETIME);
	EXPECT_LT(now() - begin, 5.0 * tap_slowness());
	q_cancel(&r, 0, IORING_ASYNC_CANCEL_ANY, OTHER);
	tring_submit(&r);
	for (i = 0; i < nr; i++)
		EXPECT_EQ(tring_res(&r, ACTOR + i), -ECANCELED);
}

static void launcher_goes_on(unsigned int flags)
{
	launcher_goes_on_with(flags, 1);
}

TEST(A2_the_launcher_goes_on_while_a_program_is_busy, .timeout = 120)
{
	each_kind(launcher_goes_on);
}

/* One of them is queued again while another one runs. */
static void launcher_goes_on_beyond_many(unsigned int flags)
{
	launcher_goes_on_with(flags, 8);
}

TEST(A2_the_launcher_goes_on_while_many_programs_are_busy, .timeout = 120)
{
	each_kind(launcher_goes_on_beyond_many);
}

static void is_killed(unsigned int flags)
{
	double until = now() + tap_patience();
	pid_t pid;

	actor_begin(&r, &a, flags); /* for each_kind() to end */
	pid = CHECK_SYS(fork());
	if (!pid) {
		tring_init(&r, flags);
		actor_attach(&r, &a);
		script_for_ever();
		actor_go(&r);
		for (;;)
			actor_idle(&r, 1000);
	}
	while (a.script->runs < 1000 && now() < until)
		usleep(1000);
	EXPECT_GE(a.script->runs, 1000);
	kill(pid, SIGKILL);
	EXPECT_EQ(wait_exit(pid), -SIGKILL);
}

TEST(A2_a_busy_launcher_can_be_killed, .timeout = 120)
{
	each_kind(is_killed);
}

/* --- waiting for many CQEs ----------------------------------------------------------------- */

/* The launcher sleeps for eight CQEs while the program needs its task again and again. */
static void wait_for_eight(unsigned int flags)
{
	struct __kernel_timespec ts = { .tv_nsec = 2000000 };
	struct io_uring_cqe *cqes[16];
	struct script_rule *rule;
	unsigned int i;

	actor_begin(&r, &a, flags);
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &ts, 1);
	rule = actor_on(&a, CQE, 1, WAIT);
	rule->times = 7;
	rule->posts = 1;
	rule->post_user_data = OTHER;
	sqe_on(actor_sqe(&a, rule, IORING_OP_TIMEOUT, 1), -1, &ts, 1);
	actor_on(&a, CQE, 1, END);
	q_actor(&r, ACTOR);
	CHECK_GE(io_uring_submit_and_wait(&r.uring, 8), 0);
	EXPECT_EQ(io_uring_peek_batch_cqe(&r.uring, cqes, 16), 8);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(cqes[i]->user_data, i < 7 ? OTHER : ACTOR);
	EXPECT_EQ(a.script->runs, 9);
	io_uring_cq_advance(&r.uring, 8);
}

TEST(A4_a_launcher_that_waits_for_many_cqes_is_woken)
{
	each_kind(wait_for_eight);
}

/* Nothing is posted until the end, which comes after 50 completions. */
static void wait_for_the_end(unsigned int flags)
{
	struct __kernel_timespec ts = { .tv_nsec = 500000 };
	struct io_uring_cqe *cqes[16];
	struct script_rule *rule;
	unsigned int i;

	actor_begin(&r, &a, flags);
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &ts, 1);
	rule = actor_on(&a, CQE, 1, WAIT);
	rule->times = 50;
	sqe_on(actor_sqe(&a, rule, IORING_OP_TIMEOUT, 1), -1, &ts, 1);
	for (i = 0; i < 7; i++)
		q_alone(&r, IORING_OP_NOP, OTHER + i);
	q_actor(&r, ACTOR);
	CHECK_GE(io_uring_submit_and_wait(&r.uring, 8), 0);
	EXPECT_EQ(io_uring_peek_batch_cqe(&r.uring, cqes, 16), 8);
	EXPECT_EQ(cqes[7]->user_data, ACTOR);
	EXPECT_EQ(a.script->runs, 52);
	io_uring_cq_advance(&r.uring, 8);
}

TEST(A4_a_launcher_that_waits_is_not_woken_by_staged_requests)
{
	each_kind(wait_for_the_end);
}

/* --- several at once ------------------------------------------------------------------------ */

/* Neither waits for the other to end, nor does the launcher's own request. */
static void take_turns(unsigned int flags)
{
	struct script_rule *rule[2];
	unsigned int i;

	actor_begin(&r, &a, flags);
	actor_starts(&a, IORING_OP_NOP, NOP);
	for (i = 0; i < 2; i++) {
		rule[i] = actor_when(&a, NOP, SCRIPT_OK, WAIT);
		rule[i]->user_data = ACTOR + i;
		actor_sqe(&a, rule[i], IORING_OP_NOP, NOP);
		q_actor(&r, ACTOR + i);
	}
	q_alone(&r, IORING_OP_NOP, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
	actor_wait_runs(&r, &a, 20000);
	q_cancel(&r, 0, IORING_ASYNC_CANCEL_ANY, OTHER + 1);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	EXPECT_EQ(tring_res(&r, ACTOR + 1), -ECANCELED);
	DIAG("%u and %u runs", rule[0]->fired, rule[1]->fired);
	EXPECT_GT(rule[0]->fired, rule[1]->fired / 8);
	EXPECT_GT(rule[1]->fired, rule[0]->fired / 8);
}

TEST(A2_programs_of_a_ring_take_turns, .timeout = 120)
{
	each_kind(take_turns);
}

/* As many as one likes, of one program. */
TEST(A1_a_thousand_programs_at_once)
{
	unsigned int i, round;
	int link;

	tring_try_init(&r, 1024, 0);
	actor_load(&a);
	link = actor_attach(&r, &a);
	script_nops(1);
	for (round = 0; round < 3; round++) {
		tring_forget(&r);
		for (i = 0; i < 1000; i++)
			q_actor(&r, ACTOR + i);
		tring_submit(&r);
		tring_total(&r, 1000);
		for (i = 0; i < 1000; i++)
			EXPECT_EQ(r.seen[i].res, 1);
	}
	EXPECT_EQ(link_info(link).runs, 6000);
	EXPECT_EQ(link_info(link).actors, 0);
}

/* --- what the launcher counts ------------------------------------------------------------ */

/* A TIMEOUT of the launcher that counts completions counts its own. */
TEST(A4_staged_requests_are_not_counted)
{
	struct __kernel_timespec ts = { .tv_sec = 60 };
	struct io_uring_sqe *sqe;

	actor_begin(&r, &a, 0);
	script_nops(100);
	sqe = sqe_on(q_alone(&r, IORING_OP_TIMEOUT, OTHER), -1, &ts, 1);
	sqe->off = 2;
	q_actor(&r, ACTOR);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 100);
	tring_none(&r, OTHER, 30);
	q_alone(&r, IORING_OP_NOP, OTHER + 1);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
}

/* IOSQE_IO_DRAIN waits for the program as a whole; what it stages waits for no drain. */
static void drain(unsigned int flags)
{
	struct io_uring_sqe *sqe;
	char byte;
	int fds[2];

	make_pipe(fds);
	actor_begin(&r, &a, flags);
	sqe_on(actor_starts(&a, IORING_OP_READ, 1), fds[0], &byte, 1);
	actor_sqe(&a, actor_on(&a, CQE, 1, WAIT), IORING_OP_NOP, 2);
	q_actor(&r, ACTOR);
	sqe = q_alone(&r, IORING_OP_NOP, OTHER);
	sqe->flags = IOSQE_IO_DRAIN;
	q_alone(&r, IORING_OP_NOP, OTHER + 1);
	tring_submit(&r);
	tring_none(&r, OTHER, 20);
	EXPECT(!tring_has(&r, ACTOR));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
	EXPECT_EQ(tring_res(&r, OTHER + 1), 0);
	EXPECT_EQ(r.seen[0].user_data, ACTOR);
	EXPECT_EQ(actor_times(&a, CQE, 2), 1);
	tring_total(&r, 3);
	close(fds[0]);
	close(fds[1]);
}

TEST(A4_a_drain_waits_for_the_whole_program)
{
	each_kind(drain);
}

/* One that is to be drained itself. */
TEST(A4_a_program_waits_for_a_drain)
{
	struct io_uring_sqe *sqe;
	char byte;
	int fds[2];

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	sqe_on(q_alone(&r, IORING_OP_READ, OTHER), fds[0], &byte, 1);
	sqe = q_actor(&r, ACTOR);
	sqe->flags = IOSQE_IO_DRAIN;
	tring_submit(&r);
	tring_none(&r, ACTOR, 20);
	EXPECT_EQ(a.script->runs, 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
}

TEST(A4_no_cqe_on_success)
{
	struct io_uring_sqe *sqe;

	actor_begin(&r, &a, 0);
	script_nops(5);
	sqe = q_actor(&r, ACTOR);
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	tring_submit(&r);
	actor_wait_runs(&r, &a, 6);
	tring_none(&r, ACTOR, 20);
}

/* --- a full CQ ring ------------------------------------------------------------------------ */

/* Two SQ entries, four CQ entries. */
static void small_ring(unsigned int flags)
{
	CHECK_EQ(tring_try_init(&r, 2, flags), 0);
	CHECK_EQ(r.uring.cq.ring_entries, 4);
	actor_load(&a);
	actor_attach(&r, &a);
}

static void post_beyond(unsigned int flags)
{
	struct script_rule *rule;

	small_ring(flags);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->posts = 6;
	rule->post_user_data = OTHER;
	actor_sqe(&a, rule, IORING_OP_NOP, NOP);
	actor_go(&r);
	/* not looking into the CQ ring meanwhile */
	io_uring_submit_and_wait(&r.uring, 4);
	EXPECT_EQ(actor_run(&a, 0)->posted, 4);
	EXPECT_EQ(actor_run(&a, 0)->post_error, -ENOBUFS);
	/* the program's own CQE is not lost */
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	tring_total(&r, 5);
}

TEST(A6_posting_to_a_full_cq_ring)
{
	each_kind(post_beyond);
}

/* While the CQ ring is full, and overflows, programs are told of all they stage. */
static void overflow(unsigned int flags)
{
	unsigned int i;

	small_ring(flags);
	script_nops(200);
	for (i = 0; i < 10; i++) {
		q_alone(&r, IORING_OP_NOP, OTHER + i);
		tring_submit(&r);
		/* the SQ thread takes them in its own time */
		while (io_uring_sq_ready(&r.uring))
			usleep(100);
	}
	actor_go(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 200);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(tring_res(&r, OTHER + i), 0);
	EXPECT_EQ(a.script->runs, 201);
	EXPECT_EQ(*r.uring.cq.koverflow, 0);
}

TEST(A4_an_overflow_of_the_cq_ring)
{
	each_kind(overflow);
}
