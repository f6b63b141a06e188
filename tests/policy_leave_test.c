// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The list of a chain is that of its start (U9): what is attached later does not
 * apply, one that is detached is passed over, and a chain that needs its policies
 * ends with the first that leaves.
 */
#include "lib/child.h"
#include "lib/hold.h"
#include "lib/place.h"
#include "lib/ring.h"

#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct tring r;
static struct blocker block;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED
#define STAGED IORING_POLICY_STAGED
#define ANY ENGINE_ANY_STEP
#define PASS IORING_VERDICT_PASS

#define MAX 3
static struct tprog p[MAX];
static int link_fd[MAX];

static void start(unsigned int nr)
{
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < nr; i++) {
		tprog_load(&p[i]);
		link_fd[i] = attach(&r, &p[i], 0, 0);
	}
}

static void rule(unsigned int nr, uint32_t events, uint32_t verdict)
{
	tprog_rule(&p[nr], events, ANY, verdict);
}

/* CLONE, a step that blocks, two that fail, EXEC; the child, when it blocks. */
static pid_t start_blocked(uint32_t clone_flags)
{
	pid_t pid;

	q_clone(&r)->rw_flags = clone_flags;
	q_block(&r, &block);
	q_fail(&r);
	q_fail(&r);
	q_exit(&r, 5);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	wait_blocked(pid);
	return pid;
}

static void expect_program(pid_t pid)
{
	EXPECT_EQ(tring_res(&r, 1), 0);
	EXPECT_EQ(tring_res(&r, 2), 0);
	EXPECT_EQ(tring_res(&r, 3), 0);
	EXPECT_EQ(wait_exit(pid), 5);
}

TEST(U9_what_is_attached_later_does_not_apply, .timeout = 120)
{
	pid_t pid;

	start(1);
	rule(0, FAILED, IORING_VERDICT_SKIP);
	pid = start_blocked(0);
	/* before it, after it, and in an empty slot */
	CHECK_OK(place_by_ring(tring_fd(&r), prog_returning(IORING_VERDICT_ABORT),
			       (struct place){ .flags = BPF_F_BEFORE }));
	CHECK_OK(place_by_bpf(tring_fd(&r), prog_returning(IORING_VERDICT_ABORT),
			      (struct place){ .flags = BPF_F_AFTER }));
	blocker_release(&block);
	expect_program(pid);
	EXPECT_EQ(p[0].engine->runs, 2);
	/* the next chain has all of them */
	tring_forget(&r);
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	EXPECT_EQ(p[0].engine->runs, 2);
}

TEST(U9_one_that_is_detached_is_passed_over, .timeout = 120)
{
	unsigned int gone;
	pid_t pid;

	start(3);
	for (gone = 0; gone < 3; gone++) {
		unsigned int i;

		tring_forget(&r);
		for (i = 0; i < 3; i++) {
			tprog_reset(&p[i]);
			tprog_rule(&p[i], FAILED, ANY, i == (gone == 2 ? 1 : 2) ?
				   IORING_VERDICT_SKIP : PASS)->scratch = 1;
		}
		pid = start_blocked(0);
		detach_link(link_fd[gone]);
		blocker_release(&block);
		expect_program(pid);
		for (i = 0; i < 3; i++) {
			EXPECT_EQ(p[i].engine->runs, i == gone ? 0 : 2);
			if (i != gone)
				EXPECT_EQ(tprog_run(&p[i], 1)->ctx.scratch[0],
					  1);
		}
		/* back to where it was */
		close(link_fd[gone]);
		link_fd[gone] = CHECK_OK(place_by_ring(tring_fd(&r), p[gone].fd,
			gone ? (struct place){ BPF_F_AFTER, p[gone - 1].fd, 0 } :
			       (struct place){ .flags = BPF_F_BEFORE }));
	}
}

/* The detached one goes on counting for nobody; without any, links decide. */
TEST(U9_if_all_leave_the_chain_goes_on_without, .timeout = 120)
{
	unsigned int i;
	pid_t pid;

	start(3);
	for (i = 0; i < 3; i++)
		rule(i, FAILED, IORING_VERDICT_SKIP);
	pid = start_blocked(0);
	for (i = 0; i < 3; i++)
		detach_link(link_fd[i]);
	blocker_release(&block);
	EXPECT_EQ(tring_res(&r, 1), -ENOENT);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	check_gone(pid);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(p[i].engine->runs, 0);
}

TEST(U9_an_update_in_the_middle_takes_effect, .timeout = 120)
{
	pid_t pid;

	start(2);
	rule(0, FAILED, PASS);
	rule(1, FAILED, IORING_VERDICT_ABORT);
	pid = start_blocked(0);
	CHECK_OK(update_link(link_fd[1], prog_returning(IORING_VERDICT_SKIP)));
	blocker_release(&block);
	expect_program(pid);
	EXPECT_EQ(p[0].engine->runs, 2);
	EXPECT_EQ(p[1].engine->runs, 0);
	EXPECT_EQ(link_info(link_fd[1]).runs, 2);
}

