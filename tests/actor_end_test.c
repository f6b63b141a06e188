// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: it counts what the whole system has.
 *
 * The end of a request that is a program: by its own verdict, with its launcher, with its
 * ring; nothing is left (A2, A4).
 */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/count.h"
#include "lib/whole.h"

#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

static struct __kernel_timespec hour = { .tv_sec = 3600 };
static struct whole whole;
static char buf[8];
static uint32_t word;

/* --- what it has in flight ------------------------------------------------------------ */

#define BUSY 90

/* Rules for the start: one of each that waits, on this pipe. */
static void stage_waits(int fd)
{
	struct io_uring_sqe *sqe;

	unlink(in_dir("fifo"));
	CHECK_SYS(mkfifo(in_dir("fifo"), 0600));
	whole_init(&whole, helper("exit_with"));
	whole_wait_for(&whole, in_dir("fifo"));
	sqe_on(actor_starts(&a, IORING_OP_READ, 1), fd, buf, 1);
	sqe_on(actor_starts(&a, IORING_OP_READ, 2), fd, buf, 1)->flags =
		IOSQE_ASYNC;
	sqe = actor_starts(&a, IORING_OP_POLL_ADD, 3);
	sqe->fd = fd;
	sqe->poll32_events = POLLIN;
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 4), -1, &hour, 1);
	sqe = actor_starts(&a, OP_FUTEX_WAIT, 5);
	sqe->addr = (uintptr_t)&word;
	sqe->addr3 = ~0U;
	sqe->fd = 2; /* FUTEX2_SIZE_U32 */
	sqe = actor_starts(&a, OP_WAITID, 6);
	sqe->len = P_ALL;
	sqe->file_index = WEXITED;
	sqe = actor_starts(&a, SPAWNPOL_OP_SPAWN, 7);
	sqe->addr = (uintptr_t)&whole.arg;
	sqe->len = sizeof(whole.arg);
}

/* The last of these is a NOP; on its completion a program ends. */
static void stage_waits_and_end(int fd)
{
	struct script_rule *rule;

	stage_waits(fd);
	actor_starts(&a, IORING_OP_NOP, 8);
	rule = actor_on(&a, CQE, 8, END);
	rule_result(rule, 31);
	/* not issued */
	sqe_on(actor_sqe(&a, rule, IORING_OP_UNLINKAT, 9), AT_FDCWD,
	       in_dir("fifo"), 0);
}

/* waitid waits for this one, which has nothing of the ring. */
static pid_t some_child(void)
{
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		CHECK_SYS(prctl(PR_SET_PDEATHSIG, SIGKILL));
		execlp("sleep", "sleep", "1000", NULL);
		_exit(0);
	}
	return pid;
}

static void drop_child(pid_t pid)
{
	kill(pid, SIGKILL);
	wait_exit(pid);
	whole_is_gone();
}

/* --- END ------------------------------------------------------------------------------ */

static void end_with_things_in_flight(unsigned int flags)
{
	pid_t pid = some_child();
	int fds[2], link;

	make_pipe(fds);
	link = actor_begin(&r, &a, flags);
	stage_waits_and_end(fds[0]);
	EXPECT_EQ(actor_result(&r), 31);
	/* what ended then was not told */
	EXPECT_EQ(a.script->runs, 2);
	EXPECT_EQ(link_info(link).actors, 0);
	EXPECT_EQ(link_info(link).verdicts[END], 1);
	EXPECT_EQ(access(in_dir("fifo"), F_OK), 0);
	/* all has ended before: this is nobody's */
	CHECK_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(read(fds[0], buf, 1), 1);
	tring_total(&r, 1);
	drop_child(pid);
	tring_exit(&r);
	actor_free(&a);
	close(fds[0]);
	close(fds[1]);
}

TEST(A2_end_cancels_what_is_in_flight)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		end_with_things_in_flight(tring_kinds[i].flags);
	}
}

TEST(A2_end_at_once)
{
	actor_begin(&r, &a, 0);
	rule_result(actor_on(&a, START, SCRIPT_ANY, END), 5);
	EXPECT_EQ(actor_result(&r), 5);
	EXPECT_EQ(a.script->runs, 1);
}

/* Completions that are there already are not told after END, either. */
TEST(A2_after_end_nothing_is_told)
{
	struct script_rule *rule;

	actor_begin(&r, &a, 0);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->copies = 50;
	rule->tag_step = 1;
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	rule_result(actor_on(&a, CQE, 10, END), 5);
	EXPECT_EQ(actor_result(&r), 5);
	EXPECT_EQ(a.script->runs, 11);
}

/* --- the launcher ends ------------------------------------------------------------------- */

enum way { EXIT, KILLED, EXEC, CLOSE_RING };

struct shared {
	volatile int ready;
	volatile int go;
};

/* Busy with NOPs, or with things that wait, or both. */
static void script(int fd, bool waits, bool busy)
{
	struct script_rule *rule;

	if (waits)
		stage_waits(fd);
	if (busy) {
		actor_starts(&a, IORING_OP_NOP, BUSY);
		rule = actor_when(&a, BUSY, SCRIPT_OK, WAIT);
		actor_sqe(&a, rule, IORING_OP_NOP, BUSY);
	}
}

static void end_launcher(enum way way)
{
	char *argv[] = { "exit_with", "0", NULL };

	switch (way) {
	case EXIT:
		_exit(0);
	case KILLED:
		kill(getpid(), SIGKILL);
		break;
	case EXEC:
		execv(helper("exit_with"), argv);
		break;
	default:
		tring_exit(&r);
		_exit(0);
	}
	_exit(99);
}

