// SPDX-License-Identifier: LGPL-2.1-or-later
/* CLONE's own failure is put to the policy (P14). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define GROUP "/sys/fs/cgroup/policy_clone_test"
#define EVENT IORING_POLICY_CLONE
#define MS 1000000ULL
/* The highest budget: longer than anything is waited for. */
#define LONG_DELAY (300000 * MS)

static void pids_max(const char *max)
{
	write_file(GROUP "/pids.max", max, 0);
}

/*
 * This process alone in a cgroup that has no room for a child. The harness's
 * own process must not be in it: it could not be removed. Returns the link.
 */
static int start_on(unsigned int setup, uint32_t events, uint32_t issues,
		    uint64_t delay)
{
	struct io_uring_attach_bpf attr = {
		.events = events,
		.max_issues = issues,
		.max_delay_ns = delay,
	};
	int link;

	mkdir(GROUP, 0755);
	tring_init(&r, setup);
	tprog_load(&p);
	attr.prog_fd = p.fd;
	link = CHECK_OK(tring_register(&r, SPAWNPOL_ATTACH_BPF, &attr, 1));
	write_file(GROUP "/cgroup.procs", "0", 0);
	pids_max("1");
	return link;
}

static int start(uint32_t events, uint32_t issues, uint64_t delay)
{
	return start_on(0, events, issues, delay);
}

/* Wait until the policy has been asked so often. */
static void wait_runs(unsigned int runs)
{
	while (*(volatile uint32_t *)&p.engine->runs < runs)
		sleep_ms(1);
}

static void leave(void)
{
	write_file("/sys/fs/cgroup/cgroup.procs", "0", 0);
	CHECK_SYS(rmdir(GROUP));
}

static void queue_spawn(void)
{
	tring_forget(&r);
	q_clone(&r)->off = 77;
	q_nop(&r);
	q_exit(&r, 6);
	tring_submit(&r);
}

/* CLONE fails with this error, and all behind it is cancelled. */
static void check_failed(int error)
{
	tring_total(&r, 3);
	EXPECT_EQ(tring_res(&r, CLONE), error);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	check_no_children();
}

static void check_spawned(void)
{
	pid_t pid = CHECK_OK(tring_res(&r, CLONE));

	tring_total(&r, 3);
	EXPECT_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(pid), 6);
}

TEST(P14_a_policy_is_told_and_may_go_on)
{
	const struct engine_run *run;

	start(EVENT, 0, 0);
	queue_spawn();
	check_failed(-EAGAIN);
	CHECK_EQ(p.engine->runs, 1);
	run = tprog_run(&p, 0);
	EXPECT_EQ(run->ctx.event, EVENT);
	EXPECT_EQ(run->ctx.opcode, SPAWNPOL_OP_CLONE);
	EXPECT_EQ(run->ctx.res, -EAGAIN);
	EXPECT_EQ(run->ctx.user_data, CLONE);
	EXPECT_EQ(run->ctx.cookie, 77);
	EXPECT_EQ(run->ctx.step, 0);
	EXPECT_EQ(run->ctx.attempt, 1);
	EXPECT_EQ(run->ctx.pid, 0);
	EXPECT_EQ(run->ctx.flags, IORING_POLICY_F_CAN_RETRY);
	EXPECT_GT(run->ctx.elapsed_ns, 0);
	EXPECT_EQ(run->ctx.search_offset, -1);
	/* in the submitter; the EXEC's name can be read */
	EXPECT_EQ(run->tgid, getpid());
	EXPECT_GT(run->name_len, 0);
	leave();
}

TEST(P14_what_was_not_asked_for_is_not_told)
{
	start(IORING_POLICY_DONE, 0, 0);
	queue_spawn();
	check_failed(-EAGAIN);
	EXPECT_EQ(p.engine->runs, 0);
	leave();
}

/* Other errors are none that waiting helps against. */
TEST(P14_other_errors_are_not_told)
{
	pid_t taken = 1;
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .set_tid = (uintptr_t)&taken,
				   .set_tid_size = 1 };

	start(EVENT, 0, 0);
	pids_max("2");
	tring_forget(&r);
	q_clone3(&r, &args);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EEXIST);
	EXPECT_EQ(p.engine->runs, 0);
	leave();
}

