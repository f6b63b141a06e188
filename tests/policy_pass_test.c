// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the policies of one slot decide together (U9): one that passes hands the
 * question to the next, and what it has staged and asked for is dropped. What
 * happens when one leaves is in policy_leave_test.c.
 */
#include "lib/child.h"
#include "lib/place.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>

static struct tring r;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED
#define STAGED IORING_POLICY_STAGED
#define BEFORE_STEP IORING_POLICY_BEFORE_STEP
#define BEFORE_EXEC IORING_POLICY_BEFORE_EXEC
#define DONE IORING_POLICY_DONE
#define ANY ENGINE_ANY_STEP
#define PASS IORING_VERDICT_PASS
#define SECOND 1000000000ULL

/* The policies of slot 0, in their order. */
#define MAX 3
static struct tprog p[MAX];
static int link_fd[MAX];

static int attach_attr(struct io_uring_attach_bpf attr)
{
	return CHECK_OK(tring_register(&r, SPAWNPOL_ATTACH_BPF, &attr, 1));
}

/* So many engines, told of these events. */
static void start(unsigned int nr, const uint32_t *events)
{
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < nr; i++) {
		tprog_load(&p[i]);
		link_fd[i] = attach_by_ring(tring_fd(&r), p[i].fd, 0,
					    events ? events[i] : 0);
		CHECK_OK(link_fd[i]);
	}
}

static void rule(unsigned int nr, uint32_t events, uint32_t verdict)
{
	tprog_rule(&p[nr], events, ANY, verdict);
}

static void expect_runs(unsigned int a, unsigned int b, unsigned int c)
{
	const unsigned int runs[MAX] = { a, b, c };
	unsigned int i;

	for (i = 0; i < MAX && p[i].engine; i++) {
		EXPECT_EQ(p[i].engine->runs, runs[i]);
		EXPECT_EQ(link_info(link_fd[i]).runs, runs[i]);
	}
}

static uint64_t passed(unsigned int nr)
{
	return link_info(link_fd[nr]).verdicts[PASS];
}

/* CLONE, a step that fails, EXEC; what the failed step came to. */
static int spawn(int status)
{
	pid_t pid;

	tring_forget(&r);
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 5);
	tring_submit(&r);
	tring_total(&r, 3);
	pid = CHECK_OK(tring_res(&r, CLONE));
	if (status >= 0) {
		EXPECT_EQ(tring_res(&r, 1), 0);
		CHECK_EQ(wait_exit(pid), status);
	} else {
		EXPECT_EQ(tring_res(&r, 1), status);
		check_gone(pid);
	}
	return tring_res(&r, 0);
}

TEST(U9_the_first_that_does_not_pass_decides, .timeout = 120)
{
	start(3, NULL);
	rule(0, FAILED, PASS);
	rule(1, FAILED, IORING_VERDICT_SKIP);
	rule(2, FAILED, IORING_VERDICT_ABORT);
	EXPECT_EQ(spawn(5), 0);
	expect_runs(1, 1, 0);
	EXPECT_EQ(passed(0), 1);
	EXPECT_EQ(passed(1), 0);

	/* any of them, CONTINUE too */
	tprog_reset(&p[1]);
	EXPECT_EQ(spawn(-ECANCELED), -ENOENT);
	EXPECT_EQ(link_info(link_fd[2]).runs, 0);

	/* to the last */
	tprog_reset(&p[0]);
	rule(0, FAILED, PASS);
	rule(1, FAILED, PASS);
	EXPECT_EQ(spawn(-ECANCELED), -ENOENT);
	EXPECT_EQ(p[2].engine->runs, 1);
	EXPECT_EQ(link_info(link_fd[2]).verdicts[IORING_VERDICT_ABORT], 1);
	EXPECT_EQ(tprog_run(&p[2], 0)->ctx.res, -ENOENT);
	EXPECT_EQ(tprog_run(&p[2], 0)->ctx.event, FAILED);
}

TEST(U9_if_all_pass_it_is_as_continue, .timeout = 120)
{
	static const uint32_t all[] = { BEFORE_STEP | BEFORE_EXEC | DONE,
					BEFORE_STEP | BEFORE_EXEC | DONE };
	unsigned int i;

	start(2, all);
	for (i = 0; i < 2; i++)
		rule(i, BEFORE_STEP | BEFORE_EXEC | DONE | FAILED, PASS);
	q_clone(&r);
	q_nop(&r);
	hardlink(q_fail(&r));
	q_exit(&r, 3);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), -ENOENT);
	EXPECT_EQ(tring_res(&r, 2), 0);
	EXPECT_EQ(wait_exit(tring_res(&r, CLONE)), 3);
	/* before and done; before and failed; before EXEC */
	expect_runs(5, 5, 0);
	EXPECT_EQ(passed(1), 5);
	/* links decide what comes after a failure */
	EXPECT_EQ(spawn(-ECANCELED), -ENOENT);
}

