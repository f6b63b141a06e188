// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: tracepoints are switched by changing code, and QEMU 7.2 may get that
 * wrong where another processor is running it.
 *
 * The tracepoints of an IORING_OP_SPAWN: those of a chain, and a line for each
 * candidate of its search (O3, O4).
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/trace.h"
#include "lib/whole.h"

#include <stdlib.h>
#include <sys/stat.h>

static struct tring r;
static struct whole w;
static struct tprog p;
TPROG_PRELOAD

/* The nth line about a request. */
static const char *step_line(const char *trace, unsigned int n)
{
	return trace_event(trace, "io_uring_spawn_step", n);
}

/* An empty file that cannot be executed, "exit_with", in a directory: that. */
static char *denied(void)
{
	char *dir = in_dir("denied");

	mkdir(dir, 0755);
	write_file(format("%s/exit_with", dir), "", 0644);
	return dir;
}

/* exit_with, looked for along a list. */
static void look_along(char *list)
{
	whole_exit(&w, 3);
	w.arg.path = (uintptr_t) "exit_with";
	w.arg.search = (uintptr_t)list;
}

static char *dir_of_helpers(void)
{
	char *dir = strdup(helper("exit_with"));

	*strrchr(dir, '/') = '\0';
	return dir;
}

TEST(O3_each_step_and_each_candidate_is_a_line)
{
	const char *start, *end;
	char *trace, *chain;
	pid_t pid;

	tring_init(&r, 0);
	look_along(format("/nonexistent:%s:%s:/usr", denied(), dir_of_helpers()));
	whole_step(&w, IORING_CHILD_SETSID)->user_data = 0x1234;
	whole_fail(&w)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	w.steps[1].user_data = 0x1235;
	w.arg.cookie = 12345;
	trace_start();
	pid = CHECK_OK(whole_run(&r, &w)->res);
	CHECK_EQ(wait_exit(pid), 3);
	trace = trace_end();
	DIAG("%.4000s", strchr(trace, '|') ?: trace);

	start = trace_event(trace, "io_uring_spawn_start", 0);
	chain = format(" chain=%d ", atoi(strstr(start, "chain=") + 6));
	EXPECT_HAS(start, format(" link=0 pid=%d steps=3 cookie=%#x user_data=%#x",
				 pid, 12345, WHOLE));
	EXPECT_EQ(count_of(trace, "io_uring_spawn_step:"), 5);
	EXPECT_HAS(step_line(trace, 0), chain);
	EXPECT_HAS(step_line(trace, 0), format(" pid=%d step=0 attempt=1 ", pid));
	EXPECT_HAS(step_line(trace, 0), format(" opname=CHILD cmd=%d res=%d ",
					       IORING_CHILD_SETSID, pid));
	EXPECT_HAS(step_line(trace, 0), " staged=0 user_data=0x1234 ");
	EXPECT_HAS(step_line(trace, 1), " step=1 attempt=1 ");
	EXPECT_HAS(step_line(trace, 1), format(" cmd=%d res=%d ",
					       IORING_CHILD_FCHDIR, -EBADF));
	EXPECT_HAS(step_line(trace, 1), " user_data=0x1235 ");

	EXPECT_HAS(step_line(trace, 2), " step=2 attempt=1 ");
	EXPECT_HAS(step_line(trace, 2), " opname=EXEC cmd=0 res=-2 ");
	EXPECT_HAS(step_line(trace, 2), format(" user_data=%#x ", WHOLE));
	EXPECT_HAS(step_line(trace, 2), " name=/nonexistent/exit_with");
	EXPECT_HAS(step_line(trace, 3), " step=2 attempt=2 ");
	EXPECT_HAS(step_line(trace, 3), " res=-13 ");
	EXPECT_HAS(step_line(trace, 3), "/denied/exit_with");
	EXPECT_HAS(step_line(trace, 4), " step=2 attempt=3 ");
	EXPECT_HAS(step_line(trace, 4), " res=0 ");
	EXPECT_HAS(step_line(trace, 4), "helpers/exit_with");

	end = trace_event(trace, "io_uring_spawn_end", 0);
	EXPECT_HAS(end, chain);
	EXPECT_HAS(end, format(" pid=%d step=2 res=0 end=PROGRAM ", pid));
	EXPECT_EQ(count_of(trace, "io_uring_spawn_start:"), 1);
	EXPECT_EQ(count_of(trace, "io_uring_spawn_end:"), 1);
}

/* The last candidate says what it has come to, whatever the search ends with. */
TEST(O3_the_last_candidate_of_a_search_that_finds_nothing)
{
	char *trace;

	tring_init(&r, 0);
	look_along(format("%s:/nonexistent", denied()));
	trace_start();
	EXPECT_EQ(whole_run(&r, &w)->res, -EACCES);
	whole_is_gone();
	trace = trace_end();
	DIAG("%.4000s", strchr(trace, '|') ?: trace);
	EXPECT_EQ(count_of(trace, "io_uring_spawn_step:"), 2);
	EXPECT_HAS(step_line(trace, 0), " attempt=1 ");
	EXPECT_HAS(step_line(trace, 0), "/denied/exit_with");
	EXPECT_HAS(step_line(trace, 1), " attempt=2 ");
	EXPECT_HAS(step_line(trace, 1), " res=-2 ");
	EXPECT_HAS(step_line(trace, 1), " name=/nonexistent/exit_with");
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_end", 0),
		   " res=-13 end=STEP ");
}

TEST(O3_a_spawn_without_a_child)
{
	char *trace;

	tring_init(&r, 0);
	whole_exit(&w, 0);
	w.arg.flags = IORING_SPAWN_FILES;
	w.arg.files = 8;
	trace_start();
	EXPECT_EQ(whole_run(&r, &w)->res, -EFAULT);
	trace = trace_end();
	EXPECT_EQ(count_of(trace, "io_uring_spawn_start:"), 0);
	EXPECT_EQ(count_of(trace, "io_uring_spawn_step:"), 0);
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_end", 0),
		   " pid=0 step=0 res=-14 end=CLONE ");
}

TEST(O4_verdicts_about_a_search)
{
	const char *verdict;
	char *trace;

	tprog_start(&r, &p, IORING_POLICY_MISS);
	tprog_rule(&p, IORING_POLICY_MISS, 0, IORING_VERDICT_PASS);
	look_along("/a:/b");
	trace_start();
	EXPECT_EQ(whole_run(&r, &w)->res, -ENOENT);
	whole_is_gone();
	trace = trace_end();
	DIAG("%.4000s", strchr(trace, '|') ?: trace);
	EXPECT_EQ(count_of(trace, "io_uring_spawn_step:"), 2);
	EXPECT_EQ(count_of(trace, "io_uring_spawn_verdict:"), 2);
	verdict = trace_event(trace, "io_uring_spawn_verdict", 0);
	EXPECT_HAS(verdict, " step=0 event=MISS ");
	EXPECT_HAS(verdict, " opname=EXEC res=-2 verdict=PASS ");
	verdict = trace_event(trace, "io_uring_spawn_verdict", 1);
	EXPECT_HAS(verdict, " step=0 event=FAILED ");
	EXPECT_HAS(verdict, " res=-2 verdict=CONTINUE ");
}