/* The last of these verdicts is RETRY while there is no room, then it is there. */
TEST(P14_retry_until_there_is_room)
{
	struct engine_rule *rule;

	start(EVENT, 0, 0);
	rule = tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_RETRY);
	rule->delay_ns = 20 * MS;
	rule->scratch = 1;
	queue_spawn();
	/* the submitter does not wait, nor does anyone else get in the way */
	wait_runs(3);
	EXPECT_EQ(tring_has(&r, CLONE), false);
	pids_max("2");
	check_spawned();
	EXPECT_EQ(tprog_run(&p, 2)->ctx.attempt, 3);
	EXPECT_EQ(tprog_run(&p, 2)->ctx.scratch[0], 2);
	EXPECT_GE(tprog_run(&p, 2)->ctx.elapsed_ns, 40 * MS);
	leave();
}

TEST(P14_budgets_hold)
{
	struct engine_rule *rule;

	start(EVENT, 4, 50 * MS);
	tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_RETRY);
	queue_spawn();
	check_failed(-ETOOMANYREFS);
	EXPECT_EQ(p.engine->runs, 5);

	tprog_reset(&p);
	rule = tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_RETRY);
	rule->delay_ns = 20 * MS;
	queue_spawn();
	check_failed(-ETOOMANYREFS);
	EXPECT_EQ(p.engine->runs, 3);
	leave();
}

TEST(P14_no_other_verdict)
{
	static const uint32_t verdicts[] = {
		IORING_VERDICT_SKIP, IORING_VERDICT_SUBMIT, IORING_VERDICT_ABORT,
	};
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	struct engine_rule *rule;

	start(EVENT, 0, 0);
	for (unsigned int i = 0; i < 3; i++) {
		tprog_reset(&p);
		tprog_rule(&p, EVENT, ENGINE_ANY_STEP, verdicts[i]);
		queue_spawn();
		check_failed(-EBADRQC);
	}
	/* nothing can be staged, no result set */
	tprog_reset(&p);
	rule = tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_CONTINUE);
	rule_stage_sqe(rule, &nop, 1);
	rule->sets_result = 1;
	rule->result = -EIO;
	queue_spawn();
	check_failed(-EAGAIN);
	EXPECT_EQ(tprog_run(&p, 0)->staged[0], -E2BIG);
	EXPECT_EQ(tprog_run(&p, 0)->result, -EINVAL);
	leave();
}

/* A long delay is over at once when there is nothing more to wait for. */
TEST(P14_cancelling_ends_the_delay)
{
	double begin;

	start(EVENT, 0, LONG_DELAY);
	tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_RETRY)->delay_ns =
		LONG_DELAY;
	begin = now();
	/* by CLONE and by a step */
	for (uint64_t target = 1; target <= CLONE; target += CLONE - 1) {
		queue_spawn();
		wait_runs(1);
		sleep_ms(20);
		q_cancel(&r, target, 0, OTHER);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, OTHER), 0);
		EXPECT_EQ(tring_res(&r, CLONE), -ECANCELED);
		EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
		tring_total(&r, 4);
		p.engine->runs = 0;
	}
	EXPECT_LT(now() - begin, tap_patience());
	leave();
}

TEST(P14_the_deadline_ends_the_delay)
{
	struct __kernel_timespec ts = { .tv_nsec = 100 * MS };
	double begin = now();

	start(EVENT, 0, LONG_DELAY);
	tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_RETRY)->delay_ns =
		LONG_DELAY;
	tring_forget(&r);
	q_clone(&r);
	q_timeout(&r, &ts);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 0), -ETIME);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	tring_total(&r, 3);
	EXPECT_LT(now() - begin, tap_patience());
	leave();
}

TEST(P14_closing_the_ring_ends_the_delay)
{
	double begin = now();

	start(EVENT, 0, LONG_DELAY);
	tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_RETRY)->delay_ns =
		LONG_DELAY;
	queue_spawn();
	wait_runs(1);
	tring_exit(&r);
	pids_max("2");
	sleep_ms(50);
	check_no_children();
	EXPECT_EQ(p.engine->runs, 1);
	EXPECT_LT(now() - begin, tap_patience());
	leave();
}

