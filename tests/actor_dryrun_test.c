// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs of IORING_OP_BPF run dry (BPF_PROG_TEST_RUN): on contexts that are made up;
 * nothing is issued or posted (A6).
 */
#include "lib/actor.h"
#include "lib/child.h"

#include <bpf/bpf.h>

static struct tactor a;
ACTOR_PRELOAD

#define STATE 4096

/* What one run has come to. */
static struct dry {
	struct bpf_iouring_op_ctx ctx;
	uint64_t state[STATE / 8];	/* in */
	size_t state_size;
	uint8_t out[1 << 16];
	size_t out_size;
} d;

static int dry_run(uint32_t *verdict)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		    .ctx_in = &d.ctx, .ctx_size_in = sizeof(d.ctx),
		    .data_in = d.state_size ? d.state : NULL,
		    .data_size_in = d.state_size,
		    .data_out = d.out, .data_size_out = sizeof(d.out));
	int err = bpf_prog_test_run_opts(a.fd, &opts);

	*verdict = opts.retval;
	d.out_size = opts.data_size_out;
	return err;
}

static uint32_t run(void)
{
	uint32_t verdict;

	memset(d.out, 0xee, sizeof(d.out));
	CHECK_OK(dry_run(&verdict));
	return verdict;
}

static const struct bpf_iouring_op_test_result *result(void)
{
	return (void *)d.out;
}

static const struct io_uring_sqe *staged(unsigned int n)
{
	const struct bpf_iouring_op_test_staged *at =
		(void *)(d.out + sizeof(*result()));

	return (void *)at[n].sqe;
}

static const struct bpf_iouring_op_test_posted *posted(unsigned int n)
{
	const struct bpf_iouring_op_test_posted *at =
		(void *)(d.out + sizeof(*result()) +
			 result()->nr_staged *
				 sizeof(struct bpf_iouring_op_test_staged));

	return &at[n];
}

static const uint64_t *state(void)
{
	return (void *)posted(result()->nr_posted);
}

static void start(unsigned int event, unsigned int room)
{
	actor_load(&a);
	memset(&d, 0, sizeof(d));
	d.ctx.event = event;
	d.ctx.room = room;
}

TEST(A6_the_program_sees_the_context)
{
	const struct script_run *seen;

	start(CQE, 5);
	d.ctx.flags = IORING_ACTOR_F_LINKED;
	d.ctx.res = -7;
	d.ctx.cqe_flags = 0xabc;
	d.ctx.tag = 1ULL << 60;
	d.ctx.big_cqe[0] = 11;
	d.ctx.big_cqe[1] = 12;
	d.ctx.opcode = OP_WAITID;
	d.ctx.wait_status = 1;
	d.ctx.wait_code = 2;
	d.ctx.wait_pid = 3;
	d.ctx.args[0] = 20;
	d.ctx.args[3] = 23;
	d.ctx.user_data = 99;
	d.ctx.ring_id = 98;
	d.ctx.in_flight = 4;
	rule_result(actor_on(&a, CQE, 1ULL << 60, END), -44);
	CHECK_EQ(run(), IORING_ACTOR_END);
	EXPECT_EQ(result()->nr_staged, 0);
	EXPECT_EQ(result()->nr_posted, 0);
	EXPECT_EQ(result()->result, -44);
	seen = actor_run(&a, 0);
	EXPECT_EQ(memcmp(&seen->ctx, &d.ctx, sizeof(d.ctx)), 0);
	CHECK_EQ(a.script->runs, 1);
}

TEST(A6_what_it_stages)
{
	struct script_rule *rule;
	unsigned int i;

	start(START, 3);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->copies = 5;
	rule->tag_step = 1;
	sqe_on(actor_sqe(&a, rule, IORING_OP_READ, 30), 8, (void *)4096, 77)
		->flags = IOSQE_IO_LINK;
	CHECK_EQ(run(), IORING_ACTOR_WAIT);
	CHECK_EQ(result()->nr_staged, 3);
	EXPECT_EQ(actor_run(&a, 0)->staged, 3);
	EXPECT_EQ(actor_run(&a, 0)->stage_error, -EBUSY);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(staged(i)->opcode, IORING_OP_READ);
		EXPECT_EQ(staged(i)->user_data, 30 + i);
		EXPECT_EQ(staged(i)->fd, 8);
		EXPECT_EQ(staged(i)->addr, 4096);
		EXPECT_EQ(staged(i)->len, 77);
		EXPECT_EQ(staged(i)->flags, IOSQE_IO_LINK);
	}
	EXPECT_EQ(d.out_size, sizeof(*result()) + 3 * 128 +
				      result()->state_size);
}

/* As it is when it runs in earnest. */
TEST(A6_what_it_is_refused)
{
	struct script_rule *rule;

	start(START, 64);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	actor_sqe(&a, rule, SPAWNPOL_OP_BPF, 1);
	run();
	EXPECT_EQ(result()->nr_staged, 0);
	EXPECT_EQ(actor_run(&a, 0)->stage_error, -EOPNOTSUPP);
	actor_reset(&a);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, 1)->personality = 1;
	run();
	EXPECT_EQ(actor_run(&a, 0)->stage_error, -EINVAL);
	actor_reset(&a);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	d.ctx.flags = IORING_ACTOR_F_CANCELLED;
	run();
	EXPECT_EQ(actor_run(&a, 0)->stage_error, -ECANCELED);
}

