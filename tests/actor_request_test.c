// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_BPF: its arguments, START, results, links and errors (A1, A2, A5). */
#include "lib/actor.h"
#include "lib/child.h"

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

/* --- START --------------------------------------------------------------------- */

static void check_start(unsigned int kind)
{
	struct io_uring_spawn_query query;
	const struct script_run *run;
	struct io_uring_sqe *sqe;

	actor_begin(&r, &a, tring_kinds[kind].flags);
	sqe = q_actor(&r, ACTOR);
	sqe->addr = 0x1111111111111111;
	sqe->off = 0x2222222222222222;
	sqe->addr3 = 0x3333333333333333;
	sqe->__pad2[0] = 0x4444444444444444;
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, ACTOR), 0);
	tring_query(&r, &query);
	CHECK_EQ(a.script->runs, 1);
	run = actor_run(&a, 0);
	EXPECT_EQ(run->ctx.event, IORING_ACTOR_START);
	EXPECT_EQ(run->ctx.flags, 0);
	EXPECT_EQ(run->ctx.res, 0);
	EXPECT_EQ(run->ctx.cqe_flags, 0);
	EXPECT_EQ(run->ctx.tag, 0);
	EXPECT_EQ(run->ctx.opcode, 0);
	EXPECT_EQ(run->ctx.args[0], 0x1111111111111111);
	EXPECT_EQ(run->ctx.args[1], 0x2222222222222222);
	EXPECT_EQ(run->ctx.args[2], 0x3333333333333333);
	EXPECT_EQ(run->ctx.args[3], 0x4444444444444444);
	EXPECT_EQ(run->ctx.user_data, ACTOR);
	EXPECT_EQ(run->ctx.ring_id, query.ring_id);
	EXPECT_EQ(run->ctx.in_flight, 0);
	EXPECT_EQ(run->ctx.room, 64);
	EXPECT_EQ(run->tgid, getpid());
	if (!(tring_kinds[kind].flags & IORING_SETUP_SQPOLL))
		EXPECT_EQ(run->tid, gettid());
	else
		EXPECT_NE(run->tid, gettid());
	tring_total(&r, 1);
}

TEST(A1_a_program_is_told_of_its_request)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		check_start(i);
		tring_exit(&r);
		actor_free(&a);
	}
}

TEST(A1_a_slot_is_named_by_len)
{
	struct io_uring_attach_bpf attr = { .slot = 15 };
	struct tactor other;

	actor_begin(&r, &a, 0);
	actor_load(&other);
	attr.prog_fd = other.fd;
	CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
	rule_result(actor_on(&a, START, SCRIPT_ANY, END), 1);
	rule_result(actor_on(&other, START, SCRIPT_ANY, END), 16);
	q_actor(&r, ACTOR)->len = 15;
	q_actor(&r, ACTOR + 1)->len = 0;
	q_actor(&r, ACTOR + 2)->len = 7;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 16);
	EXPECT_EQ(tring_res(&r, ACTOR + 1), 1);
	EXPECT_EQ(tring_res(&r, ACTOR + 2), -ENOLINK);
}

/* --- results --------------------------------------------------------------------- */

TEST(A1_the_program_sets_the_result)
{
	static const int results[] = { 0, 1, 0x7fffffff, -1, -ENOENT, -4095 };
	struct script_rule *rule;
	unsigned int i;

	actor_begin(&r, &a, 0);
	for (i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		actor_again(&r, &a);
		rule = actor_on(&a, START, SCRIPT_ANY, END);
		rule_result(rule, results[i]);
		EXPECT_EQ(actor_result(&r), results[i]);
		EXPECT_EQ(actor_run(&a, 0)->result, 0);
		EXPECT_EQ(tring_cqe(&r, ACTOR)->flags, 0);
	}
}

TEST(A1_a_result_is_an_errno_or_none)
{
	struct script_rule *rule;

	actor_begin(&r, &a, 0);
	rule = actor_on(&a, START, SCRIPT_ANY, END);
	rule_result(rule, -4096);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_run(&a, 0)->result, -EINVAL);
	actor_again(&r, &a);
	rule_result(actor_on(&a, START, SCRIPT_ANY, END), -2147483647 - 1);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_run(&a, 0)->result, -EINVAL);
}

