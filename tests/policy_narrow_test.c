// SPDX-License-Identifier: LGPL-2.1-or-later
/* What policies stage is checked as a user's requests are (P9). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED
#define STAGED IORING_POLICY_STAGED

/* What the first call of bpf_iouring_stage_sqe() says to this SQE. */
static int staging(const struct io_uring_sqe *sqe)
{
	tprog_again(&r, &p);
	rule_stage_sqe(tprog_rule(&p, FAILED, 0, IORING_VERDICT_CONTINUE), sqe,
		       1);
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	tring_total(&r, 2);
	EXPECT_EQ(tring_res(&r, 0), -ENOENT);
	return tprog_run(&p, 0)->staged[0];
}

TEST(P9_only_legal_requests_can_be_staged)
{
	struct io_uring_spawn_query query;
	struct io_uring_sqe sqe = { 0 };
	unsigned int op;

	tprog_start(&r, &p, 0);
	tring_query(&r, &query);
	for (op = 0; op < SPAWNPOL_OP_LAST + 2; op++) {
		bool legal = query.child_ops[op / 64] >> op % 64 & 1;

		/* Refused for other reasons: a staged EXEC has a function. */
		if (op == SPAWNPOL_OP_EXEC)
			continue;
		sqe.opcode = op;
		if (staging(&sqe) != (legal ? 0 : -EOPNOTSUPP))
			FAIL("operation %u: %d", op, staging(&sqe));
	}
	sqe.opcode = 255;
	EXPECT_EQ(staging(&sqe), -EOPNOTSUPP);
}

TEST(P9_flags_and_personality_cannot_be_staged)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_NOP };
	int bit;

	tprog_start(&r, &p, 0);
	for (bit = 0; bit < 8; bit++) {
		sqe.flags = 1 << bit;
		EXPECT_EQ(staging(&sqe),
			  sqe.flags == IOSQE_FIXED_FILE ? 0 : -EINVAL);
	}
	sqe.flags = 0;
	sqe.personality = 1;
	EXPECT_EQ(staging(&sqe), -EINVAL);
}

TEST(P9_ring_restrictions_hold_for_staged_requests)
{
	struct io_uring_restriction res[] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = SPAWNPOL_OP_CLONE },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = IORING_OP_OPENAT },
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
		  .sqe_flags = IOSQE_IO_LINK },
		{ .opcode = IORING_RESTRICTION_REGISTER_OP,
		  .register_op = SPAWNPOL_ATTACH_BPF },
	};
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };

	tring_init(&r, IORING_SETUP_R_DISABLED);
	CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, res, 4));
	CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	tprog_load(&p);
	attach(&r, &p, 0, 0);
	rule_stage_sqe(tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT), &nop,
		       1);
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EACCES);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.event, STAGED);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.res, -EACCES);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
}

/* The child is who its submitter was, whoever wrote the program. */
TEST(P9_staged_requests_have_the_childs_credentials)
{
	char *secret = in_dir("secret");
	struct io_uring_sqe sqe = { .opcode = SPAWNPOL_OP_CHILD,
				    .fd = AT_FDCWD,
				    .off = 70,
				    .len = IORING_CHILD_OPEN };
	struct engine_rule *rule;

	write_file(secret, "y", 0600);
	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &sqe, 1);
	rule_stage_text(rule, ENGINE_STAGE_CHILD, secret);
	become_ordinary();
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EACCES);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.res, -EACCES);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
}

/* A staged request is prepared as a user's is: its errors are its result. */
TEST(P9_malformed_staged_requests_fail_when_they_are_prepared)
{
	struct io_uring_sqe sqe = { .opcode = SPAWNPOL_OP_CHILD, .len = 99 };

	tprog_start(&r, &p, 0);
	rule_stage_sqe(tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT), &sqe,
		       1);
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EINVAL);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.event, STAGED);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.res, -EINVAL);

	/* A pointer that is wild in user space is wild here. */
	tprog_again(&r, &p);
	sqe = (struct io_uring_sqe){ .opcode = IORING_OP_MKDIRAT,
				     .fd = AT_FDCWD,
				     .addr = 0xffff888000001000 };
	rule_stage_sqe(tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT), &sqe,
		       1);
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EFAULT);
}
