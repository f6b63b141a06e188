// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the verdicts of policies do (P6). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED
#define STAGED IORING_POLICY_STAGED
#define BEFORE_STEP IORING_POLICY_BEFORE_STEP
#define BEFORE_EXEC IORING_POLICY_BEFORE_EXEC
#define DONE IORING_POLICY_DONE
#define ALL_EVENTS (BEFORE_STEP | BEFORE_EXEC | DONE)

TEST(P6_continue_leaves_the_link_rules)
{
	tprog_start(&r, &p, ALL_EVENTS);
	tprog_rule(&p, ALL_EVENTS | FAILED, ENGINE_ANY_STEP,
		   IORING_VERDICT_CONTINUE);
	q_clone(&r);
	hardlink(q_fail(&r));
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(tring_res(&r, 1), -ENOENT);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	tring_total(&r, 4);
	check_no_program(&r);
}

TEST(P6_retry_issues_the_same_request_again)
{
	char *path = in_dir("late");
	unsigned int i;

	tprog_start(&r, &p, 0);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY)->delay_ns = 5000000;
	q_clone(&r);
	q_open(&r, path, O_RDONLY | O_CLOEXEC, 0);
	q_exit(&r, 7);
	tring_submit(&r);
	CHECK_GT(tring_res(&r, CLONE), 0);
	tring_none(&r, 0, 50);
	write_file(path, "", 0600);
	CHECK_GE(tring_res(&r, 0), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 7);
	CHECK_GT(p.engine->runs, 1);
	for (i = 0; i < p.engine->runs && i < ENGINE_LOG; i++)
		EXPECT_EQ(tprog_run(&p, i)->ctx.attempt, i + 1);
	tring_total(&r, 3);
}

/* Keeps a file busy until it is killed; our own descriptor the child shares. */
static pid_t start_writer(const char *path)
{
	int fds[2];
	pid_t pid;
	char byte;

	make_pipe(fds);
	pid = CHECK_SYS(fork());
	if (!pid) {
		CHECK_SYS(open(path, O_RDWR | O_CLOEXEC));
		CHECK_EQ(write(fds[1], "x", 1), 1);
		for (;;)
			pause();
	}
	CHECK_EQ(read(fds[0], &byte, 1), 1);
	return pid;
}

TEST(P6_retry_of_an_exec)
{
	static char *argv[] = { "busy", "8", NULL };
	char *path = in_dir("busy");
	pid_t writer;

	tprog_start(&r, &p, 0);
	copy_file(helper("exit_with"), path, 0755);
	writer = start_writer(path);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY)->delay_ns = 5000000;
	q_clone(&r);
	q_exec(&r, path, argv);
	tring_submit(&r);
	CHECK_GT(tring_res(&r, CLONE), 0);
	tring_none(&r, 0, 50);
	EXPECT_EQ(tprog_run(&p, 0)->ctx.res, -ETXTBSY);
	CHECK_SYS(kill(writer, SIGKILL));
	CHECK_EQ(wait_exit(writer), -SIGKILL);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 8);
}

/* Steps that work on descriptors do so under a policy, too. */
TEST(P6_descriptors_are_those_of_the_steps)
{
	char byte = 0;
	int fds[2];

	make_pipe(fds);
	tprog_start(&r, &p, ALL_EVENTS);
	q_clone(&r);
	q_write(&r, fds[1], "x", 1);
	hardlink(q_write(&r, 99, "x", 1));
	q_read(&r, fds[0], &byte, 1);
	q_exit(&r, 4);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 1);
	EXPECT_EQ(tring_res(&r, 1), -EBADF);
	EXPECT_EQ(tring_res(&r, 2), 1);
	EXPECT_EQ(byte, 'x');
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 4);
}

/* What was staged for it cannot make an EXEC look successful. */
TEST(P6_an_exec_that_did_not_happen_is_no_success)
{
	static const uint32_t verdicts[] = { IORING_VERDICT_CONTINUE,
					     IORING_VERDICT_SKIP };
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	char *argv[] = { "x", NULL };
	unsigned int i;

	tprog_start(&r, &p, 0);
	for (i = 0; i < 2; i++) {
		tprog_again(&r, &p);
		rule_stage_sqe(tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT),
			       &nop, 1);
		tprog_rule(&p, STAGED, 0, verdicts[i]);
		q_clone(&r);
		q_exec(&r, "/nonexistent", argv);
		tring_submit(&r);
		EXPECT_LT(tring_res(&r, 0), 0);
		check_no_program(&r);
	}
}