/* That of the run that ends it, and there the last one. */
TEST(A1_a_result_is_of_the_run_that_ends_it)
{
	struct script_rule *rule;

	actor_begin(&r, &a, 0);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	rule_result(rule, 5);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(a.script->runs, 2);
	actor_again(&r, &a);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	rule_result(rule, 5);
	rule_result(actor_on(&a, CQE, SCRIPT_ANY, END), 6);
	EXPECT_EQ(actor_result(&r), 6);
}

/* --- links ---------------------------------------------------------------------- */

static void link_actor(unsigned int flag, int result)
{
	actor_again(&r, &a);
	rule_result(actor_on(&a, START, SCRIPT_ANY, END), result);
	q_actor(&r, ACTOR)->flags = flag;
	q_alone(&r, IORING_OP_NOP, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), result);
	tring_total(&r, 2);
}

TEST(A1_its_result_decides_about_what_is_linked_to_it)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		actor_begin(&r, &a, tring_kinds[i].flags);
		link_actor(IOSQE_IO_LINK, 0);
		EXPECT_EQ(tring_res(&r, OTHER), 0);
		link_actor(IOSQE_IO_LINK, 7);
		EXPECT_EQ(tring_res(&r, OTHER), 0);
		link_actor(IOSQE_IO_LINK, -EIO);
		EXPECT_EQ(tring_res(&r, OTHER), -ECANCELED);
		link_actor(IOSQE_IO_HARDLINK, -EIO);
		EXPECT_EQ(tring_res(&r, OTHER), 0);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* What is linked to it waits for all that it stages. */
TEST(A1_what_is_linked_to_it_comes_after_it)
{
	char byte = 'x', got = 0;
	int fds[2];

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	sqe_on(actor_starts(&a, IORING_OP_READ, 1), fds[0], &got, 1);
	actor_ends_with(&a, 1);
	q_actor(&r, ACTOR)->flags = IOSQE_IO_LINK;
	q_alone(&r, IORING_OP_NOP, OTHER);
	tring_submit(&r);
	tring_none(&r, OTHER, 50);
	EXPECT(!tring_has(&r, ACTOR));
	CHECK_EQ(write(fds[1], &byte, 1), 1);
	EXPECT_EQ(tring_res(&r, ACTOR), 1);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
	EXPECT_EQ(got, 'x');
}

/* A hard link hands on a failure, a link what there is else. */
static void follow_request(unsigned int flag, int fd, int expected)
{
	static char buf[8];
	const struct script_run *run;
	struct io_uring_sqe *sqe;

	actor_again(&r, &a);
	sqe = q_alone(&r, IORING_OP_READ, OTHER);
	sqe_on(sqe, fd, buf, 5);
	sqe->flags = flag;
	q_actor(&r, ACTOR);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), expected);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	CHECK_EQ(a.script->runs, 1);
	run = actor_run(&a, 0);
	EXPECT_EQ(run->ctx.event, IORING_ACTOR_START);
	EXPECT_EQ(run->ctx.flags, IORING_ACTOR_F_LINKED);
	EXPECT_EQ(run->ctx.res, expected);
}

