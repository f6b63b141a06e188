// SPDX-License-Identifier: LGPL-2.1-or-later
/* No program can loop or wait for ever (P8). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED
#define STAGED IORING_POLICY_STAGED
#define MS 1000000ULL

/* A plain ring with the engine in slot 0 under these budgets; 0: default. */
static int start(uint32_t issues, uint32_t staged, uint64_t delay)
{
	struct io_uring_attach_bpf attr = {
		.max_issues = issues,
		.max_staged = staged,
		.max_delay_ns = delay,
	};

	tring_init(&r, 0);
	tprog_load(&p);
	attr.prog_fd = p.fd;
	return CHECK_OK(tring_register(&r, SPAWNPOL_ATTACH_BPF, &attr, 1));
}

/* A chain with a failing step; its result. The rest must be cancelled. */
static int failing_step(void)
{
	q_clone(&r);
	hardlink(q_fail(&r));
	hardlink(q_nop(&r));
	q_exit(&r, 0);
	tring_submit(&r);
	tring_total(&r, 4);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	check_no_children();
	return tring_res(&r, 0);
}

TEST(P8_a_retry_loop_runs_into_its_budget)
{
	static const unsigned int budgets[] = { 0, 1, 5 };
	struct spawnpol_link_info info;
	unsigned int i, issues;
	int link;

	for (i = 0; i < 3; i++) {
		link = start(budgets[i], 0, 0);
		issues = budgets[i] ? budgets[i] : 1024;
		tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY);
		EXPECT_EQ(failing_step(), -ETOOMANYREFS);
		info = link_info(link);
		EXPECT_EQ(info.max_issues, issues);
		EXPECT_EQ(info.exhausted, 1);
		/* Its own issue is free; the last RETRY could not be had. */
		EXPECT_EQ(p.engine->runs, issues + 1);
		EXPECT_EQ(info.runs, issues + 1);
		close(link);
		tprog_free(&p);
		tring_exit(&r);
	}
}

TEST(P8_staged_requests_count, .timeout = 60)
{
	struct io_uring_sqe bad = { .opcode = IORING_OP_CLOSE, .fd = 99 };
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	int link = start(20, 0, 0);

	rule_stage_sqe(
		tprog_rule(&p, FAILED | STAGED, 0, IORING_VERDICT_SUBMIT), &bad,
		1);
	EXPECT_EQ(failing_step(), -ETOOMANYREFS);
	EXPECT_EQ(p.engine->runs, 21);

	tprog_again(&r, &p);
	rule_stage_sqe(
		tprog_rule(&p, FAILED | STAGED, 0, IORING_VERDICT_SUBMIT), &nop,
		8);
	EXPECT_EQ(failing_step(), -ETOOMANYREFS);
	EXPECT_LE(p.engine->runs, 4);
	EXPECT_GE(p.engine->runs, 3);
	EXPECT_EQ(link_info(link).exhausted, 2);
}

/* The budget is the chain's, not the step's. */
TEST(P8_steps_share_the_budget)
{
	start(6, 0, 0);
	tprog_rule(&p, FAILED, ENGINE_ANY_STEP, IORING_VERDICT_RETRY)->below =
		5;
	q_clone(&r);
	hardlink(q_fail(&r));
	hardlink(q_fail(&r));
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(tring_res(&r, 1), -ETOOMANYREFS);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
}

TEST(P8_each_chain_has_a_budget_of_its_own)
{
	int i;

	start(4, 0, 0);
	for (i = 0; i < 3; i++) {
		tprog_again(&r, &p);
		tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY)->below = 5;
		q_clone(&r);
		hardlink(q_fail(&r));
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), -ENOENT);
		CHECK_EQ(p.engine->runs, 5);
		CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 0);
	}
}

TEST(P8_a_run_can_stage_only_so_many)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	unsigned int staged[] = { 0, 3 }, limit, i, k;

	for (i = 0; i < 2; i++) {
		start(0, staged[i], 0);
		limit = staged[i] ? staged[i] : 8;
		rule_stage_sqe(tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT),
			       &nop, 9);
		q_clone(&r);
		q_fail(&r);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0);
		for (k = 0; k < 9; k++)
			EXPECT_EQ(tprog_run(&p, 0)->staged[k],
				  k < limit ? 0 : -E2BIG);
		EXPECT_EQ(tprog_run(&p, 1)->ctx.attempt, limit + 1);
		tring_exit(&r);
	}
}

TEST(P8_delays_have_a_budget)
{
	struct spawnpol_link_info info;
	int link = start(0, 0, 50 * MS);
	double begin = now();

	tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY)->delay_ns = 30 * MS;
	EXPECT_EQ(failing_step(), -ETOOMANYREFS);
	EXPECT_GE((now() - begin) * 1000, 30);
	EXPECT_EQ(p.engine->runs, 2);
	EXPECT_EQ(tprog_run(&p, 0)->delay, 0);
	EXPECT_EQ(tprog_run(&p, 1)->delay, -ETOOMANYREFS);
	info = link_info(link);
	EXPECT_EQ(info.exhausted, 1);
	EXPECT_EQ(info.max_delay_ns, 50 * MS);

	tprog_again(&r, &p);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_CONTINUE)->delay_ns = ~0ULL;
	EXPECT_EQ(failing_step(), -ETOOMANYREFS);
}

