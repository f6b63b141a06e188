// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * Memory and user-space accesses that fail anywhere on the way: every SQE
 * still gets its one CQE, and nothing is left (S5, S11). What leaks shows in
 * the scan for leaks that ends a run of the debug kernel.
 */
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

#define FAULTS "/sys/kernel/debug/"
#define CHAIN_LENGTH 5

/* Kinds of faults, and files of theirs that make even sleeping callers fail. */
static const char *const kinds[] = { "failslab", "fail_page_alloc",
				     "fail_usercopy" };

static void set(const char *kind, const char *what, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), FAULTS "%s/%s", kind, what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return; /* not every kind has every file */
	CHECK_SYS(fd);
	CHECK_SYS(write(fd, value, strlen(value)));
	close(fd);
}

static void prepare(void)
{
	unsigned int i;

	if (access(FAULTS "failslab", F_OK))
		SKIP("this kernel has no fault injection");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		set(kinds[i], "task-filter", "Y");
		set(kinds[i], "ignore-gfp-wait", "N");
		set(kinds[i], "ignore-gfp-highmem", "N");
		set(kinds[i], "min-order", "0");
		set(kinds[i], "verbose", "0");
		set(kinds[i], "probability", "0");
		set(kinds[i], "interval", "1");
		set(kinds[i], "times", "-1");
	}
}

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

/* Let the nth thing that can fail from now on fail in this task. */
static int fault_begin(int nth)
{
	int fd = CHECK_SYS(
		open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	CHECK_SYS(write(fd, text, strlen(text)));
	return fd;
}

/* Did it? If not, what is done here may be what fails. */
static bool fault_end(int fd)
{
	char text[16] = "";
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

	while (pwrite(fd, "0", 1, 0) < 0)
		CHECK_EQ(errno, EFAULT);
	close(fd);
	return got > 0 && atoi(text) == 0;
}

/* The submitter's own allocations and copies, one after the other. */
TEST(S11_every_fault_of_the_submitter, .timeout = 60)
{
	unsigned int with_policy;
	bool happened;
	int nth, fd;

	prepare();
	for (with_policy = 0; with_policy < 2; with_policy++) {
		tring_init(&r, 0);
		if (with_policy)
			policy();
		queue_chain();
		tring_submit(&r);
		settle();
		for (nth = 1; nth < 400; nth++) {
			queue_chain();
			fd = fault_begin(nth);
			tring_try_submit(&r);
			happened = fault_end(fd);
			settle();
			if (!happened)
				break;
		}
		DIAG("%d places can fail", nth - 1);
		CHECK_GT(nth, 10);
		CHECK_LT(nth, 400);
		tring_exit(&r);
	}
}

/*
 * The child inherits make-it-fail, and has it while it runs its chain. A few
 * faults of one kind, at places that chance chooses.
 */
static void fault_child(unsigned int kind, unsigned int probability)
{
	char number[8];

	snprintf(number, sizeof(number), "%u", probability);
	set(kinds[kind], "times", "2");
	set(kinds[kind], "probability", number);
	queue_chain();
	set_own("make-it-fail", 1);
	tring_try_submit(&r);
	set_own("make-it-fail", 0);
	settle();
	set(kinds[kind], "probability", "0");
}

TEST(S11_faults_of_the_child, .timeout = 100)
{
	unsigned int kind, i;

	prepare();
	tring_init(&r, 0);
	policy();
	for (kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		for (i = 0; i < 20; i++)
			fault_child(kind, 1 + i * 2);
	}
}

/* Attaching fails at any place: the slot is as free as before. */
TEST(P2_every_fault_of_attaching, .timeout = 60)
{
	int fd, nth, link, way;
	bool happened;

	prepare();
	tring_init(&r, 0);
	tprog_load(&p);
	for (way = 0; way < 2; way++) {
		for (nth = 1; nth < 100; nth++) {
			fd = fault_begin(nth);
			if (way)
				link = attach_by_bpf(tring_fd(&r), p.fd, 0, 0);
			else
				link = attach_by_ring(tring_fd(&r), p.fd, 0, 0);
			happened = fault_end(fd);
			if (link >= 0)
				close(link);
			else if (link != -ENOMEM && link != -EFAULT)
				FAIL("fault %d: %s", nth, tap_errname(link));
			close(attach(&r, &p, 0, 0));
			if (!happened)
				break;
		}
		DIAG("%d places can fail", nth - 1);
		CHECK_GT(nth, 1);
		CHECK_LT(nth, 100);
	}
}

/* The ring goes while faults happen. */
TEST(S5_faults_while_the_ring_is_closed, .timeout = 60)
{
	unsigned int i;

	prepare();
	for (i = 0; i < 20; i++) {
		tring_init(&r, 0);
		policy();
		set("failslab", "times", "3");
		set("failslab", "probability", "10");
		queue_chain();
		set_own("make-it-fail", 1);
		tring_try_submit(&r);
		set_own("make-it-fail", 0);
		usleep(i * 1000);
		tring_exit(&r);
		set("failslab", "probability", "0");
		tprog_free(&p);
		while (waitpid(-1, NULL, __WALL) > 0)
			;
	}
}
