// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * IORING_CLONE_NEED_POLICY holds until the program runs: if the policy goes away
 * before, the chain ends with -ENOLINK at the step that would have run next (K6).
 */
#include "lib/child.h"
#include "lib/hold.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <linux/bpf.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define STATUS 3 /* of the program */

/* --- how a policy goes away ----------------------------------------------- */

static int link_fd;
static pid_t owner;

static int attach_program(int prog)
{
	struct io_uring_attach_bpf attr = {
		.prog_fd = prog,
		.events = IORING_POLICY_BEFORE_EXEC,
		.max_issues = 60000,
		.max_delay_ns = 290000000000,
	};

	return CHECK_SYS(syscall(__NR_io_uring_register, tring_fd(&r),
				 SPAWNPOL_ATTACH_BPF, &attr, 1));
}

static void attach_here(int prog)
{
	link_fd = attach_program(prog);
}

static void detach(void)
{
	union bpf_attr attr = { .link_detach = { .link_fd = link_fd } };

	CHECK_OK(bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr)));
	close(link_fd);
}

static void close_link(void)
{
	CHECK_SYS(close(link_fd));
}

static void attach_elsewhere(int prog)
{
	volatile bool *attached = shared_memory(sizeof(*attached));

	owner = CHECK_SYS(fork());
	if (!owner) {
		attach_program(prog);
		*attached = true;
		for (;;)
			pause();
	}
	while (!*attached && !is_gone(owner))
		sleep_ms(1);
}

static void kill_owner(void)
{
	CHECK_SYS(kill(owner, SIGKILL));
	CHECK_EQ(wait_exit(owner), -SIGKILL);
}

struct way {
	const char *name;
	void (*attach)(int prog);
	void (*lose)(void);
};

static const struct way ways[] = {
	{ "the link is detached", attach_here, detach },
	{ "the link is closed", attach_here, close_link },
	{ "the link's owner is killed", attach_elsewhere, kill_owner },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* --- chains that need a policy -------------------------------------------- */

static struct blocker block;
static struct hold hold;

static void q_needing_clone(void)
{
	make_pipe(block.fds);
	q_clone_with(&r, block.fds[0], IORING_CLONE_NEED_POLICY);
}

static struct io_uring_sqe *q_blocking(void)
{
	return q_read(&r, block.fds[0], &block.byte, 1);
}

/* EXEC that waits for its first argument. */
static void q_held_exit(void)
{
	static char status[] = "3";
	static char *argv[3];

	hold_init(&hold);
	argv[0] = hold.page;
	argv[1] = status;
	q_exec(&r, helper("exit_with"), argv);
}

static pid_t start(void)
{
	pid_t pid;

	tring_submit(&r);
	pid = tring_res(&r, CLONE);
	CHECK_GT(pid, 0);
	return pid;
}

static pid_t start_and_block(void)
{
	pid_t pid = start();

	wait_blocked(pid);
	return pid;
}

/* It ended at this step, the first of those that did not run. */
static void expect_refused(pid_t pid, unsigned int step, unsigned int last)
{
	CHECK_EQ(tring_res(&r, step), -ENOLINK);
	while (++step <= last)
		EXPECT_EQ(tring_res(&r, step), -ECANCELED);
	tring_total(&r, last + 2);
	check_gone(pid);
	check_no_children();
}

static void begin(const struct way *way, unsigned int ring_flags, int prog)
{
	DIAG("%s", way->name);
	tring_init(&r, ring_flags);
	way->attach(prog);
}

static void finish(void)
{
	tring_exit(&r);
	close(block.fds[0]);
	close(block.fds[1]);
}

static int returning(int verdict)
{
	return CHECK_OK(load_returning(verdict, SPAWNPOL_BPF_IOURING_SPAWN,
				       BPF_F_SLEEPABLE));
}

/* --- between steps -------------------------------------------------------- */

static void lose_between_steps(const struct way *way, unsigned int ring_flags,
			       int prog, void (*link)(struct io_uring_sqe *sqe))
{
	pid_t pid;

	begin(way, ring_flags, prog);
	q_needing_clone();
	link(q_blocking());
	link(q_nop(&r));
	link(q_fail(&r));
	q_exit(&r, STATUS);
	pid = start_and_block();
	way->lose();
	blocker_release(&block);
	EXPECT_EQ(tring_res(&r, 0), 1);
	expect_refused(pid, 1, 3);
	finish();
}

static void softlink(struct io_uring_sqe *sqe)
{
	sqe->flags |= IOSQE_IO_LINK;
}

TEST(K6_the_step_after_the_loss_is_refused)
{
	unsigned int i;
	int prog = returning(IORING_VERDICT_CONTINUE);

	for (i = 0; i < WAYS; i++)
		lose_between_steps(&ways[i], 0, prog, softlink);
	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		lose_between_steps(&ways[0], tring_kinds[i].flags, prog,
				   softlink);
	}
}

