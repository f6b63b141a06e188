// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a staged request points to is read when it is prepared, and can be memory
 * that nobody fills in. The child holds no lock meanwhile: the submitter can use
 * the ring (K8), and end the chain (S15).
 */
#include "lib/child.h"
#include "lib/hold.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <signal.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
static struct hold hold;
TPROG_PRELOAD

struct report {
	volatile pid_t child; /* once it waits for the memory */
};
static struct report *report;

/* The second step fails, and its policy opens a file whose name is not there. */
static void queue(unsigned int ring_flags)
{
	struct io_uring_sqe open = { .opcode = IORING_OP_OPENAT,
				     .fd = AT_FDCWD };

	hold_init(&hold);
	open.addr = (uintptr_t)hold.page;
	tprog_load(&p);
	rule_stage_sqe(
		tprog_rule(&p, IORING_POLICY_FAILED, 1, IORING_VERDICT_SUBMIT),
		&open, 1);
	tring_init(&r, ring_flags);
	attach(&r, &p, 0, 0);
	q_clone(&r);
	q_nop(&r);
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
}

static void submitter(unsigned int ring_flags, void (*end)(void))
{
	double until;
	pid_t child;

	queue(ring_flags);
	child = tring_res(&r, CLONE);
	CHECK_GT(child, 0);
	until = now() + tap_patience();
	while (!hold_reached(&hold)) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
	report->child = child;
	end();
	_exit(0);
}

static void for_all_rings(void (*end)(void), int status)
{
	unsigned int i;
	pid_t pid;

	report = shared_memory(sizeof(*report));
	for (i = 0; i < tring_nr_kinds; i++) {
		report->child = 0;
		pid = CHECK_SYS(fork());
		if (!pid)
			submitter(tring_kinds[i].flags, end);
		while (!report->child && waitpid(pid, NULL, WNOHANG) != pid)
			sleep_ms(1);
		DIAG("%s", tring_kinds[i].name);
		CHECK_GT(report->child, 0);
		if (status < 0) {
			wait_blocked(pid);
			CHECK_SYS(kill(pid, -status));
		}
		CHECK_EQ(wait_exit(pid), status);
		check_gone(report->child);
	}
}

/* What may be woken up by completions may want the lock, too. */
static void stay(void)
{
	struct io_uring_cqe *cqe;

	for (;;)
		io_uring_wait_cqe_nr(&r.uring, &cqe, 8);
}

TEST(S15_a_killed_submitter_does_not_wait_for_its_child, .timeout = 60)
{
	for_all_rings(stay, -SIGKILL);
}

/* A submission takes the lock, and so do completions on some kinds of rings. */
static void use(void)
{
	q_alone(&r, IORING_OP_NOP, OTHER);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
}

TEST(K8_a_submitter_uses_its_ring_while_its_child_waits, .timeout = 60)
{
	for_all_rings(use, 0);
}

static void leave(void)
{
}

TEST(S15_an_exit_does_not_wait_for_the_child, .timeout = 60)
{
	for_all_rings(leave, 0);
}

static void execute(void)
{
	execl("/bin/true", "true", NULL);
}

TEST(S15_an_exec_does_not_wait_for_the_child, .timeout = 60)
{
	for_all_rings(execute, 0);
}

static void close_ring(void)
{
	tring_exit(&r);
	check_gone(report->child);
	check_no_children();
}

TEST(S15_closing_the_ring_does_not_wait_for_the_child, .timeout = 60)
{
	for_all_rings(close_ring, 0);
}
