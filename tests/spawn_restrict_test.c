// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * IORING_REGISTER_RESTRICTIONS covers the new operations, the requests that
 * policies stage, and the register commands (section 6 of the design).
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

/* --- restricted rings ----------------------------------------------------------------- */

static struct io_uring_restriction rules[8];
static unsigned int nr_rules;

static void allow_op(unsigned int op)
{
	rules[nr_rules++] = (struct io_uring_restriction){
		.opcode = IORING_RESTRICTION_SQE_OP,
		.sqe_op = op,
	};
}

static void allow_command(unsigned int op)
{
	rules[nr_rules++] = (struct io_uring_restriction){
		.opcode = IORING_RESTRICTION_REGISTER_OP,
		.register_op = op,
	};
}

static void sqe_flags(unsigned int rule, unsigned int flags)
{
	rules[nr_rules++] = (struct io_uring_restriction){
		.opcode = rule,
		.sqe_flags = flags,
	};
}

/* A ring with the rules made so far. */
static void start(unsigned int flags)
{
	tring_init(&r, IORING_SETUP_R_DISABLED | flags);
	CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, rules,
				nr_rules));
	CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	memset(rules, 0, sizeof(rules));
	nr_rules = 0;
}

/* What a chain of CLONE, CHILD and EXEC is made of. */
static const unsigned int ops[] = {
	SPAWNPOL_OP_CLONE,
	SPAWNPOL_OP_CHILD,
	SPAWNPOL_OP_EXEC,
};
static const uint64_t of_op[] = { CLONE, 0, 1 }; /* their user_data */

static void queue_chain(void)
{
	q_clone(&r);
	q_child(&r, IORING_CHILD_UMASK);
	q_exit(&r, 0);
}

/* --- operations ------------------------------------------------------------------------ */

/* One that is missing fails the chain before any of it has run. */
TEST(S19_each_new_operation_can_be_excluded)
{
	unsigned int kind, missing, i;

	for (kind = 0; kind < tring_nr_kinds; kind++) {
		for (missing = 0; missing < 3; missing++) {
			DIAG("%s, without %u", tring_kinds[kind].name,
			     ops[missing]);
			for (i = 0; i < 3; i++) {
				if (i != missing)
					allow_op(ops[i]);
			}
			sqe_flags(IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
				  IOSQE_IO_LINK);
			start(tring_kinds[kind].flags);
			queue_chain();
			tring_submit(&r);
			tring_total(&r, 3);
			for (i = 0; i < 3; i++)
				EXPECT_EQ(tring_res(&r, of_op[i]),
					  i == missing ? -EACCES : -ECANCELED);
			tring_exit(&r);
		}
	}
	check_no_children();
}

TEST(S19_what_restrictions_allow_works)
{
	unsigned int kind, i;

	for (kind = 0; kind < tring_nr_kinds; kind++) {
		DIAG("%s", tring_kinds[kind].name);
		for (i = 0; i < 3; i++)
			allow_op(ops[i]);
		sqe_flags(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_IO_LINK);
		start(tring_kinds[kind].flags);
		queue_chain();
		CHECK_GT(spawn_queued(&r, 1, NULL), 0);
		tring_exit(&r);
	}
}

/* --- flags ------------------------------------------------------------------------------- */

/* The result of a chain with this flag on its EXEC. */
static int chain_with(unsigned int flag)
{
	tring_forget(&r);
	q_clone(&r);
	q_child(&r, IORING_CHILD_UMASK);
	q_exit(&r, 0)->flags |= flag;
	tring_submit(&r);
	if (tring_res(&r, CLONE) > 0)
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	return tring_res(&r, 1);
}

TEST(S19_flags_of_steps_are_restricted)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		allow_op(ops[i]);
	sqe_flags(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_IO_LINK);
	start(0);
	EXPECT_EQ(chain_with(0), 0);
	EXPECT_EQ(chain_with(IOSQE_ASYNC), -EACCES);
	EXPECT_EQ(chain_with(IOSQE_CQE_SKIP_SUCCESS), -EACCES);
	check_no_children();
}

TEST(S19_flags_can_be_required_of_steps)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		allow_op(ops[i]);
	sqe_flags(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_IO_LINK);
	sqe_flags(IORING_RESTRICTION_SQE_FLAGS_REQUIRED, IOSQE_ASYNC);
	start(0);
	queue_chain();
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EACCES);
	tring_forget(&r);
	q_clone(&r)->flags |= IOSQE_ASYNC;
	q_child(&r, IORING_CHILD_UMASK)->flags |= IOSQE_ASYNC;
	q_exit(&r, 0)->flags |= IOSQE_ASYNC;
	CHECK_GT(spawn_queued(&r, 1, NULL), 0);
}

/* --- staged requests ------------------------------------------------------------------- */

/* A failed NOP, and what a policy stages then: its result. */
static int staged_result(const struct io_uring_sqe *sqe, const char *path)
{
	struct engine_rule *rule;

	tprog_again(&r, &p);
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, sqe, 1);
	if (path)
		rule_stage_text(rule, ENGINE_STAGE_CHILD, path);
	q_clone(&r);
	q_result(&r, -EDOM);
	tring_submit(&r);
	tring_res(&r, 0);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	EXPECT_EQ(tprog_run(&p, 1)->ctx.event, IORING_POLICY_STAGED);
	return tprog_run(&p, 1)->ctx.res;
}