TEST(P8_a_delay_takes_as_long_as_it_says)
{
	double begin, took;
	int tries = 0;

	start(0, 0, 0);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_SKIP)->delay_ns = 100 * MS;
	do {
		tring_forget(&r);
		begin = now();
		q_clone(&r);
		q_fail(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0);
		took = (now() - begin) * 1000;
		EXPECT_GE(took, 100);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
		/* it may be the machine that has much else to do */
	} while (took > 100 + 2000 * tap_slowness() && ++tries < 20);
	EXPECT_LT(tries, 20);
}

/* The highest budget: longer than any CQE is waited for. */
#define LONG_DELAY (300000 * MS)

/* Start a chain whose policy waits long; the child. */
static pid_t start_delayed(void)
{
	pid_t pid;

	tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY)->delay_ns = LONG_DELAY;
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	while (!*(volatile uint32_t *)&p.engine->runs)
		sleep_ms(1);
	wait_blocked(pid);
	return pid;
}

TEST(P8_a_delay_ends_when_the_chain_is_cancelled_or_killed)
{
	pid_t pid;
	int how;

	start(0, 0, LONG_DELAY);
	for (how = 0; how < 2; how++) {
		tprog_again(&r, &p);
		pid = start_delayed();
		if (how) {
			CHECK_SYS(kill(pid, SIGKILL));
		} else {
			q_cancel(&r, 0, 0, OTHER);
			tring_submit(&r);
			CHECK_EQ(tring_res(&r, OTHER), 0);
		}
		DIAG("%s: %u runs", how ? "killed" : "cancelled",
		     p.engine->runs);
		EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
		EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
		check_gone(pid);
	}
}

/* Clock ticks of the processor that a process has used. */
static long ticks_of(pid_t pid)
{
	unsigned long user = 0, system = 0;
	const char *stat;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = strrchr(read_file(path), ')');
	CHECK(stat);
	CHECK_EQ(sscanf(stat,
			") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
			" %lu %lu",
			&user, &system),
		 2);
	return user + system;
}

static void ignore_it(int signo)
{
	(void)signo;
}

/* A signal that waits for the program does not turn waiting into spinning. */
TEST(P8_a_delay_sleeps_whatever_signals_come)
{
	long before;
	pid_t pid;

	signal(SIGUSR1, ignore_it);
	start(0, 0, LONG_DELAY);
	pid = start_delayed();
	/* coming so far can have taken long */
	before = ticks_of(pid);
	CHECK_SYS(kill(pid, SIGUSR1));
	CHECK_SYS(kill(pid, SIGTERM));
	sleep_ms(1000);
	EXPECT_LT(ticks_of(pid) - before, sysconf(_SC_CLK_TCK) / 2);
	CHECK_SYS(kill(pid, SIGKILL));
	check_gone(pid);
}

/* A tight loop with the highest budget, all its time in the kernel. */
TEST(P8_a_loop_ends_with_its_ring)
{
	pid_t pid;

	start(65536, 0, 0);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY);
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	tring_exit(&r);
	check_gone(pid);
}

TEST(P8_a_loop_ends_with_its_submitter)
{
	volatile pid_t *child = shared_memory(sizeof(*child));
	double until = now() + tap_patience();
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		start(65536, 0, 0);
		tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY);
		q_clone(&r);
		q_fail(&r);
		tring_submit(&r);
		*child = CHECK_OK(tring_res(&r, CLONE));
		for (;;)
			pause();
	}
	while (!*child) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
	CHECK_SYS(kill(pid, SIGKILL));
	CHECK_EQ(wait_exit(pid), -SIGKILL);
	check_gone(*child);
}

/* Without RETRY and SUBMIT a policy comes to an end by itself. */
TEST(P8_other_verdicts_need_no_budget)
{
	static const uint32_t verdicts[] = { IORING_VERDICT_CONTINUE,
					     IORING_VERDICT_SKIP };
	unsigned int i;

	start(1, 1, 1);
	for (i = 0; i < 2; i++) {
		tprog_again(&r, &p);
		tprog_rule(&p, FAILED, ENGINE_ANY_STEP, verdicts[i]);
		q_clone(&r);
		while (r.steps < 40)
			hardlink(q_fail(&r));
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 40), 0);
		EXPECT_EQ(p.engine->runs, 40);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	}
}

/* The flag is for success, and for what never ran. */
TEST(P8_a_step_that_is_cancelled_before_it_is_issued_is_silent)
{
	pid_t pid;

	tprog_start(&r, &p, IORING_POLICY_BEFORE_EXEC);
	tprog_rule(&p, IORING_POLICY_BEFORE_EXEC, 0, IORING_VERDICT_CONTINUE)
		->delay_ns = 9000 * MS;
	q_clone(&r);
	q_exit(&r, 0)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	wait_blocked(pid);
	q_cancel(&r, CLONE, 0, OTHER);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	check_gone(pid);
	tring_none(&r, 0, 50);
}