/* A single one may pass, too. */
TEST(U9_a_lone_policy_that_passes_continues)
{
	start(1, NULL);
	rule(0, FAILED, PASS);
	EXPECT_EQ(spawn(-ECANCELED), -ENOENT);
	EXPECT_EQ(passed(0), 1);
	EXPECT_EQ(link_info(link_fd[0]).failures, 0);
}

TEST(U9_an_event_is_put_to_those_who_asked_for_it, .timeout = 120)
{
	static const uint32_t events[] = { BEFORE_EXEC, BEFORE_STEP, DONE };
	unsigned int i;

	start(3, events);
	for (i = 0; i < 3; i++)
		rule(i, ~0U, PASS);
	q_clone(&r);
	q_nop(&r);
	q_exit(&r, 3);
	tring_submit(&r);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 3);
	expect_runs(1, 1, 1);
	EXPECT_EQ(tprog_run(&p[0], 0)->ctx.event, BEFORE_EXEC);
	EXPECT_EQ(tprog_run(&p[1], 0)->ctx.event, BEFORE_STEP);
	EXPECT_EQ(tprog_run(&p[2], 0)->ctx.event, DONE);
}

/* Result, delay and staged requests of one that passes come to nothing. */
TEST(U9_pass_drops_what_was_asked_for, .timeout = 120)
{
	struct io_uring_sqe mkdir = { .opcode = IORING_OP_MKDIRAT,
				      .fd = AT_FDCWD,
				      .addr = (uintptr_t)in_dir("made"),
				      .len = 0755 };
	struct engine_rule *first;

	start(2, NULL);
	first = tprog_rule(&p[0], FAILED, ANY, PASS);
	rule_stage_sqe(first, &mkdir, 1);
	first->post = 1;
	first->sets_result = 1;
	first->result = -EXDEV;
	first->delay_ns = 9 * SECOND; /* of 10; the two below would not fit */
	rule(1, FAILED, IORING_VERDICT_SKIP);
	EXPECT_EQ(spawn(5), 0);
	EXPECT_EQ(tprog_run(&p[0], 0)->staged[0], 0);
	EXPECT_EQ(tprog_run(&p[0], 0)->result, 0);
	EXPECT_EQ(tprog_run(&p[0], 0)->delay, 0);
	EXPECT_NE(access(in_dir("made"), F_OK), 0);
	/* nor is a budget touched, so that each step can ask for it anew */
	tprog_reset(&p[1]);
	rule(1, FAILED, IORING_VERDICT_RETRY);
	p[1].engine->rules[0].below = 4;
	EXPECT_EQ(spawn(-ECANCELED), -ENOENT);
	EXPECT_EQ(p[0].engine->runs, 5);
	EXPECT_EQ(tprog_run(&p[0], 4)->delay, 0);
	EXPECT_EQ(link_info(link_fd[0]).exhausted, 0);

	/* even if it asked for too much */
	first->delay_ns = 11 * SECOND;
	EXPECT_EQ(spawn(-ECANCELED), -ENOENT);
	EXPECT_EQ(link_info(link_fd[0]).exhausted, 0);
	EXPECT_EQ(tprog_run(&p[0], 5)->delay, -ETOOMANYREFS);
	/* and if nobody else decides */
	tprog_reset(&p[1]);
	rule(1, FAILED, PASS);
	EXPECT_EQ(spawn(-ECANCELED), -ENOENT);
	EXPECT_NE(access(in_dir("made"), F_OK), 0);
}

/* The policy that decides can stage all that it may, whatever others had staged. */
TEST(U9_a_policy_finds_nothing_staged_before_it, .timeout = 120)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP, .user_data = 71 };
	struct engine_rule *rules[2];
	unsigned int i;

	start(2, NULL);
	for (i = 0; i < 2; i++) {
		rules[i] = tprog_rule(&p[i], FAILED, ANY,
				      i ? IORING_VERDICT_SUBMIT : PASS);
		rule_stage_sqe(rules[i], &nop, 8);
	}
	rules[1]->post = 1;
	rule(1, STAGED, IORING_VERDICT_CONTINUE);
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 4);
	tring_submit(&r);
	/* theirs have the same number: there are eight, not sixteen */
	tring_total(&r, 3 + 8);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 4);
	EXPECT_EQ(tprog_run(&p[1], 0)->staged[7], 0);
}