TEST(P6_skip_treats_a_failed_step_as_done)
{
	static char *argv[] = { "exit_with", "9", NULL };

	tprog_start(&r, &p, 0);
	tprog_rule(&p, FAILED, ENGINE_ANY_STEP, IORING_VERDICT_SKIP);
	q_clone(&r);
	q_fail(&r);
	q_exec(&r, "/nonexistent", argv);
	q_exec(&r, helper("exit_with"), argv);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), -ENOENT);
	EXPECT_EQ(tring_res(&r, 2), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 9);
}

TEST(P6_skip_before_a_step_does_not_issue_it)
{
	char *dir = in_dir("never");

	tprog_start(&r, &p, BEFORE_STEP | BEFORE_EXEC);
	tprog_rule(&p, BEFORE_STEP, 0, IORING_VERDICT_SKIP);
	tprog_rule(&p, BEFORE_EXEC, 1, IORING_VERDICT_SKIP);
	q_clone(&r);
	q_mkdir(&r, dir);
	q_exit(&r, 1);
	q_exit(&r, 2);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 2), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 2);
	EXPECT_EQ(access(dir, F_OK), -1);
}

TEST(P6_submit_issues_what_was_staged_and_reports_its_result)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP, .user_data = 77 };
	const struct engine_run *run;

	tprog_start(&r, &p, 0);
	rule_stage_sqe(tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT), &nop,
		       3);
	spawn_failing(&r);
	/* The step's result is that of the request issued last for it. */
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
	CHECK_EQ(p.engine->runs, 2);
	run = tprog_run(&p, 1);
	EXPECT_EQ(run->ctx.event, STAGED);
	EXPECT_EQ(run->ctx.res, 0);
	EXPECT_EQ(run->ctx.opcode, IORING_OP_OPENAT);
	EXPECT_EQ(run->ctx.staged_opcode, IORING_OP_NOP);
	EXPECT_EQ(run->ctx.staged_user_data, 77);
	EXPECT_EQ(run->ctx.attempt, 4);
	tring_total(&r, 3);
}

TEST(P6_abort_ends_the_chain_and_kills_the_child)
{
	static const struct {
		uint32_t event;
		int res;
	} cases[] = {
		{ FAILED, -ENOENT },
		{ BEFORE_STEP, -ECANCELED },
		{ DONE, -ECANCELED },
	};
	unsigned int i;

	tprog_start(&r, &p, ALL_EVENTS);
	count_sigchld();
	for (i = 0; i < 3; i++) {
		tprog_again(&r, &p);
		tprog_rule(&p, cases[i].event, 0, IORING_VERDICT_ABORT);
		q_clone(&r);
		if (cases[i].event == FAILED)
			hardlink(q_fail(&r));
		else
			hardlink(q_nop(&r));
		hardlink(q_nop(&r));
		q_exit(&r, 0);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, 0), cases[i].res);
		EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
		EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
		tring_total(&r, 4);
		check_no_program(&r);
	}
	EXPECT_EQ(sigchlds(), 0);
}

TEST(P6_a_verdict_that_cannot_be_followed_ends_the_chain)
{
	struct spawnpol_link_info info;
	int link = tprog_start(&r, &p, 0);

	tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT); /* nothing staged */
	q_clone(&r);
	hardlink(q_fail(&r));
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EBADRQC);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	tring_total(&r, 3);
	check_no_program(&r);
	info = link_info(link);
	EXPECT_EQ(info.failures, 1);
}

TEST(P6_retry_of_what_cannot_be_issued_twice_ends_the_chain)
{
	struct io_uring_spawn_query query;
	struct io_uring_sqe *sqe;
	unsigned int op;

	tprog_start(&r, &p, 0);
	tring_query(&r, &query);
	for (op = 1; op < SPAWNPOL_OP_LAST; op++) {
		if (!(query.child_ops[op / 64] >> op % 64 & 1) ||
		    query.retry_ops[op / 64] >> op % 64 & 1)
			continue;
		tprog_again(&r, &p);
		tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY);
		q_clone(&r);
		sqe = q_op(&r, op);
		sqe->fd = 99;
		sqe->addr = sqe->addr2 = (uintptr_t) "/nonexistent/a";
		sqe->splice_fd_in = 99;
		hardlink(sqe);
		q_exit(&r, 0);
		tring_submit(&r);
		/* A malformed request never gets so far: no matter here. */
		if (tring_res(&r, CLONE) < 0)
			continue;
		if (tring_res(&r, 0) != -EBADRQC)
			FAIL("operation %u: %d", op, tring_res(&r, 0));
		EXPECT(!(tprog_run(&p, 0)->ctx.flags &
			 IORING_POLICY_F_CAN_RETRY));
		check_no_program(&r);
	}
}
