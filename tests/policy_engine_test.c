// SPDX-License-Identifier: LGPL-2.1-or-later
/* When policies run and what they are told (P4, P5, P10, P13). */
#include "lib/child.h"
#include "lib/doomed.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD
static struct blocker block;

#define FAILED IORING_POLICY_FAILED
#define STAGED IORING_POLICY_STAGED
#define BEFORE_STEP IORING_POLICY_BEFORE_STEP
#define BEFORE_EXEC IORING_POLICY_BEFORE_EXEC
#define DONE IORING_POLICY_DONE
#define ALL_EVENTS (BEFORE_STEP | BEFORE_EXEC | DONE)

TEST(P4_slot_0_applies_to_every_chain)
{
	struct spawnpol_link_info info;
	int link = tprog_start(&r, &p, 0);

	spawn_failing(&r);
	CHECK_EQ(p.engine->runs, 1);
	tring_forget(&r);
	spawn_failing(&r);
	CHECK_EQ(p.engine->runs, 2);
	info = link_info(link);
	EXPECT_EQ(info.runs, 2);
	EXPECT_EQ(info.slot, 0);
}

TEST(P4_clone_names_another_slot)
{
	struct tprog other;
	int slot;

	tprog_start(&r, &p, 0);
	tprog_load(&other);
	attach(&r, &other, 15, 0);
	for (slot = 0; slot < 16; slot++) {
		tring_forget(&r);
		q_clone(&r)->file_index = slot;
		q_fail(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		tring_total(&r, 3);
		check_no_program(&r);
	}
	/* An empty slot means no policy, not the default one. */
	EXPECT_EQ(p.engine->runs, 1);
	EXPECT_EQ(other.engine->runs, 1);
}

TEST(P4_a_chain_can_insist_on_a_policy)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		int link;

		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r)->rw_flags = IORING_CLONE_NEED_POLICY;
		q_exit(&r, 0);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, CLONE), -ENOLINK);
		EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
		check_no_children();

		tprog_load(&p);
		link = attach(&r, &p, 0, 0);
		tring_forget(&r);
		q_clone(&r)->rw_flags = IORING_CLONE_NEED_POLICY;
		q_exit(&r, 4);
		tring_submit(&r);
		CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 4);

		tring_forget(&r);
		q_clone(&r)->rw_flags = IORING_CLONE_NEED_POLICY;
		r.last->file_index = 7;
		q_exit(&r, 4);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, CLONE), -ENOLINK);
		close(link);
		tprog_free(&p);
		tring_exit(&r);
	}
}

TEST(P5_the_policy_is_told_what_failed_and_runs_in_the_child)
{
	const struct engine_run *run;
	pid_t pid;

	tprog_start(&r, &p, 0);
	q_clone(&r)->off = 0xfeedfacecafebeef;
	q_nop(&r);
	hardlink(q_fail(&r));
	q_exit(&r, 3);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 2), 0);
	pid = tring_res(&r, CLONE);
	CHECK_EQ(wait_exit(pid), 3);
	CHECK_EQ(p.engine->runs, 1);
	run = tprog_run(&p, 0);
	EXPECT_EQ(run->ctx.event, FAILED);
	EXPECT_EQ(run->ctx.opcode, IORING_OP_OPENAT);
	EXPECT_EQ(run->ctx.res, -ENOENT);
	EXPECT_EQ(run->ctx.user_data, 1);
	EXPECT_EQ(run->ctx.step, 1);
	EXPECT_EQ(run->ctx.attempt, 1);
	EXPECT_EQ(run->ctx.flags & ~IORING_POLICY_F_CAN_RETRY,
		  IORING_POLICY_F_HARDLINK);
	EXPECT_EQ(run->ctx.pid, pid);
	EXPECT_EQ(run->ctx.cookie, 0xfeedfacecafebeef);
	EXPECT_EQ(run->ctx.staged_opcode, 0);
	EXPECT_GT(run->ctx.elapsed_ns, 0);
	EXPECT_LT(run->ctx.elapsed_ns, 1000000000LL * tap_patience());
	EXPECT_EQ(run->tgid, pid);
	EXPECT_EQ(run->tid, pid);
	EXPECT_HAS(run->name, "exit_with");
	EXPECT_EQ(run->name_len, strlen(run->name));
}

