// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * Memory and user-space accesses that fail by chance, more than one in a chain
 * (the other tests of faults have one each): every SQE still gets its one CQE,
 * and nothing is left (S5, S11). What leaks shows in the scan for leaks that ends
 * a run of the debug kernel.
 */
#include "lib/child.h"
#include "lib/fault.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define CHAIN_LENGTH 5

/* CLONE, a CHILD step, a search by staged EXECs. Pointers stay valid. */
static void queue_chain(void)
{
	static char *argv[] = { "exit_with", "0", NULL };

	tring_forget(&r);
	q_clone(&r);
	q_dup(&r, 0, 60);
	hardlink(q_open_at(&r, 61, "/dev/null", O_RDONLY));
	hardlink(q_exec(&r, "exit_with", argv));
	q_exec(&r, helper("exit_with"), argv);
}

static void policy(void)
{
	struct engine_rule *rule;

	tprog_load(&p);
	attach(&r, &p, 0, 0);
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 2, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_DIR, "/nonexistent");
}

/*
 * A submission that runs out of memory takes a part, maybe without the end of
 * a chain: submit the rest, too. Then each of the SQEs has one CQE.
 */
static void settle(void)
{
	unsigned int i;
	pid_t pid;
	int res;

	while (io_uring_sq_ready(&r.uring)) {
		res = io_uring_submit(&r.uring);
		if (res < 0 && res != -EAGAIN && res != -EINTR)
			FAIL("submitting the rest: %s", strerror(-res));
	}
	tring_total(&r, CHAIN_LENGTH);
	pid = tring_res(&r, CLONE);
	for (i = 0; i < 4; i++)
		CHECK_LE(tring_res(&r, i), 61);
	if (pid <= 0) {
		check_no_children();
		return;
	}
	/* It became a program, which may have died of a fault, or is gone. */
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	check_gone(pid);
	check_no_children();
}

/* Write a number to this task's file; the write itself may be what fails. */
static void set_own(const char *name, int value)
{
	char path[64], text[16];
	int fd, tries;

	snprintf(path, sizeof(path), "/proc/thread-self/%s", name);
	snprintf(text, sizeof(text), "%d", value);
	for (tries = 0; tries < 1000; tries++) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && write(fd, text, strlen(text)) > 0) {
			close(fd);
			return;
		}
		if (fd >= 0)
			close(fd);
	}
	FAIL("cannot write %s: %s", path, strerror(errno));
}

/*
 * The child inherits make-it-fail, and has it while it runs its chain. A few
 * faults of one kind, at places that chance chooses.
 */
static void fault_child(unsigned int kind, unsigned int probability)
{
	char number[8];

	snprintf(number, sizeof(number), "%u", probability);
	fault_set(fault_kinds[kind], "times", "2");
	fault_set(fault_kinds[kind], "probability", number);
	queue_chain();
	set_own("make-it-fail", 1);
	tring_try_submit(&r);
	set_own("make-it-fail", 0);
	settle();
	fault_set(fault_kinds[kind], "probability", "0");
}

TEST(S11_faults_of_the_child, .timeout = 100)
{
	unsigned int kind, i;

	fault_prepare();
	tring_init(&r, 0);
	policy();
	for (kind = 0; kind < FAULT_KINDS; kind++) {
		for (i = 0; i < 20; i++)
			fault_child(kind, 1 + i * 2);
	}
}

/* The ring goes while faults happen. */
TEST(S5_faults_while_the_ring_is_closed, .timeout = 60)
{
	unsigned int i;

	fault_prepare();
	for (i = 0; i < 20; i++) {
		tring_init(&r, 0);
		policy();
		fault_set("failslab", "times", "3");
		fault_set("failslab", "probability", "10");
		queue_chain();
		set_own("make-it-fail", 1);
		tring_try_submit(&r);
		set_own("make-it-fail", 0);
		usleep(i * 1000);
		tring_exit(&r);
		fault_set("failslab", "probability", "0");
		tprog_free(&p);
		while (waitpid(-1, NULL, __WALL) > 0)
			;
	}
}