TEST(K6_hard_links_do_not_forgive_it)
{
	unsigned int i;
	int prog = returning(IORING_VERDICT_CONTINUE);

	for (i = 0; i < WAYS; i++)
		lose_between_steps(&ways[i], 0, prog, hardlink);
}

/* That slot has a policy again, but not the one that the chain began with. */
TEST(K6_another_policy_in_its_place_does_not_count)
{
	int prog = returning(IORING_VERDICT_CONTINUE);
	pid_t pid;

	begin(&ways[0], 0, prog);
	q_needing_clone();
	q_blocking();
	q_exit(&r, STATUS);
	pid = start_and_block();
	detach();
	attach_here(prog);
	blocker_release(&block);
	EXPECT_EQ(tring_res(&r, 0), 1);
	expect_refused(pid, 1, 1);
	finish();
}

/* CLONE waits for another request meanwhile. */
TEST(K6_a_chain_that_is_not_started_yet_is_refused)
{
	struct io_uring_sqe *first;
	unsigned int i;
	int prog = returning(IORING_VERDICT_CONTINUE), clone;

	for (i = 0; i < WAYS; i++) {
		begin(&ways[i], 0, prog);
		first = q_alone(&r, IORING_OP_READ, OTHER);
		q_needing_clone();
		first->fd = block.fds[0];
		first->addr = (uintptr_t)&block.byte;
		first->len = 1;
		first->off = -1ULL;
		first->flags |= IOSQE_IO_LINK;
		q_exit(&r, STATUS);
		tring_submit(&r);
		ways[i].lose();
		blocker_release(&block);
		/* it can also have been made, and is refused at its first step */
		clone = tring_res(&r, CLONE);
		if (clone > 0)
			check_gone(clone);
		else
			EXPECT_EQ(clone, -ENOLINK);
		EXPECT_EQ(tring_res(&r, 0), clone > 0 ? -ENOLINK : -ECANCELED);
		check_no_children();
		finish();
	}
}

/* --- in the middle of EXEC ------------------------------------------------ */

static void lose_in_exec(const struct way *way, unsigned int ring_flags,
			 int prog)
{
	pid_t pid;

	begin(way, ring_flags, prog);
	q_needing_clone();
	q_nop(&r);
	q_held_exit();
	pid = start();
	hold_wait(&hold);
	way->lose();
	hold_release(&hold, "exit_with");
	EXPECT_EQ(tring_res(&r, 0), 0);
	expect_refused(pid, 1, 1);
	finish();
}

TEST(K6_an_exec_in_progress_does_not_become_a_program)
{
	int prog = returning(IORING_VERDICT_CONTINUE);
	unsigned int i;

	for (i = 0; i < WAYS; i++)
		lose_in_exec(&ways[i], 0, prog);
	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		lose_in_exec(&ways[0], tring_kinds[i].flags, prog);
	}
}

/* The same of an EXEC that stands in for another one. */
TEST(K6_nor_does_one_that_the_policy_has_staged)
{
	struct engine_rule *rule;
	unsigned int i;
	pid_t pid;

	tprog_load(&p);
	rule = tprog_rule(&p, IORING_POLICY_BEFORE_EXEC, ENGINE_ANY_STEP,
			  IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC, in_dir("program"));
	copy_file(helper("exit_with"), in_dir("program"), 0755);
	for (i = 0; i < WAYS; i++) {
		begin(&ways[i], 0, p.fd);
		q_needing_clone();
		q_held_exit();
		pid = start();
		hold_wait(&hold);
		ways[i].lose();
		hold_release(&hold, "exit_with");
		expect_refused(pid, 0, 0);
		finish();
	}
}