TEST(S19_operations_that_are_excluded_cannot_be_staged)
{
	struct io_uring_sqe mask = { .opcode = SPAWNPOL_OP_CHILD,
				     .len = IORING_CHILD_UMASK };
	struct io_uring_sqe change = { .opcode = SPAWNPOL_OP_CHILD,
				       .fd = AT_FDCWD,
				       .len = IORING_CHILD_CHDIR };
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	struct io_uring_sqe fixed = { .opcode = IORING_OP_FSYNC,
				      .flags = IOSQE_FIXED_FILE };

	allow_op(SPAWNPOL_OP_CLONE);
	allow_op(IORING_OP_NOP);
	allow_op(IORING_OP_FSYNC);
	allow_command(SPAWNPOL_ATTACH_BPF);
	sqe_flags(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_IO_LINK);
	start(0);
	tprog_load(&p);
	attach(&r, &p, 0, 0);
	EXPECT_EQ(staged_result(&mask, NULL), -EACCES);
	EXPECT_EQ(staged_result(&change, "/"), -EACCES);
	EXPECT_EQ(staged_result(&nop, NULL), 0);
	/* a flag that is not allowed */
	EXPECT_EQ(staged_result(&fixed, NULL), -EACCES);
	fixed.flags = 0;
	fixed.fd = -1;
	EXPECT_EQ(staged_result(&fixed, NULL), -EBADF);
}

/* Staging has no way to set a flag that the ring requires. */
TEST(S19_required_flags_are_required_of_staged_requests)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };

	allow_op(SPAWNPOL_OP_CLONE);
	allow_op(IORING_OP_NOP);
	allow_op(SPAWNPOL_OP_EXEC);
	allow_command(SPAWNPOL_ATTACH_BPF);
	sqe_flags(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_IO_LINK);
	sqe_flags(IORING_RESTRICTION_SQE_FLAGS_REQUIRED, IOSQE_ASYNC);
	start(0);
	tprog_load(&p);
	attach(&r, &p, 0, 0);
	rule_stage_sqe(
		tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SUBMIT),
		&nop, 1);
	rule_stage_text(
		tprog_rule(&p, IORING_POLICY_FAILED, 1, IORING_VERDICT_SUBMIT),
		ENGINE_STAGE_EXEC, "/bin/true");
	q_clone(&r)->flags |= IOSQE_ASYNC;
	q_result(&r, -EDOM)->flags |= IOSQE_ASYNC;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EACCES);

	tring_forget(&r);
	q_clone(&r)->flags |= IOSQE_ASYNC;
	q_nop(&r)->flags |= IOSQE_ASYNC;
	q_exec(&r, "/missing", NULL)->flags |= IOSQE_ASYNC;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 1), -EACCES);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
}

/* --- register commands ----------------------------------------------------------------- */

static int query(void)
{
	struct io_uring_spawn_query answer = { .size = sizeof(answer) };

	return tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY, &answer, 1);
}

/* Each is allowed for itself, and BPF_LINK_CREATE as IORING_ATTACH_BPF is. */
TEST(S19_register_commands_are_restricted)
{
	tprog_load(&p);
	allow_op(SPAWNPOL_OP_CLONE);
	start(0);
	EXPECT_EQ(query(), -EACCES);
	EXPECT_EQ(attach_by_ring(tring_fd(&r), p.fd, 0, 0), -EACCES);
	EXPECT_EQ(attach_by_bpf(tring_fd(&r), p.fd, 0, 0), -EACCES);
	tring_exit(&r);

	allow_command(SPAWNPOL_REGISTER_SPAWN_QUERY);
	start(0);
	EXPECT_EQ(query(), 0);
	EXPECT_EQ(attach_by_ring(tring_fd(&r), p.fd, 0, 0), -EACCES);
	EXPECT_EQ(attach_by_bpf(tring_fd(&r), p.fd, 0, 0), -EACCES);
	tring_exit(&r);

	allow_command(SPAWNPOL_ATTACH_BPF);
	start(0);
	EXPECT_EQ(query(), -EACCES);
	CHECK_OK(attach_by_ring(tring_fd(&r), p.fd, 0, 0));
	CHECK_OK(attach_by_bpf(tring_fd(&r), p.fd, 1, 0));
	tring_exit(&r);
}

/* A policy from before the ring was enabled gets no more than the ring allows. */
TEST(S19_restrictions_hold_for_a_policy_that_was_there_first)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };

	tring_init(&r, IORING_SETUP_R_DISABLED);
	tprog_load(&p);
	attach(&r, &p, 0, 0);
	allow_op(SPAWNPOL_OP_CLONE);
	allow_op(IORING_OP_OPENAT);
	sqe_flags(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_IO_LINK);
	CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, rules,
				nr_rules));
	CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	rule_stage_sqe(
		tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SUBMIT),
		&nop, 1);
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EACCES);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.res, -EACCES);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
}