TEST(P5_it_is_told_command_and_number_of_a_child_step)
{
	const struct engine_run *run;

	tprog_start(&r, &p, 0);
	q_clone(&r);
	hardlink(q_dup(&r, 99, 61));
	hardlink(q_fail(&r));
	tring_submit(&r);
	tring_total(&r, 3);
	run = tprog_run(&p, 0);
	EXPECT_EQ(run->ctx.opcode, SPAWNPOL_OP_CHILD);
	EXPECT_EQ(run->ctx.cmd, IORING_CHILD_DUP);
	EXPECT_EQ(run->ctx.off, 61);
	EXPECT_EQ(run->ctx.res, -EBADF);
	run = tprog_run(&p, 1);
	EXPECT_EQ(run->ctx.cmd, 0);
	EXPECT_EQ(run->ctx.off, 0);
	EXPECT_EQ(run->ctx.flags & IORING_POLICY_F_LAST, IORING_POLICY_F_LAST);
	EXPECT_EQ(run->name_len, -ENOENT);
	check_no_program(&r);
}

TEST(P5_it_runs_before_the_steps_cqe_is_posted)
{
	double begin, seconds = 1.5;
	bool early, late;

	tprog_start(&r, &p, 0);
	do {
		tprog_again(&r, &p);
		tprog_rule(&p, FAILED, 0, IORING_VERDICT_CONTINUE)->delay_ns =
			seconds * 1e9;
		begin = now();
		q_clone(&r);
		q_fail(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		while (!p.engine->runs && now() - begin < tap_patience())
			sleep_ms(1);
		CHECK_EQ(p.engine->runs, 1);
		early = tring_has(&r, 0);
		late = now() - begin > seconds;
		CHECK_EQ(tring_res(&r, 0), -ENOENT);
		EXPECT_GE(now() - begin, seconds);
		/* this process may not have looked meanwhile */
	} while (late && (seconds *= 2) < 10);
	CHECK(!late);
	CHECK(!early);
}

/* The events of a chain of two steps and two EXECs, in order. */
static void expect_events(uint32_t asked, const uint32_t *events,
			  unsigned int count)
{
	static char *argv[] = { "exit_with", "5", NULL };
	unsigned int i;
	int link;

	tprog_reset(&p);
	link = attach(&r, &p, 0, asked);
	tring_forget(&r);
	q_clone(&r);
	q_nop(&r);
	hardlink(q_fail(&r));
	hardlink(q_exec(&r, "/nonexistent", argv));
	q_exec(&r, helper("exit_with"), argv);
	q_nop(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 3), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 5);
	close(link);
	EXPECT_EQ(p.engine->runs, count);
	for (i = 0; i < count; i++) {
		if (tprog_run(&p, i)->ctx.event != events[i])
			FAIL("asked for %#x, event %u is %#x instead of %#x",
			     asked, i, tprog_run(&p, i)->ctx.event, events[i]);
	}
}

#define EXPECT_EVENTS(asked, ...)                                              \
	({                                                                     \
		const uint32_t e_[] = { __VA_ARGS__ };                         \
		expect_events(asked, e_, sizeof(e_) / sizeof(e_[0]));          \
	})

TEST(P5_only_the_events_that_were_asked_for)
{
	tring_init(&r, 0);
	tprog_load(&p);
	EXPECT_EVENTS(0, FAILED, FAILED);
	EXPECT_EVENTS(DONE, DONE, FAILED, FAILED);
	EXPECT_EVENTS(BEFORE_STEP, BEFORE_STEP, BEFORE_STEP, FAILED, FAILED);
	EXPECT_EVENTS(BEFORE_EXEC, FAILED, BEFORE_EXEC, FAILED, BEFORE_EXEC);
	EXPECT_EVENTS(ALL_EVENTS, BEFORE_STEP, DONE, BEFORE_STEP, FAILED,
		      BEFORE_EXEC, FAILED, BEFORE_EXEC);
	/* Those that always come may be named, too. */
	EXPECT_EVENTS(FAILED | STAGED, FAILED, FAILED);
}

TEST(P5_scratch_lives_as_long_as_the_chain)
{
	int i;

	tprog_start(&r, &p, 0);
	tprog_rule(&p, FAILED, ENGINE_ANY_STEP, IORING_VERDICT_CONTINUE)
		->scratch = 5;
	for (i = 0; i < 2; i++) {
		tring_forget(&r);
		q_clone(&r);
		hardlink(q_fail(&r));
		hardlink(q_fail(&r));
		hardlink(q_fail(&r));
		tring_submit(&r);
		tring_total(&r, 4);
		EXPECT_EQ(tprog_run(&p, 3 * i)->ctx.scratch[0], 0);
		EXPECT_EQ(tprog_run(&p, 3 * i)->ctx.scratch[7], 0);
		EXPECT_EQ(tprog_run(&p, 3 * i + 1)->ctx.scratch[0], 5);
		EXPECT_EQ(tprog_run(&p, 3 * i + 2)->ctx.scratch[0], 10);
		EXPECT_EQ(tprog_run(&p, 3 * i + 2)->ctx.scratch[7], 5);
	}
}

