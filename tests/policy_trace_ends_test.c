// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: see policy_trace_test.c
 *
 * The trace tells the truth: what was staged has its own name, and a chain's end its
 * cause (U10).
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/trace.h"

#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED
#define STAGED IORING_POLICY_STAGED

/* --- what was staged -------------------------------------------------------------- */

static void stage_open(uint32_t event, const char *path)
{
	struct io_uring_sqe sqe = { .opcode = SPAWNPOL_OP_CHILD,
				    .fd = AT_FDCWD,
				    .off = 7,
				    .len = IORING_CHILD_OPEN };
	struct engine_rule *rule = tprog_rule(&p, event, 0,
					      IORING_VERDICT_SUBMIT);

	rule_stage_sqe(rule, &sqe, 1);
	rule_stage_text(rule, ENGINE_STAGE_CHILD, path);
}

TEST(U10_a_staged_request_has_its_own_name_and_path)
{
	const char *verdict, *step;
	char *trace;

	tprog_start(&r, &p, 0);
	stage_open(FAILED, "/dev/null");
	trace_start();
	q_clone(&r);
	q_dup(&r, 99, 7);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 7);
	trace = trace_end();

	verdict = trace_event(trace, "io_uring_spawn_verdict", 0);
	EXPECT_HAS(verdict, format(" staged_op=%d ", SPAWNPOL_OP_CHILD));
	EXPECT_HAS(verdict, format(" staged_cmd=%d ", IORING_CHILD_OPEN));
	EXPECT_HAS(verdict, " name=/dev/null ");
	step = trace_event(trace, "io_uring_spawn_step", 0);
	EXPECT_HAS(step, format(" cmd=%d ", IORING_CHILD_DUP));
	EXPECT_HAS(step, " name= ");
	step = trace_event(trace, "io_uring_spawn_step", 1);
	EXPECT_HAS(step, format(" cmd=%d ", IORING_CHILD_OPEN));
	EXPECT_HAS(step, " res=7 ");
	EXPECT_HAS(step, " staged=1 ");
	EXPECT_HAS(step, " name=/dev/null ");
}

TEST(U10_steps_have_their_paths)
{
	struct io_uring_sqe *sqe;
	char *trace;

	tring_init(&r, 0);
	trace_start();
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_CHDIR);
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t) "/proc";
	q_open_at(&r, 7, "/dev/null", O_RDONLY);
	q_open(&r, "/nonexistent/file", O_RDONLY, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 2), -ENOENT);
	trace = trace_end();
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 0), " name=/proc ");
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 1),
		   " name=/dev/null ");
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 2),
		   " name=/nonexistent/file ");
}

/* The first fails: the two after it are not issued, and have their lines. */
TEST(U10_each_request_of_one_run_has_a_line)
{
	struct engine_rule *rule;
	char *trace;
	int i;

	tprog_start(&r, &p, 0);
	stage_open(FAILED, "/nonexistent/file");
	rule = &p.engine->rules[0];
	rule->count = 3;
	trace_start();
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	trace = trace_end();
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 1), " res=-2 ");
	for (i = 2; i < 4; i++) {
		const char *step = trace_event(trace, "io_uring_spawn_step", i);

		EXPECT_HAS(step, " attempt=0 ");
		EXPECT_HAS(step, " res=-125 ");
		EXPECT_HAS(step, " staged=1 ");
		EXPECT_HAS(step, " name=/nonexistent/file ");
	}
}

/* They were to be issued after a delay, and the chain has ended meanwhile. */
TEST(U10_requests_that_a_delay_has_kept_have_their_lines)
{
	char *trace;
	int i;

	tprog_start(&r, &p, 0);
	stage_open(FAILED, "/dev/null");
	p.engine->rules[0].count = 2;
	p.engine->rules[0].delay_ns = 9000000000;
	trace_start();
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	CHECK_OK(tring_res(&r, CLONE));
	/* it has answered, and waits */
	while (!strstr(read_file(TRACING "/trace"), "io_uring_spawn_verdict"))
		sleep_ms(10);
	q_cancel(&r, CLONE, 0, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	trace = trace_end();
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_verdict", 0), " staged=2 ");
	for (i = 1; i < 3; i++) {
		const char *step = trace_event(trace, "io_uring_spawn_step", i);

		EXPECT_HAS(step, " attempt=0 ");
		EXPECT_HAS(step, " staged=1 ");
		EXPECT_HAS(step, format(" res=%d ", -ECANCELED));
	}
}

TEST(U10_a_staged_request_that_is_refused_has_a_line)
{
	struct io_uring_sqe sqe = { .opcode = SPAWNPOL_OP_CHILD, .len = 99,
				    .user_data = 77 };
	const char *step;
	char *trace;

	tprog_start(&r, &p, 0);
	rule_stage_sqe(tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT), &sqe,
		       1);
	trace_start();
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -EINVAL);
	trace = trace_end();
	step = trace_event(trace, "io_uring_spawn_step", 1);
	EXPECT_HAS(step, format(" op=%d ", SPAWNPOL_OP_CHILD));
	EXPECT_HAS(step, " cmd=99 ");
	EXPECT_HAS(step, " res=-22 ");
	EXPECT_HAS(step, " staged=1 ");
	EXPECT_HAS(step, " user_data=0x4d ");
}

/* --- why a chain has ended ----------------------------------------------------------- */

/* What the end of the one chain in the trace says. */
static const char *end_of(char *trace)
{
	DIAG("%s", trace_event(trace, "io_uring_spawn_end", 0));
	return trace_event(trace, "io_uring_spawn_end", 0);
}