TEST(A1_it_is_told_the_result_of_what_it_follows)
{
	int zero = CHECK_SYS(open("/dev/zero", O_RDONLY)), fds[2];
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		actor_begin(&r, &a, tring_kinds[i].flags);
		follow_request(IOSQE_IO_LINK, zero, 5);
		follow_request(IOSQE_IO_HARDLINK, zero, 5);
		follow_request(IOSQE_IO_HARDLINK, 987, -EBADF);
		follow_request(IOSQE_IO_LINK | IOSQE_ASYNC, zero, 5);
		make_pipe(fds);
		CHECK_EQ(write(fds[1], "hello", 5), 5);
		follow_request(IOSQE_IO_LINK | IOSQE_ASYNC, fds[0], 5);
		close(fds[0]);
		close(fds[1]);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* A read that has to wait, for a poll or in a worker. */
TEST(A1_it_follows_a_request_that_waits)
{
	struct io_uring_sqe *sqe;
	unsigned int flag;
	int fds[2];
	char byte;

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	for (flag = 0; flag <= IOSQE_ASYNC; flag += IOSQE_ASYNC) {
		actor_again(&r, &a);
		sqe = q_alone(&r, IORING_OP_READ, OTHER);
		sqe_on(sqe, fds[0], &byte, 1);
		sqe->flags = IOSQE_IO_LINK | flag;
		q_actor(&r, ACTOR);
		tring_submit(&r);
		tring_none(&r, ACTOR, 20);
		EXPECT_EQ(a.script->runs, 0);
		CHECK_EQ(write(fds[1], "x", 1), 1);
		EXPECT_EQ(tring_res(&r, ACTOR), 0);
		EXPECT_EQ(actor_run(&a, 0)->ctx.res, 1);
		EXPECT_EQ(actor_run(&a, 0)->ctx.flags, IORING_ACTOR_F_LINKED);
		EXPECT_EQ(actor_run(&a, 0)->tid, gettid());
	}
}

/* One that follows another is told that one's result. */
TEST(A1_programs_follow_each_other)
{
	actor_begin(&r, &a, 0);
	rule_result(actor_on(&a, START, SCRIPT_ANY, END), 3);
	a.script->rules[0].user_data = ACTOR;
	a.script->rules[0].tag = SCRIPT_ANY;
	actor_on(&a, START, SCRIPT_ANY, END)->sets_result = SCRIPT_RES;
	q_actor(&r, ACTOR)->flags = IOSQE_IO_LINK;
	q_actor(&r, ACTOR + 1)->flags = IOSQE_IO_LINK;
	q_actor(&r, ACTOR + 2);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 3);
	EXPECT_EQ(tring_res(&r, ACTOR + 1), 3);
	EXPECT_EQ(tring_res(&r, ACTOR + 2), 3);
	EXPECT_EQ(actor_run(&a, 0)->ctx.flags, 0);
	EXPECT_EQ(actor_run(&a, 2)->ctx.flags, IORING_ACTOR_F_LINKED);
}

TEST(A1_it_does_not_start_after_a_failure)
{
	struct io_uring_sqe *sqe;

	actor_begin(&r, &a, 0);
	sqe = q_alone(&r, IORING_OP_READ, OTHER);
	sqe->fd = 987;
	sqe->flags = IOSQE_IO_LINK;
	q_actor(&r, ACTOR);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), -EBADF);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	EXPECT_EQ(a.script->runs, 0);
}

/* --- with nothing in flight -------------------------------------------------------- */

TEST(A2_waiting_for_nothing_is_a_deadlock)
{
	int link = actor_begin(&r, &a, 0);

	actor_on(&a, START, SCRIPT_ANY, WAIT);
	EXPECT_EQ(actor_result(&r), -EDEADLK);
	EXPECT_EQ(a.script->runs, 1);
	EXPECT_EQ(link_info(link).failures, 1);
	/* after the last completion, too; whatever result it has set */
	actor_again(&r, &a);
	actor_starts(&a, IORING_OP_NOP, 1);
	rule_result(actor_on(&a, CQE, SCRIPT_ANY, WAIT), 5);
	EXPECT_EQ(actor_result(&r), -EDEADLK);
	EXPECT_EQ(a.script->runs, 2);
	EXPECT_EQ(link_info(link).failures, 2);
}

TEST(A2_a_deadlock_fails_the_link)
{
	actor_begin(&r, &a, 0);
	actor_on(&a, START, SCRIPT_ANY, WAIT);
	q_actor(&r, ACTOR)->flags = IOSQE_IO_LINK;
	q_alone(&r, IORING_OP_NOP, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), -EDEADLK);
	EXPECT_EQ(tring_res(&r, OTHER), -ECANCELED);
}

/* --- refused --------------------------------------------------------------------- */

#define REFUSED(error, field, value)                                         \
	do {                                                                 \
		actor_again(&r, &a);                                         \
		q_actor(&r, ACTOR)->field = (value);                         \
		tring_submit(&r);                                            \
		EXPECT_EQ(tring_res(&r, ACTOR), error);                      \
		EXPECT_EQ(a.script->runs, 0);                                \
	} while (0)