TEST(P5_no_policy_runs_after_a_program_started_or_its_memory_is_gone)
{
	static char *argv[] = { "doomed", NULL };
	char *doomed = in_dir("doomed");

	tprog_start(&r, &p, DONE);
	q_clone(&r);
	q_exit(&r, 6);
	q_fail(&r);
	tring_submit(&r);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 6);
	tring_total(&r, 3);
	EXPECT_EQ(p.engine->runs, 0);

	write_doomed_elf(doomed);
	tprog_again(&r, &p);
	tprog_rule(&p, FAILED, ENGINE_ANY_STEP, IORING_VERDICT_RETRY);
	q_clone(&r);
	hardlink(q_exec(&r, doomed, argv));
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_LT(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
	EXPECT_EQ(p.engine->runs, 0);
	check_no_program(&r);
}

TEST(P5_no_policy_runs_once_the_chain_is_cancelled)
{
	tprog_start(&r, &p, ALL_EVENTS & ~BEFORE_STEP);
	q_clone(&r);
	q_block(&r, &block);
	q_exit(&r, 0);
	tring_submit(&r);
	wait_blocked(CHECK_OK(tring_res(&r, CLONE)));
	q_cancel(&r, CLONE, 0, OTHER);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ECANCELED);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
	EXPECT_EQ(p.engine->runs, 0);
	check_no_program(&r);
}

/* Staging uses a queue of the chain's own. */
TEST(P10_no_run_touches_the_rings_queues)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	unsigned int sq_tail, cq_head;

	tprog_start(&r, &p, 0);
	rule_stage_sqe(tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT), &nop,
		       8);
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	sq_tail = *r.uring.sq.ktail;
	cq_head = *r.uring.cq.khead;
	CHECK_EQ(wait_exit(-1), 0);
	EXPECT_EQ(*r.uring.sq.ktail, sq_tail);
	EXPECT_EQ(*r.uring.cq.khead, cq_head);
	EXPECT_EQ(io_uring_cq_ready(&r.uring), 3);
	EXPECT_EQ(p.engine->runs, 2);
}

#define CHAINS 8

/* Milliseconds that so many chains take, in each of which a policy waits so long. */
static int wait_in_chains(int ms)
{
	double begin;
	int i;

	tprog_again(&r, &p);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_SKIP)->delay_ns =
		1000000ULL * ms;
	begin = now();
	for (i = 0; i < CHAINS; i++) {
		q_clone(&r);
		q_fail(&r);
		q_exit(&r, 0);
	}
	tring_submit(&r);
	tring_total(&r, 3 * CHAINS);
	begin = now() - begin;
	EXPECT_EQ(p.engine->runs, CHAINS);
	for (i = 0; i < CHAINS; i++)
		CHECK_EQ(wait_exit(-1), 0);
	return begin * 1000;
}

/* If one waited for the other, it would take as long as all their waits. */
TEST(P10_chains_run_the_same_program_at_the_same_time, .timeout = 120)
{
	int ms = 300;

	tprog_start(&r, &p, 0);
	while (wait_in_chains(ms) >= CHAINS * ms) {
		/* it may be the machine that has much else to do */
		ms *= 3;
		CHECK_LT(ms, 9000);
	}
}

static long times_slept(void)
{
	struct rusage usage;

	CHECK_SYS(getrusage(RUSAGE_THREAD, &usage));
	return usage.ru_nvcsw;
}

/* Whoever waits for CQEs has nothing to do with requests that make none. */
TEST(P10_the_launcher_sleeps_through_a_search)
{
	static char *argv[] = { "nowhere", NULL };
	struct engine_rule *rule;
	unsigned int i;
	long before;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		tprog_load(&p);
		attach(&r, &p, 0, 0);
		rule = tprog_rule(&p, FAILED | STAGED, 0,
				  IORING_VERDICT_SUBMIT);
		rule->below = 60;
		rule_stage_text(rule, ENGINE_STAGE_EXEC_DIR, "/nowhere");
		q_clone(&r);
		q_exec(&r, "nowhere", argv);
		tring_end(&r);
		before = times_slept();
		CHECK_OK(io_uring_submit_and_wait(&r.uring, 2));
		/* once for the CQEs, and for locks now and then */
		EXPECT_LT(times_slept() - before, 30);
		EXPECT_EQ(tring_res(&r, 0), -ENOENT);
		EXPECT_EQ(p.engine->runs, 60);
		tring_exit(&r);
		tprog_free(&p);
	}
}

TEST(P13_nothing_runs_when_nothing_fails)
{
	int link = tprog_start(&r, &p, 0), i;

	for (i = 0; i < 10; i++) {
		tring_forget(&r);
		q_clone(&r);
		q_nop(&r);
		q_child(&r, IORING_CHILD_SETSID);
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 0);
	}
	EXPECT_EQ(p.engine->runs, 0);
	EXPECT_EQ(link_info(link).runs, 0);
}