/* Whichever is first: there is a program, or the chain was refused. */
TEST(K6_at_any_moment, .timeout = 120)
{
	unsigned int i, rounds = 80 / tap_slowness(), programs = 0;
	int prog = returning(IORING_VERDICT_CONTINUE);
	pid_t pid;

	tring_init(&r, 0);
	for (i = 0; i < rounds; i++) {
		tring_forget(&r);
		attach_here(prog);
		q_needing_clone();
		q_nop(&r);
		q_exit(&r, STATUS);
		tring_submit(&r);
		usleep(i % 50 * 40 * tap_slowness());
		detach();
		tring_total(&r, 3);
		pid = tring_res(&r, CLONE);
		if (tring_res(&r, 1) == 0) {
			programs++;
			CHECK_EQ(wait_exit(pid), STATUS);
		} else if (tring_res(&r, 0) == 0) {
			CHECK_EQ(tring_res(&r, 1), -ENOLINK);
		} else {
			CHECK_EQ(tring_res(&r, 0), -ENOLINK);
			CHECK_EQ(tring_res(&r, 1), -ECANCELED);
		}
		check_gone(pid);
		check_no_children();
		close(block.fds[0]);
		close(block.fds[1]);
	}
	DIAG("%u programs in %u rounds", programs, rounds);
}

/* --- while the policy has its say ----------------------------------------- */

/* It has staged a request that takes its time, before EXEC. */
TEST(K6_nobody_is_told_of_what_was_staged)
{
	struct io_uring_sqe read = { .opcode = IORING_OP_READ, .len = 1 };
	unsigned int i;
	pid_t pid;

	tprog_load(&p);
	for (i = 0; i < WAYS; i++) {
		tprog_reset(&p);
		begin(&ways[i], 0, p.fd);
		q_needing_clone();
		q_exit(&r, STATUS);
		read.fd = block.fds[0];
		read.addr = (uintptr_t)&block.byte;
		read.off = -1ULL;
		rule_stage_sqe(tprog_rule(&p, IORING_POLICY_BEFORE_EXEC,
					  ENGINE_ANY_STEP,
					  IORING_VERDICT_SUBMIT),
			       &read, 1);
		pid = start_and_block();
		ways[i].lose();
		blocker_release(&block);
		expect_refused(pid, 0, 0);
		EXPECT_EQ(p.engine->runs, 1);
		finish();
	}
}

/* A step has failed, and is to be tried again, later. */
TEST(K6_a_step_is_not_tried_again)
{
	struct engine_rule *rule;
	unsigned int i;
	double until;
	pid_t pid;

	tprog_load(&p);
	for (i = 0; i < WAYS; i++) {
		tprog_reset(&p);
		rule = tprog_rule(&p, IORING_POLICY_FAILED, ENGINE_ANY_STEP,
				  IORING_VERDICT_RETRY);
		rule->delay_ns = 100000000;
		begin(&ways[i], 0, p.fd);
		q_needing_clone();
		q_fail(&r);
		q_exit(&r, STATUS);
		pid = start();
		until = now() + tap_patience();
		while (!p.engine->runs) {
			CHECK_LT(now(), until);
			sleep_ms(1);
		}
		ways[i].lose();
		expect_refused(pid, 0, 1);
		finish();
	}
}

/* --- what is no loss ------------------------------------------------------ */

TEST(K6_without_the_flag_a_chain_goes_on_without_its_policy)
{
	/* as long as there is one, it says no */
	int prog = returning(IORING_VERDICT_ABORT);
	unsigned int i;
	pid_t pid;

	for (i = 0; i < WAYS; i++) {
		begin(&ways[i], 0, prog);
		make_pipe(block.fds);
		q_clone_with(&r, block.fds[0], 0);
		q_blocking();
		q_exit(&r, STATUS);
		pid = start_and_block();
		ways[i].lose();
		blocker_release(&block);
		EXPECT_EQ(tring_res(&r, 1), 0);
		CHECK_EQ(wait_exit(pid), STATUS);
		finish();
	}
}

static void update(int prog)
{
	union bpf_attr attr = { .link_update = { .link_fd = link_fd,
						 .new_prog_fd = prog } };

	CHECK_OK(bpf_call(BPF_LINK_UPDATE, &attr, sizeof(attr)));
}

/* It has a policy all the time, and is under the one that it has then. */
TEST(K6_another_program_in_the_link_is_no_loss)
{
	static const struct {
		int verdict, exec;
	} after[] = {
		{ IORING_VERDICT_CONTINUE, 0 },
		{ IORING_VERDICT_ABORT, -ECANCELED },
	};
	int prog = returning(IORING_VERDICT_CONTINUE);
	unsigned int i;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		begin(&ways[0], 0, prog);
		q_needing_clone();
		q_blocking();
		q_exit(&r, STATUS);
		pid = start_and_block();
		update(returning(after[i].verdict));
		blocker_release(&block);
		EXPECT_EQ(tring_res(&r, 1), after[i].exec);
		if (!after[i].exec)
			CHECK_EQ(wait_exit(pid), STATUS);
		check_gone(pid);
		check_no_children();
		detach();
		finish();
	}
}