TEST(U9_scratch_is_each_policys_own, .timeout = 120)
{
	unsigned int i, n;

	start(3, NULL);
	for (i = 0; i < 3; i++)
		tprog_rule(&p[i], FAILED, ANY,
			   i < 2 ? PASS : IORING_VERDICT_SKIP)->scratch = 1 + i;
	q_clone(&r);
	for (n = 0; n < 4; n++)
		q_fail(&r);
	q_exit(&r, 2);
	tring_submit(&r);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 2);
	expect_runs(4, 4, 4);
	for (i = 0; i < 3; i++) {
		for (n = 0; n < 4; n++) {
			const struct engine_run *run = tprog_run(&p[i], n);

			EXPECT_EQ(run->ctx.scratch[0], n * (1 + i));
			EXPECT_EQ(run->ctx.scratch[7], n ? 1 + i : 0);
		}
	}
}

/* --- budgets ------------------------------------------------------------------ */

static void start_budgets(uint32_t first, uint32_t second, uint64_t delay)
{
	const uint32_t issues[] = { first, second };
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < 2; i++) {
		tprog_load(&p[i]);
		link_fd[i] = attach_attr((struct io_uring_attach_bpf){
			.prog_fd = p[i].fd,
			.max_issues = issues[i],
			.max_delay_ns = delay,
		});
	}
}

TEST(U9_retries_count_for_who_asked_for_them, .timeout = 120)
{
	start_budgets(3, 4, 0);
	/* three of the first, then four of the second, and there is no fifth */
	rule(0, FAILED, IORING_VERDICT_RETRY);
	p[0].engine->rules[0].below = 4;
	rule(0, FAILED, PASS);
	rule(1, FAILED, IORING_VERDICT_RETRY);
	EXPECT_EQ(spawn(-ECANCELED), -ETOOMANYREFS);
	EXPECT_EQ(p[0].engine->runs, 3 + 5);
	EXPECT_EQ(p[1].engine->runs, 5);
	EXPECT_EQ(link_info(link_fd[0]).exhausted, 0);
	EXPECT_EQ(link_info(link_fd[1]).exhausted, 1);
	EXPECT_EQ(link_info(link_fd[1]).verdicts[IORING_VERDICT_RETRY], 5);

	/* the first one's own budget still holds */
	p[0].engine->rules[0].below = 0;
	EXPECT_EQ(spawn(-ECANCELED), -ETOOMANYREFS);
	EXPECT_EQ(link_info(link_fd[0]).exhausted, 1);
	EXPECT_EQ(link_info(link_fd[1]).exhausted, 1);
}

TEST(U9_delays_count_for_who_asked_for_them, .timeout = 120)
{
	unsigned int i;

	start_budgets(0, 0, 40000000);
	/* two of 15 ms fit, a third does not; each of them may have two */
	rule(0, FAILED, IORING_VERDICT_RETRY);
	p[0].engine->rules[0].below = 3;
	rule(0, FAILED, PASS);
	rule(1, FAILED, IORING_VERDICT_RETRY);
	p[1].engine->rules[0].below = 5;
	rule(1, FAILED, IORING_VERDICT_SKIP);
	for (i = 0; i < 2; i++)
		p[i].engine->rules[0].delay_ns = 15000000;
	EXPECT_EQ(spawn(5), 0);
	EXPECT_EQ(p[1].engine->runs, 3);
	p[1].engine->rules[0].below = 6;
	EXPECT_EQ(spawn(-ECANCELED), -ETOOMANYREFS);
	EXPECT_EQ(link_info(link_fd[0]).exhausted, 0);
	EXPECT_EQ(link_info(link_fd[1]).exhausted, 1);
}

TEST(U9_max_staged_is_that_of_the_link, .timeout = 120)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	static const uint32_t most[] = { 2, 5 };
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < 2; i++) {
		tprog_load(&p[i]);
		attach_attr((struct io_uring_attach_bpf){
			.prog_fd = p[i].fd, .max_staged = most[i] });
		rule_stage_sqe(tprog_rule(&p[i], FAILED, ANY, PASS), &nop, 9);
	}
	EXPECT_EQ(spawn(-ECANCELED), -ENOENT);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(tprog_run(&p[i], 0)->staged[most[i] - 1], 0);
		EXPECT_EQ(tprog_run(&p[i], 0)->staged[most[i]], -E2BIG);
	}
}

/* --- what was staged ------------------------------------------------------------ */

static void stage_result(unsigned int nr, int res)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP,
				    .rw_flags = 1, /* inject a result */
				    .len = res, .user_data = 55 };

	rule_stage_sqe(tprog_rule(&p[nr], FAILED, ANY, IORING_VERDICT_SUBMIT),
		       &nop, 1);
}

TEST(U9_staged_goes_to_who_staged, .timeout = 120)
{
	start(3, NULL);
	rule(0, FAILED, PASS);
	stage_result(1, -EXDEV);
	rule(1, STAGED, IORING_VERDICT_SKIP);
	EXPECT_EQ(spawn(5), 0);
	expect_runs(1, 2, 0);
	EXPECT_EQ(tprog_run(&p[1], 1)->ctx.event, STAGED);
	EXPECT_EQ(tprog_run(&p[1], 1)->ctx.staged_user_data, 55);
	EXPECT_EQ(tprog_run(&p[1], 1)->ctx.res, -EXDEV);
}