static void launcher(struct shared *shared, enum way way, unsigned int flags,
		     bool waits, bool busy)
{
	int fds[2];

	make_pipe(fds);
	tring_init(&r, flags);
	actor_attach(&r, &a);
	script(fds[0], waits, busy);
	q_actor(&r, ACTOR);
	q_actor(&r, ACTOR + 1);
	if (waits)
		some_child();
	/* a busy program keeps its task for itself, but for signals */
	shared->ready = 1;
	tring_submit(&r);
	actor_wait_runs(&r, &a, 2);
	actor_idle(&r, 20);
	end_launcher(way);
}

/* Those that it leaves are this process's then, and end by themselves. */
static void reap_all(double until)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) >= 0) {
		if (pid)
			continue;
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
	CHECK_EQ(errno, ECHILD);
}

static void check_end(enum way way, unsigned int flags, bool waits, bool busy)
{
	struct shared *shared = shared_memory(sizeof(*shared));
	double until = now() + tap_patience();
	pid_t pid;

	DIAG("way %d, ring %#x, waits %d, busy %d", way, flags, waits, busy);
	actor_load(&a);
	CHECK_SYS(prctl(PR_SET_CHILD_SUBREAPER, 1));
	pid = CHECK_SYS(fork());
	if (!pid)
		launcher(shared, way, flags, waits, busy);
	EXPECT_EQ(wait_exit(pid), way == KILLED ? -SIGKILL : 0);
	reap_all(until);
	/* the ring goes with it, and so does its link */
	while (now() < until && count_ids(BPF_LINK_GET_NEXT_ID))
		sleep_ms(1);
	EXPECT_EQ(count_ids(BPF_LINK_GET_NEXT_ID), 0);
	EXPECT_GE(a.script->runs, 2);
	if (!busy)
		EXPECT_EQ(actor_times(&a, START, SCRIPT_ANY), 2);
	actor_free(&a);
}

static void each_end(enum way way)
{
	unsigned int i, links = count_ids(BPF_LINK_GET_NEXT_ID);

	CHECK_EQ(links, 0);
	for (i = 0; i < tring_nr_kinds; i++) {
		check_end(way, tring_kinds[i].flags, true, false);
		check_end(way, tring_kinds[i].flags, false, true);
		check_end(way, tring_kinds[i].flags, true, true);
	}
}

TEST(A4_the_launcher_exits, .timeout = 120)
{
	each_end(EXIT);
}

TEST(A4_the_launcher_is_killed, .timeout = 120)
{
	each_end(KILLED);
}

TEST(A4_the_launcher_executes_a_program, .timeout = 120)
{
	each_end(EXEC);
}

TEST(A4_the_ring_is_closed, .timeout = 120)
{
	each_end(CLOSE_RING);
}

/* Killed from outside, at any time. */
TEST(A4_a_busy_launcher_is_killed_from_outside, .timeout = 120)
{
	unsigned int i, rounds = 60 / tap_slowness();

	actor_load(&a);
	srand(1);
	for (i = 0; i < rounds; i++) {
		unsigned int flags = tring_kinds[i % tring_nr_kinds].flags;
		struct shared *shared = shared_memory(sizeof(*shared));
		double until = now() + tap_patience();
		pid_t pid;

		actor_reset(&a);
		pid = CHECK_SYS(fork());
		if (!pid) {
			tring_init(&r, flags);
			actor_attach(&r, &a);
			script(-1, false, true);
			actor_go(&r);
			shared->ready = 1;
			for (;;)
				actor_idle(&r, 1000);
		}
		while (!a.script->runs && now() < until)
			usleep(100);
		usleep(rand() % 3000);
		kill(pid, SIGKILL);
		EXPECT_EQ(wait_exit(pid), -SIGKILL);
		while (count_ids(BPF_LINK_GET_NEXT_ID) && now() < until)
			sleep_ms(1);
		CHECK_EQ(count_ids(BPF_LINK_GET_NEXT_ID), 0);
	}
}

/* --- memory ---------------------------------------------------------------------------- */

static long slab_kb(void)
{
	char *text;
	long kb;

	write_file("/proc/sys/vm/drop_caches", "3", 0);
	text = strdup(read_file("/proc/meminfo"));
	kb = atol(line_of(text, "SUnreclaim")) + atol(line_of(text, "Percpu")) +
	     atol(line_of(text, "VmallocUsed")) +
	     atol(line_of(text, "KernelStack"));
	free(text);
	return kb;
}

static void many(unsigned int rounds)
{
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		tring_forget(&r);
		q_actor(&r, ACTOR);
		q_actor(&r, ACTOR + 1);
		q_cancel(&r, ACTOR, 0, OTHER);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, ACTOR + 1), 3);
		tring_res(&r, ACTOR);
		tring_res(&r, OTHER);
	}
}

/* Of programs that end and of those that are cancelled. */
TEST(A4_nothing_is_left, .timeout = 300)
{
	unsigned int rounds = tap_slowness() > 1 ? 200 : 5000;
	struct script_rule *rule;
	long before, after;

	actor_begin(&r, &a, 0);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->user_data = ACTOR;
	sqe_on(actor_sqe(&a, rule, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	sqe_on(actor_sqe(&a, rule, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	actor_sqe(&a, rule, IORING_OP_NOP, 2);
	rule_result(actor_on(&a, CQE, 2, END), 3);
	many(rounds / 10);
	before = slab_kb();
	many(rounds);
	sleep_ms(300);
	after = slab_kb();
	DIAG("%ld kB, then %ld kB", before, after);
	/* KASAN keeps what was freed; there, kmemleak looks for leaks */
	if (tap_slowness() == 1)
		EXPECT_LE(after, before + 512 + rounds * 32 / 1024);
}