/* A ring of large SQEs has 64 zeroes after a small one, whatever was refused before. */
TEST(A3_a_small_request_has_nothing_of_a_large_one)
{
	static const uint8_t zeroes[64];
	struct script_rule *rule;
	struct io_uring_sqe *sqe;

	start(START, 64);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->size = 128;
	rule->last_size = 64;
	sqe = actor_sqe(&a, rule, IORING_OP_NOP, 1);
	sqe->personality = 1;
	memset(sqe + 1, 0xee, 64);
	actor_sqe(&a, rule, IORING_OP_NOP, 2);
	run();
	EXPECT_EQ(actor_run(&a, 0)->stage_error, -EINVAL);
	CHECK_EQ(result()->nr_staged, 1);
	EXPECT_EQ(staged(0)->user_data, 2);
	EXPECT_EQ(memcmp(staged(0) + 1, zeroes, sizeof(zeroes)), 0);
}

/* A zero-copy send needs a place for its notification, too. */
TEST(A6_room_for_zero_copy_sends)
{
	struct script_rule *rule;

	start(START, 3);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	actor_sqe(&a, rule, IORING_OP_SEND_ZC, 1);
	actor_sqe(&a, rule, IORING_OP_SENDMSG_ZC, 2);
	actor_sqe(&a, rule, IORING_OP_NOP, 3);
	run();
	EXPECT_EQ(actor_run(&a, 0)->stage_error, -EBUSY);
	CHECK_EQ(result()->nr_staged, 2);
	EXPECT_EQ(staged(0)->user_data, 1);
	EXPECT_EQ(staged(1)->user_data, 3);
}

TEST(A6_what_it_posts)
{
	struct script_rule *rule;
	unsigned int i;

	start(START, 3);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	rule->posts = 18;
	rule->post_user_data = 555;
	rule->post_res = -5;
	rule->post_flags = IORING_CQE_F_MORE | 7 << 16;
	CHECK_EQ(run(), IORING_ACTOR_WAIT);
	CHECK_EQ(result()->nr_posted, 16);
	EXPECT_EQ(actor_run(&a, 0)->post_error, -E2BIG);
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(posted(i)->user_data, 555);
		EXPECT_EQ(posted(i)->res, -5);
		EXPECT_EQ(posted(i)->flags & ~SPAWNPOL_CQE_F_STAGED,
			  IORING_CQE_F_MORE | 7 << 16);
	}
}

/* The state goes in and comes out; what is not given is 0. */
TEST(A6_its_state)
{
	start(START, 1);
	CHECK_EQ(run(), IORING_ACTOR_END);
	CHECK_EQ(result()->state_size, STATE);
	EXPECT_EQ(actor_run(&a, 0)->state, 0);
	EXPECT_EQ(actor_run(&a, 0)->whole_state, 1);
	EXPECT_EQ(state()[0], 1);
	EXPECT_EQ(state()[1], 0);
	d.state[0] = 41;
	d.state[1] = 17;
	d.state_size = 16;
	run();
	EXPECT_EQ(actor_run(&a, 1)->state, 41);
	EXPECT_EQ(state()[0], 42);
	EXPECT_EQ(state()[1], 17);
	EXPECT_EQ(state()[2], 0);
	d.state_size = STATE;
	d.state[STATE / 8 - 1] = 9;
	run();
	EXPECT_EQ(state()[STATE / 8 - 1], 9);
}

/* --- refused -------------------------------------------------------------------------- */

static int run_with(struct bpf_test_run_opts opts)
{
	opts.sz = sizeof(opts);
	if (!opts.ctx_in) {
		opts.ctx_in = &d.ctx;
		opts.ctx_size_in = sizeof(d.ctx);
	}
	return bpf_prog_test_run_opts(a.fd, &opts);
}

#define RUN_WITH(...) run_with((struct bpf_test_run_opts){ __VA_ARGS__ })

TEST(A6_wrong_arguments)
{
	struct bpf_iouring_op_ctx out;
	char more[sizeof(d.ctx) + 8] = "";

	start(START, 1);
	EXPECT_EQ(RUN_WITH(.repeat = 1), 0);
	EXPECT_EQ(RUN_WITH(.repeat = 2), -EINVAL);
	EXPECT_EQ(RUN_WITH(.flags = 1), -EINVAL);
	EXPECT_EQ(RUN_WITH(.cpu = 1), -EINVAL);
	EXPECT_EQ(RUN_WITH(.batch_size = 1), -EINVAL);
	EXPECT_EQ(RUN_WITH(.data_in = d.state, .data_size_in = STATE + 1),
		  -E2BIG);
	EXPECT_EQ(RUN_WITH(.ctx_in = (void *)8, .ctx_size_in = 8), -EFAULT);
	/* the context cannot be changed */
	EXPECT_EQ(RUN_WITH(.ctx_out = &out, .ctx_size_out = sizeof(out)),
		  -EINVAL);
	/* an event that there is not */
	EXPECT_EQ(RUN_WITH(.ctx_in = more, .ctx_size_in = sizeof(d.ctx)), -EINVAL);
	/* a newer context, if it says nothing new */
	memcpy(more, &d.ctx, sizeof(d.ctx));
	EXPECT_EQ(RUN_WITH(.ctx_in = more, .ctx_size_in = sizeof(more)), 0);
	more[sizeof(more) - 1] = 1;
	EXPECT_EQ(RUN_WITH(.ctx_in = more, .ctx_size_in = sizeof(more)),
		  -E2BIG);
}

TEST(A6_little_room_for_what_comes_out)
{
	struct script_rule *rule;
	uint32_t size = sizeof(struct bpf_iouring_op_test_result);

	start(START, 8);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->copies = 8;
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	memset(d.out, 0xee, sizeof(d.out));
	EXPECT_EQ(RUN_WITH(.data_out = d.out, .data_size_out = size), -ENOSPC);
	EXPECT_EQ(d.out[size], 0xee);
	EXPECT_EQ(RUN_WITH(.data_out = NULL, .data_size_out = 0), 0);
}