TEST(A1_other_fields_are_refused)
{
	actor_begin(&r, &a, 0);
	REFUSED(-EINVAL, ioprio, 1);
	REFUSED(-EINVAL, fd, 1);
	REFUSED(-EINVAL, fd, -2);
	REFUSED(-EINVAL, rw_flags, 1);
	REFUSED(-EINVAL, buf_index, 1);
	REFUSED(-EINVAL, splice_fd_in, 1);
	REFUSED(-EINVAL, len, 16);
	REFUSED(-EINVAL, len, ~0U);
	REFUSED(-EINVAL, personality, 1);
	REFUSED(-EOPNOTSUPP, flags, IOSQE_BUFFER_SELECT);
	actor_again(&r, &a);
	EXPECT_EQ(actor_result(&r), 0);
}

TEST(A1_a_personality_is_refused)
{
	int id;

	actor_begin(&r, &a, 0);
	id = CHECK_OK(tring_register(&r, IORING_REGISTER_PERSONALITY, NULL, 0));
	REFUSED(-EINVAL, personality, id);
}

TEST(A1_async_has_no_effect)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		actor_begin(&r, &a, tring_kinds[i].flags);
		q_actor(&r, ACTOR)->flags = IOSQE_ASYNC;
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, ACTOR), 0);
		EXPECT_EQ(actor_run(&a, 0)->tgid, getpid());
		if (!(tring_kinds[i].flags & IORING_SETUP_SQPOLL))
			EXPECT_EQ(actor_run(&a, 0)->tid, gettid());
		tring_exit(&r);
		actor_free(&a);
	}
}

/* What stands for no descriptor. */
TEST(A1_it_has_no_descriptor)
{
	actor_begin(&r, &a, 0);
	q_actor(&r, ACTOR)->fd = -1;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
}

TEST(A1_without_a_program)
{
	int link;

	tring_init(&r, 0);
	q_actor(&r, ACTOR);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), -ENOLINK);
	/* when it is issued, not when it is submitted */
	tring_forget(&r);
	actor_load(&a);
	link = actor_attach(&r, &a);
	EXPECT_EQ(actor_result(&r), 0);
	close(link);
	tring_forget(&r);
	EXPECT_EQ(actor_result(&r), -ENOLINK);
	EXPECT_EQ(a.script->runs, 1);
}

TEST(A1_not_on_an_iopoll_ring)
{
	tring_init(&r, IORING_SETUP_IOPOLL);
	q_actor(&r, ACTOR);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), -EINVAL);
}

/* --- state -------------------------------------------------------------------- */

TEST(A5_each_request_has_a_state_of_its_own)
{
	unsigned int i;

	actor_begin(&r, &a, 0);
	for (i = 0; i < 3; i++)
		actor_starts(&a, IORING_OP_NOP, i);
	q_actor(&r, ACTOR);
	q_actor(&r, ACTOR + 1);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	EXPECT_EQ(tring_res(&r, ACTOR + 1), 0);
	CHECK_EQ(a.script->runs, 8);
	for (i = 0; i < 8; i++) {
		const struct script_run *run = actor_run(&a, i);

		/* zero at START; what one run left, the next one finds */
		if (run->ctx.event == IORING_ACTOR_START)
			EXPECT_EQ(run->state, 0);
		else
			EXPECT_EQ(run->state, run->ctx.tag + 1);
		EXPECT_EQ(run->whole_state, 0);
	}
}

TEST(A5_a_state_is_as_large_as_was_asked_for)
{
	static const unsigned int sizes[] = { 0, 7, 8, 4095, 4096 };
	struct io_uring_attach_bpf attr = { 0 };
	unsigned int i;
	int link;

	tring_init(&r, 0);
	actor_load(&a);
	attr.prog_fd = a.fd;
	for (i = 0; i < 5; i++) {
		attr.state_size = sizes[i];
		link = CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
		EXPECT_EQ(link_info(link).state_size, sizes[i]);
		actor_again(&r, &a);
		EXPECT_EQ(actor_result(&r), 0);
		EXPECT_EQ(actor_run(&a, 0)->state, sizes[i] < 8 ? ~0ULL : 0);
		EXPECT_EQ(actor_run(&a, 0)->whole_state, sizes[i] == 4096);
		close(link);
	}
}
