// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_SPAWN: searches that something interrupts (O3, O4). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/whole.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tring r;
static struct whole w;
static struct tprog p;
TPROG_PRELOAD

/* A program "prog" in a new directory; the directory. */
static char *exits(const char *name, int status, mode_t mode)
{
	char *dir = in_dir(name);

	CHECK_SYS(mkdir(dir, 0755));
	write_file(format("%s/prog", dir), format("#!/bin/sh\nexit %d\n", status), mode);
	return dir;
}

/* It sleeps in this function of the kernel, or below. */
static void wait_until_in(pid_t pid, const char *function)
{
	const char *stack = format("/proc/%d/stack", pid);
	double until = now() + tap_patience();

	while (!strstr(read_file(stack), function)) {
		if (now() > until)
			FAIL("it does not come to %s(), but is in:\n%s", function,
			     read_file(stack));
		sleep_ms(1);
	}
}

static pid_t wait_for_child(void)
{
	double until = now() + tap_patience();

	while (!whole_child(&w) && now() < until)
		sleep_ms(1);
	return CHECK_OK(whole_child(&w));
}

/*
 * Who opens a file under a lease waits until its holder gives it up. A stop gets the
 * child out of that, and the same candidate has to be tried again after it.
 */
TEST(O3_an_interrupted_candidate_is_tried_again)
{
	char *one = exits("one", 1, 0755), *two = exits("two", 2, 0755);
	int fd = CHECK_SYS(open(format("%s/prog", one), O_RDONLY | O_CLOEXEC));
	pid_t child;

	CHECK_SYS(fcntl(fd, F_SETSIG, SIGWINCH));
	CHECK_SYS(fcntl(fd, F_SETLEASE, F_WRLCK));
	tring_init(&r, 0);
	whole_init(&w, "prog");
	w.arg.search = (uintptr_t)format("%s:%s", one, two);
	whole_pidfd(&w);
	q_whole(&r, &w);
	tring_submit(&r);
	child = wait_for_child();
	wait_until_in(child, "__break_lease");
	CHECK_SYS(kill(child, SIGSTOP));
	wait_until_in(child, "get_signal");
	CHECK_SYS(kill(child, SIGCONT));
	wait_until_in(child, "__break_lease");
	CHECK_SYS(fcntl(fd, F_SETLEASE, F_UNLCK));
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 1);
	EXPECT_EQ(whole_step_of(tring_cqe(&r, WHOLE)), 1);
	close(fd);
}

/* Each miss is told with its own path, and the end with the first that was denied. */
TEST(O4_misses_that_are_denied)
{
	char *one = exits("1", 1, 0644), *two = exits("2", 2, 0644);

	tprog_start(&r, &p, IORING_POLICY_MISS);
	whole_init(&w, "prog");
	whole_report(&w);
	w.arg.search = (uintptr_t)format("%s:%s:/c", one, two);
	EXPECT_EQ(whole_run(&r, &w)->res, -EACCES);
	CHECK_EQ(p.engine->runs, 3);
	EXPECT_HAS(tprog_run(&p, 0)->path, "/1/prog");
	EXPECT_HAS(tprog_run(&p, 1)->path, "/2/prog");
	EXPECT_EQ(tprog_run(&p, 1)->ctx.search_offset, (int)strlen(one) + 1);
	EXPECT_EQ(tprog_run(&p, 2)->ctx.event, IORING_POLICY_FAILED);
	EXPECT_HAS(tprog_run(&p, 2)->path, "/1/prog");
	EXPECT_STR(w.told.path, format("%s/prog", one));
	EXPECT_EQ(w.told.report.attempt, 1);
	whole_is_gone();
}

/* A deadline that comes after a step has succeeded is one in the report, too. */
TEST(O2_a_deadline_while_a_policy_delays)
{
	struct engine_rule *rule;

	tprog_start(&r, &p, IORING_POLICY_DONE);
	rule = tprog_rule(&p, IORING_POLICY_DONE, 0, IORING_VERDICT_CONTINUE);
	rule->delay_ns = 10000000000;
	whole_exit(&w, 3);
	whole_report(&w);
	whole_step(&w, IORING_CHILD_SETSID);
	w.arg.timeout_ns = 100000000;
	EXPECT_EQ(whole_run(&r, &w)->res, -ETIME);
	/* at a slow moment there was no child yet */
	if (w.told.report.end)
		EXPECT_EQ(w.told.report.error, -ETIME);
	whole_is_gone();
}
