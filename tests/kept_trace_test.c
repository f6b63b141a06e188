// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: tracepoints are switched by changing code, and QEMU 7.2 may get that
 * wrong where another processor is running it.
 *
 * What tracepoints, reports and the ring's fdinfo tell of kept children (C1, C4, C5).
 */
#include "lib/kept_one.h"
#include "lib/ring.h"
#include "lib/trace.h"

#include <stdlib.h>
#include <sys/stat.h>

/* The trace of one SPAWN with this result: it starts once, and ends once. */
static char *trace_run(int res)
{
	char *trace;

	trace_start();
	EXPECT_EQ(whole_run(&r, &w)->res, res);
	trace = trace_end();
	DIAG("%.3000s", strchr(trace, '|') ?: trace);
	EXPECT_EQ(count_of(trace, "io_uring_spawn_start:"), 1);
	EXPECT_EQ(count_of(trace, "io_uring_spawn_end:"), 1);
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_start", 0),
		   format(" pid=%d ", pid));
	return trace;
}

static void check_end(const char *trace, int res, const char *end)
{
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_end", 0),
		   format(" res=%d end=%s ", res, end));
}

TEST(C1_keeping_is_an_end)
{
	char *trace;

	tring_init(&r, 0);
	kept_new(&w);
	whole_report(&w);
	whole_step(&w, IORING_CHILD_SETSID);
	trace_start();
	number = CHECK_OK(whole_run(&r, &w)->res);
	pid = w.told.report.pid;
	trace = trace_end();
	DIAG("%.3000s", strchr(trace, '|') ?: trace);
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_start", 0),
		   format(" pid=%d steps=1 ", pid));
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 0),
		   format(" cmd=%d res=%d ", IORING_CHILD_SETSID, pid));
	check_end(trace, 0, "KEPT");
	/* it is no failure */
	EXPECT_EQ(w.told.report.end, 0);

	kept_more(&w, number);
	whole_report(&w);
	whole_step(&w, IORING_CHILD_UMASK)->off = 022;
	trace = trace_run(number);
	EXPECT_EQ(count_of(trace, "io_uring_spawn_step:"), 1);
	check_end(trace, 0, "KEPT");
	EXPECT_EQ(w.told.report.pid, pid);
	EXPECT_EQ(w.told.report.end, 0);
	kept_end(&r, number);
}

/* It waits afterwards, but that is not what has ended the SPAWN. */
TEST(C1_a_failure_is_the_end)
{
	start();
	kept_more(&w, number);
	whole_report(&w);
	whole_step(&w, IORING_CHILD_UMASK)->off = 022;
	whole_fail(&w);
	check_end(trace_run(-EBADF), -EBADF, "STEP");
	EXPECT_EQ(w.told.report.end, IORING_END_STEP);
	EXPECT_EQ(w.told.report.step, 1);
	EXPECT_EQ(w.told.report.error, -EBADF);
	EXPECT_EQ(w.told.report.pid, pid);
	check_kept(&r, number, pid, "waiting");

	whole_init(&w, "/nonexistent");
	w.arg.flags = IORING_SPAWN_KEEP;
	kept_in(&w, number);
	whole_report(&w);
	check_end(trace_run(-ENOENT), -ENOENT, "STEP");
	EXPECT_EQ(w.told.report.end, IORING_END_STEP);
	EXPECT_STR(w.told.path, "/nonexistent");
	kept_end(&r, number);
}

TEST(C1_other_ends)
{
	start();
	whole_exit(&w, 3);
	kept_in(&w, number);
	check_end(trace_run(pid), 0, "PROGRAM");
	EXPECT_EQ(wait_exit(pid), 3);

	/* as was asked */
	number = kept_make(&r, &w);
	pid = w.told.report.pid;
	kept_new(&w);
	w.arg.flags = 0;
	kept_in(&w, number);
	check_end(trace_run(0), 0, "NO_EXEC");
	check_gone(pid);

	/* a deadline */
	number = kept_make(&r, &w);
	pid = w.told.report.pid;
	CHECK_SYS(mkfifo(in_dir("fifo"), 0600));
	kept_more(&w, number);
	whole_report(&w);
	whole_wait_for(&w, in_dir("fifo"));
	w.arg.timeout_ns = 200000000ULL * tap_slowness();
	check_end(trace_run(-ETIME), -ETIME, "DEADLINE");
	EXPECT_EQ(w.told.report.end, IORING_END_DEADLINE);
	check_gone(pid);
	check_no_children();
}

/* One that is refused for its child has not started. */
TEST(C1_refused)
{
	char *trace;

	start();
	kept_more(&w, number + 1000);
	trace_start();
	EXPECT_EQ(whole_run(&r, &w)->res, -ESRCH);
	trace = trace_end();
	EXPECT_EQ(count_of(trace, "io_uring_spawn_start:"), 0);
	EXPECT_EQ(count_of(trace, "io_uring_spawn_step:"), 0);
	kept_end(&r, number);
}

TEST(C4_copies)
{
	char *trace;
	int copy;

	start();
	whole_exit(&w, 4);
	kept_copy(&w, number);
	trace_start();
	copy = CHECK_OK(whole_run(&r, &w)->res);
	trace = trace_end();
	CHECK_NE(copy, pid);
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_start", 0),
		   format(" pid=%d ", copy));
	check_end(trace, 0, "PROGRAM");
	EXPECT_EQ(count_of(trace, "io_uring_spawn_start:"), 1);
	EXPECT_EQ(wait_exit(copy), 4);
	kept_end(&r, number);
}

/* One line for each, as sections 10 and 6 of the description have it. */
TEST(C5_fdinfo)
{
	struct io_uring_spawn_query query;
	int numbers[5], i;
	pid_t pids[5];

	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT_EQ(query.max_kept, 16384);
	EXPECT_EQ(query.spawn_flags, 0x7f);
	EXPECT_EQ(kept_shown(&r), 0);
	for (i = 0; i < 5; i++) {
		numbers[i] = kept_make(&r, &w);
		pids[i] = w.told.report.pid;
		EXPECT_EQ(kept_shown(&r), i + 1);
	}
	for (i = 0; i < 5; i++)
		EXPECT_STR(kept_line(&r, numbers[i]), format("pid %d waiting", pids[i]));
	for (i = 4; i >= 0; i--) {
		kept_end(&r, numbers[i]);
		EXPECT_STR(kept_line(&r, numbers[i]), "");
		EXPECT_EQ(kept_shown(&r), i);
	}
}