/* Without a policy, the next failure is the last. */
TEST(P14_a_policy_that_is_detached_meanwhile)
{
	int link = start(EVENT, 0, 0);

	tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_RETRY)->delay_ns =
		50 * MS;
	queue_spawn();
	wait_runs(1);
	close(link);
	check_failed(-EAGAIN);
	leave();
}

/* A CONTINUE does not wait. */
TEST(P14_continue_is_at_once)
{
	double begin = now();

	start(EVENT, 0, LONG_DELAY);
	tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_CONTINUE)
		->delay_ns = LONG_DELAY;
	queue_spawn();
	check_failed(-EAGAIN);
	EXPECT_LT(now() - begin, tap_patience());
	leave();
}

/* Each attempt makes the child's table anew, and keeps nothing of the one before. */
TEST(P14_a_list_of_files_is_read_again)
{
	struct {
		struct io_uring_clone_files head;
		struct io_uring_clone_file file;
	} list = { .head.nr = 1, .file.number = 9 };
	struct io_uring_sqe *sqe;
	int first[2], second[2];
	char byte;

	make_pipe(first);
	make_pipe(second);
	list.file.source = first[1];
	start(EVENT, 0, 0);
	tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_RETRY)->delay_ns =
		20 * MS;
	tring_forget(&r);
	sqe = q_clone(&r);
	sqe->rw_flags = IORING_CLONE_FILES;
	sqe->addr3 = (uintptr_t)&list;
	q_write(&r, 9, "x", 1);
	q_open_at(&r, 1, "/dev/null", O_WRONLY);
	q_exit(&r, 6);
	tring_submit(&r);
	wait_runs(2);
	list.file.source = second[1];
	wait_runs(4);
	pids_max("2");
	CHECK_EQ(tring_res(&r, 0), 1);
	CHECK_EQ(tring_res(&r, 2), 0);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 6);
	close(first[1]);
	close(second[1]);
	EXPECT_EQ(read(first[0], &byte, 1), 0);
	EXPECT_EQ(read(second[0], &byte, 1), 1);
	EXPECT_EQ(read(second[0], &byte, 1), 0);
	leave();
}

TEST(P14_on_all_kinds_of_rings)
{
	int link;

	for (unsigned int i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		link = start_on(tring_kinds[i].flags, EVENT, 0, 0);
		tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_RETRY)
			->delay_ns = 5 * MS;
		queue_spawn();
		wait_runs(2);
		pids_max("max");
		check_spawned();
		close(link);
		tprog_free(&p);
		tring_exit(&r);
		write_file("/sys/fs/cgroup/cgroup.procs", "0", 0);
	}
	leave();
}

/* The submitter's exit, while it is to try again. */
TEST(P14_exit_ends_the_delay)
{
	double begin;
	pid_t pid;

	pid = CHECK_SYS(fork());
	if (!pid) {
		start(EVENT, 0, LONG_DELAY);
		tprog_rule(&p, EVENT, ENGINE_ANY_STEP,
			   IORING_VERDICT_RETRY)->delay_ns = LONG_DELAY;
		queue_spawn();
		wait_runs(1);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	begin = now();
	while (rmdir(GROUP)) {
		CHECK_LT(now() - begin, tap_patience());
		sleep_ms(5);
	}
}

/* Retries at any moment against a cancel at any moment. */
TEST(P14_cancel_races_with_retries, .timeout = 60)
{
	start(EVENT, 65536, 0);
	tprog_rule(&p, EVENT, ENGINE_ANY_STEP, IORING_VERDICT_RETRY)->delay_ns =
		MS;
	for (unsigned int i = 0; i < 40; i++) {
		queue_spawn();
		usleep(i * 331);
		q_cancel(&r, CLONE, 0, OTHER);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, OTHER), 0);
		EXPECT_EQ(tring_res(&r, CLONE), -ECANCELED);
		EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
		EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
		tring_total(&r, 4);
	}
	leave();
}