/* What it has staged ends; then those after it are asked about the outcome. */
TEST(U9_who_staged_leaves_meanwhile, .timeout = 120)
{
	struct io_uring_sqe read = { .opcode = IORING_OP_READ, .len = 1,
				     .off = -1ULL };
	pid_t pid;

	start(3);
	make_pipe(block.fds);
	read.fd = block.fds[0];
	read.addr = (uintptr_t)&block.byte;
	rule(0, FAILED, PASS);
	rule_stage_sqe(tprog_rule(&p[1], FAILED, ANY, IORING_VERDICT_SUBMIT),
		       &read, 1);
	rule(1, STAGED, IORING_VERDICT_ABORT);
	rule(2, FAILED, IORING_VERDICT_SKIP);
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 5);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	wait_blocked(pid);
	detach_link(link_fd[1]);
	blocker_release(&block);
	EXPECT_EQ(tring_res(&r, 1), 0);
	EXPECT_EQ(wait_exit(pid), 5);
	/* it has read one byte, which the third has not asked to be told */
	EXPECT_EQ(tring_res(&r, 0), 1);
	EXPECT_EQ(p[0].engine->runs, 1);
	EXPECT_EQ(p[1].engine->runs, 1);
	EXPECT_EQ(p[2].engine->runs, 0);
}

/* --- chains that need their policies --------------------------------------------- */

static void close_link(int link)
{
	CHECK_SYS(close(link));
}

typedef void leave_way(int link);
static leave_way *const ways[] = { detach_link, close_link };

/* A list that does nothing but pass. */
static void start_passing(int *link, unsigned int nr)
{
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < nr; i++)
		link[i] = CHECK_OK(place_by_ring(tring_fd(&r),
						 prog_returning(PASS),
						 (struct place){ 0 }));
}

static void leave_between_steps(leave_way *leave, unsigned int nr,
				unsigned int gone)
{
	int link[MAX];
	pid_t pid;

	start_passing(link, nr);
	make_pipe(block.fds);
	q_clone_with(&r, block.fds[0], IORING_CLONE_NEED_POLICY);
	q_read(&r, block.fds[0], &block.byte, 1);
	hardlink(q_nop(&r));
	q_exit(&r, 5);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	wait_blocked(pid);
	leave(link[gone]);
	blocker_release(&block);
	EXPECT_EQ(tring_res(&r, 0), 1);
	EXPECT_EQ(tring_res(&r, 1), -ENOLINK);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	check_gone(pid);
	check_no_children();
	tring_exit(&r);
}

static void leave_in_exec(leave_way *leave, unsigned int nr, unsigned int gone)
{
	static char status[] = "5", *argv[3];
	int link[MAX];
	struct hold hold;
	pid_t pid;

	start_passing(link, nr);
	make_pipe(block.fds);
	hold_init(&hold);
	argv[0] = hold.page;
	argv[1] = status;
	q_clone_with(&r, block.fds[0], IORING_CLONE_NEED_POLICY);
	q_exec(&r, helper("exit_with"), argv);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	hold_wait(&hold);
	leave(link[gone]);
	hold_release(&hold, "exit_with");
	EXPECT_EQ(tring_res(&r, 0), -ENOLINK);
	check_gone(pid);
	check_no_children();
	tring_exit(&r);
	close(hold.fd);
}

TEST(U9_need_policy_ends_with_any_that_leaves, .timeout = 120)
{
	unsigned int way, nr, gone;

	for (way = 0; way < 2; way++) {
		for (nr = 1; nr <= MAX; nr++) {
			for (gone = 0; gone < nr; gone++) {
				DIAG("way %u, %u of %u", way, gone, nr);
				leave_between_steps(ways[way], nr, gone);
				leave_in_exec(ways[way], nr, gone);
			}
		}
	}
}

/* While another one of them decides, again and again. */
TEST(U9_need_policy_ends_what_another_would_go_on_with, .timeout = 120)
{
	static struct engine_rule *retry;
	int link[2];
	pid_t pid;

	tring_init(&r, 0);
	tprog_load(&p[0]);
	link[0] = attach(&r, &p[0], 0, 0);
	link[1] = CHECK_OK(place_by_bpf(tring_fd(&r), prog_returning(PASS),
					(struct place){ 0 }));
	retry = tprog_rule(&p[0], FAILED, ANY, IORING_VERDICT_RETRY);
	retry->delay_ns = 1000000;
	q_clone(&r)->rw_flags = IORING_CLONE_NEED_POLICY;
	q_fail(&r);
	q_exit(&r, 5);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	while (!*(volatile uint32_t *)&p[0].engine->runs)
		sleep_ms(1);
	detach_link(link[1]);
	EXPECT_EQ(tring_res(&r, 0), -ENOLINK);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	check_gone(pid);
	EXPECT_EQ(link_info(link[0]).exhausted, 0);
}