TEST(U10_a_program_a_failed_step_and_no_program)
{
	char *trace;

	tring_init(&r, 0);
	trace_start();
	q_clone(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 0);
	trace = trace_end();
	EXPECT_HAS(end_of(trace), " res=0 end=PROGRAM ");
	tring_total(&r, 2);

	tring_forget(&r);
	trace_start();
	q_clone(&r);
	q_nop(&r);
	q_fail(&r);
	tring_submit(&r);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	trace = trace_end();
	EXPECT_HAS(end_of(trace), " step=1 res=-2 end=STEP ");
	tring_total(&r, 3);

	tring_forget(&r);
	trace_start();
	q_clone(&r);
	q_nop(&r);
	tring_submit(&r);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	trace = trace_end();
	EXPECT_HAS(end_of(trace), " res=-125 end=NO_EXEC ");
}

TEST(U10_a_deadline_is_one_whatever_the_step_says)
{
	struct __kernel_timespec ts = { .tv_nsec = 200000000 };
	struct blocker b;
	char *trace;

	tring_init(&r, 0);
	trace_start();
	q_clone(&r);
	q_timeout(&r, &ts);
	q_block(&r, &b);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
	tring_total(&r, 4);
	trace = trace_end();
	EXPECT_HAS(end_of(trace), " res=-125 end=DEADLINE ");
	/* it can have come before there was a child, or a step was issued */
	if (strstr(trace, "io_uring_spawn_step: "))
		EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 0),
			   " res=-125 ");
}

TEST(U10_a_cancellation)
{
	struct blocker b;
	char *trace;
	pid_t pid;

	tring_init(&r, 0);
	trace_start();
	pid = spawn_blocked(&r, &b);
	q_cancel(&r, CLONE, 0, OTHER);
	tring_submit(&r);
	check_gone(pid);
	trace = trace_end();
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 0), " res=-125 ");
	EXPECT_HAS(end_of(trace), " step=0 res=-125 end=CANCEL ");
}

TEST(U10_a_ring_that_is_closed)
{
	struct blocker b;
	char *trace;
	pid_t pid;

	tring_init(&r, 0);
	trace_start();
	pid = spawn_blocked(&r, &b);
	tring_exit(&r);
	check_gone(pid);
	trace = trace_end();
	EXPECT_HAS(end_of(trace), " res=-125 end=EXIT ");
}

TEST(U10_a_child_that_is_killed)
{
	struct blocker b;
	char *trace;
	pid_t pid;

	tring_init(&r, 0);
	trace_start();
	pid = spawn_blocked(&r, &b);
	CHECK_SYS(kill(pid, SIGKILL));
	check_gone(pid);
	trace = trace_end();
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 0), " res=-125 ");
	EXPECT_HAS(end_of(trace), " res=-125 end=KILLED ");
}

/* The end of a chain whose first step fails under this verdict. */
static void expect_end(uint32_t verdict, const char *end)
{
	char *trace;

	tprog_again(&r, &p);
	tprog_rule(&p, FAILED, 0, verdict);
	trace_start();
	/* a budget has very many of these */
	write_file(TRACING "/events/io_uring_spawn/io_uring_spawn_step/enable",
		   "0", 0);
	write_file(TRACING "/events/io_uring_spawn/io_uring_spawn_verdict/enable",
		   "0", 0);
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	trace = trace_end();
	EXPECT_HAS(end_of(trace), end);
}

TEST(U10_what_a_policy_has_ended)
{
	tprog_start(&r, &p, 0);
	expect_end(IORING_VERDICT_ABORT, " end=VERDICT ");
	/* with nothing staged */
	expect_end(IORING_VERDICT_SUBMIT, " end=REFUSED ");
	/* until the budget is used up */
	expect_end(IORING_VERDICT_RETRY, " end=BUDGET ");
	expect_end(IORING_VERDICT_CONTINUE, " end=STEP ");
}

TEST(U10_a_policy_that_has_gone)
{
	union bpf_attr attr = { 0 };
	struct blocker b;
	char *trace;
	pid_t pid;
	int link;

	link = tprog_start(&r, &p, 0);
	trace_start();
	q_clone(&r)->rw_flags = IORING_CLONE_NEED_POLICY;
	q_block(&r, &b);
	q_exit(&r, 0);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	wait_blocked(pid);
	/* the child has a descriptor of the link, too */
	attr.link_detach.link_fd = link;
	CHECK_OK(bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr)));
	blocker_release(&b);
	CHECK_EQ(tring_res(&r, 1), -ENOLINK);
	check_gone(pid);
	trace = trace_end();
	EXPECT_HAS(end_of(trace), " step=1 res=-67 end=NO_POLICY ");
}

/* --- counters ------------------------------------------------------------------------ */

/* A policy that tries a candidate again stages it again. */
TEST(U10_a_candidate_that_is_tried_again_is_a_retry)
{
	struct spawnpol_link_info info;
	char *argv[] = { "x", NULL };
	struct engine_rule *rule;
	int link;

	link = tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC, "/nonexistent/x");
	rule = tprog_rule(&p, STAGED, 0, IORING_VERDICT_SUBMIT);
	rule->below = 4;
	rule_stage_text(rule, ENGINE_STAGE_EXEC, "/nonexistent/x");
	rule = tprog_rule(&p, STAGED, 0, IORING_VERDICT_SUBMIT);
	rule->below = 6;
	rule_stage_text(rule, ENGINE_STAGE_EXEC, "/elsewhere/x");
	q_clone(&r);
	q_exec(&r, "/nonexistent/first", argv);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	info = link_info(link);
	EXPECT_EQ(info.staged, 5);
	/* attempts 3 and 4 are 2 again, 6 is 5 */
	EXPECT_EQ(info.retries, 3);
	EXPECT_EQ(info.verdicts[IORING_VERDICT_RETRY], 0);
}