TEST(U9_who_passes_then_has_the_next_asked_about_the_outcome, .timeout = 120)
{
	static const uint32_t events[] = { 0, DONE, 0 };
	const struct engine_run *run;

	/* it failed: all those after it are told, as of any failure */
	start(3, events);
	stage_result(0, -EXDEV);
	rule(0, STAGED, PASS);
	rule(1, FAILED, PASS);
	rule(2, FAILED, IORING_VERDICT_SKIP);
	EXPECT_EQ(spawn(5), 0);
	expect_runs(2, 1, 1);
	run = tprog_run(&p[1], 0);
	EXPECT_EQ(run->ctx.event, FAILED);
	EXPECT_EQ(run->ctx.res, -EXDEV);
	EXPECT_EQ(run->ctx.attempt, 2);
	EXPECT_EQ(run->ctx.staged_opcode, 0);
	EXPECT_EQ(run->ctx.staged_user_data, 0);

	/* it succeeded: those who asked for that */
	memset(p[0].engine->rules, 0, sizeof(p[0].engine->rules));
	stage_result(0, 7);
	rule(0, STAGED, PASS);
	rule(1, DONE, PASS);
	EXPECT_EQ(spawn(5), 7);
	EXPECT_EQ(p[1].engine->runs, 2);
	EXPECT_EQ(tprog_run(&p[1], 1)->ctx.event, DONE);
	EXPECT_EQ(tprog_run(&p[1], 1)->ctx.res, 7);
	EXPECT_EQ(p[2].engine->runs, 1);
}

/* A policy after the first one can start the program. */
TEST(U9_a_later_policy_stages_the_exec, .timeout = 120)
{
	char *argv[] = { "exit_with", "6", NULL };

	start(2, NULL);
	rule(0, FAILED, PASS);
	rule_stage_text(tprog_rule(&p[1], FAILED, ANY, IORING_VERDICT_SUBMIT),
			ENGINE_STAGE_EXEC, in_dir("program"));
	copy_file(helper("exit_with"), in_dir("program"), 0755);
	q_clone(&r);
	q_exec(&r, "/nonexistent/exit_with", argv);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 6);
	expect_runs(1, 1, 0);
}

/* The interpreter gets what was tried last, whoever tried it. */
TEST(U9_an_interpreter_gets_what_another_policy_tried, .timeout = 120)
{
	char *script = in_dir("script"), *argv[] = { "s", NULL };

	write_file(script, "exit 9\n", 0755);
	start(2, NULL);
	rule_stage_text(tprog_rule(&p[0], FAILED, ANY, IORING_VERDICT_SUBMIT),
			ENGINE_STAGE_EXEC, script);
	rule(0, STAGED, PASS);
	rule_stage_text(tprog_rule(&p[1], FAILED, ANY, IORING_VERDICT_SUBMIT),
			ENGINE_STAGE_EXEC_INTERP, "/bin/sh");
	p[1].engine->rules[0].res = -ENOEXEC;
	q_clone(&r);
	q_exec(&r, "/nonexistent/s", argv);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 9);
}

/* --- the other ways to be asked ---------------------------------------------------- */

TEST(U9_dry_runs_return_pass)
{
	struct bpf_iouring_ctx ctx = { .event = FAILED, .res = -ENOENT };
	struct bpf_iouring_test_result result = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .data_out = &result,
		    .data_size_out = sizeof(result));

	CHECK_OK(bpf_prog_test_run_opts(prog_returning(PASS), &opts));
	EXPECT_EQ(opts.retval, PASS);
}

#define GROUP "/sys/fs/cgroup/policy_pass_test"

TEST(U9_a_failed_clone_is_put_to_those_who_asked, .timeout = 120)
{
	static const uint32_t events[] = { IORING_POLICY_CLONE, 0,
					   IORING_POLICY_CLONE };

	mkdir(GROUP, 0755);
	start(3, events);
	rule(0, IORING_POLICY_CLONE, PASS);
	rule(2, IORING_POLICY_CLONE, IORING_VERDICT_RETRY);
	p[2].engine->rules[0].below = 3;
	rule(2, IORING_POLICY_CLONE, PASS);
	write_file(GROUP "/cgroup.procs", "0", 0);
	write_file(GROUP "/pids.max", "1", 0);
	q_clone(&r);
	q_exit(&r, 1);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EAGAIN);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	expect_runs(3, 0, 3);
	EXPECT_EQ(passed(2), 1);
	write_file("/sys/fs/cgroup/cgroup.procs", "0", 0);
	CHECK_SYS(rmdir(GROUP));
}