TEST(U9_need_policy_is_content_with_one, .timeout = 120)
{
	int link[1];

	start_passing(link, 1);
	q_clone(&r)->rw_flags = IORING_CLONE_NEED_POLICY;
	q_exit(&r, 5);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 5);
	detach_link(link[0]);
	tring_forget(&r);
	q_clone(&r)->rw_flags = IORING_CLONE_NEED_POLICY;
	q_exit(&r, 5);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -ENOLINK);
}

/* --- at any moment ------------------------------------------------------------------ */

#define CHANGERS 3
#define PROGS 6
static int progs[PROGS];
static volatile bool over;

static uint32_t next_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Attach somewhere, exchange, and take off again, by one of three threads. */
static void *change(void *data)
{
	uint32_t state = 77 + (uintptr_t)data;
	int ring = tring_fd(&r), link;

	while (!over) {
		uint32_t n = next_number(&state);
		struct place at = { .flags = n & 1 ? BPF_F_BEFORE : BPF_F_AFTER };

		if (n & 2)
			at.relative = progs[next_number(&state) % PROGS];
		link = (n & 4 ? place_by_ring : place_by_bpf)(ring,
			progs[next_number(&state) % PROGS], at);
		/* it is there, or what it was to be next to is not */
		if (link == -EEXIST || link == -ENOENT)
			continue;
		CHECK_OK(link);
		if (n & 8) {
			int ret = update_link(link, progs[next_number(&state) %
							  PROGS]);

			CHECK(ret == 0 || ret == -EEXIST);
		}
		if (n & 16)
			detach_link(link);
		close(link);
	}
	return NULL;
}

/* Whatever they are, no policy of these ends a chain. */
static void spawn_amid(uint32_t flags)
{
	int exec;
	pid_t pid;

	tring_forget(&r);
	q_clone(&r)->rw_flags = flags;
	hardlink(q_fail(&r));
	hardlink(q_fail(&r));
	q_exit(&r, 5);
	tring_submit(&r);
	tring_total(&r, 4);
	pid = tring_res(&r, CLONE);
	exec = tring_res(&r, 2);
	if (!flags) {
		CHECK_GT(pid, 0);
		CHECK_EQ(exec, 0);
	}
	if (exec) {
		int at = 0;

		/* refused for want of one, at whatever step it was */
		if (pid > 0) {
			while (at < 2 && tring_res(&r, at) != -ENOLINK)
				at++;
			CHECK_EQ(tring_res(&r, at), -ENOLINK);
			check_gone(pid);
		} else {
			CHECK_EQ(pid, -ENOLINK);
		}
	} else {
		CHECK_EQ(wait_exit(pid), 5);
	}
}

static void race(unsigned int ring_flags)
{
	static const int verdicts[PROGS] = {
		PASS, PASS, PASS, IORING_VERDICT_CONTINUE, IORING_VERDICT_SKIP,
		PASS,
	};
	unsigned int i, rounds = 120 / tap_slowness();
	pthread_t thread[CHANGERS];

	tring_init(&r, ring_flags);
	for (i = 0; i < PROGS; i++)
		progs[i] = prog_returning(verdicts[i]);
	over = false;
	for (i = 0; i < CHANGERS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, change,
					(void *)(uintptr_t)i), 0);
	for (i = 0; i < rounds; i++)
		spawn_amid(i & 1 ? IORING_CLONE_NEED_POLICY : 0);
	over = true;
	for (i = 0; i < CHANGERS; i++)
		pthread_join(thread[i], NULL);
	check_no_children();
	/* none is left */
	for (i = 0; i < PROGS; i++)
		CHECK_OK(place_by_ring(tring_fd(&r), progs[i],
				       (struct place){ 0 }));
	tring_exit(&r);
}

TEST(U9_attach_and_detach_at_any_moment, .timeout = 300)
{
	race(0);
	race(IORING_SETUP_SQPOLL);
}

/* The ring is closed while its slot changes and its chains run. */
TEST(U9_a_ring_is_closed_at_any_moment, .timeout = 300)
{
	unsigned int i, n, rounds = 40 / tap_slowness();
	int link[MAX], fd;

	for (i = 0; i < rounds; i++) {
		start_passing(link, MAX);
		make_pipe(block.fds);
		for (n = 0; n < 4; n++) {
			q_clone(&r);
			if (n)
				hardlink(q_fail(&r));
			else
				q_read(&r, block.fds[0], &block.byte, 1);
			q_exit(&r, 0);
		}
		tring_submit(&r);
		fd = link[i % MAX];
		if (i & 1)
			detach_link(fd);
		tring_exit(&r);
		for (n = 0; n < MAX; n++)
			close(link[n]);
		close(block.fds[0]);
		close(block.fds[1]);
		while (waitpid(-1, NULL, 0) > 0)
			;
	}
}
