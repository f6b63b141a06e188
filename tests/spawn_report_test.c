// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reports: which step and which path have ended a chain (O2). */
#include "lib/child.h"
#include "lib/doomed.h"
#include "lib/hold.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED
#define STAGED IORING_POLICY_STAGED

/* A report with room for a path. */
struct told {
	struct io_uring_spawn_report report;
	char path[4096];
};

static struct io_uring_sqe *q_clone_report(struct tring *ring, void *report)
{
	struct io_uring_sqe *sqe = q_clone(ring);

	sqe->rw_flags = IORING_CLONE_REPORT;
	sqe->__pad2[0] = (uintptr_t)report;
	return sqe;
}

static struct io_uring_sqe *q_told(struct tring *ring, struct told *told)
{
	memset(told, 0, sizeof(*told));
	told->report.size = sizeof(*told);
	return q_clone_report(ring, told);
}

static const char *path_of(const struct told *told)
{
	CHECK_LT(told->report.path_len, sizeof(told->path));
	CHECK_EQ(told->report.path_len, strlen(told->report.path));
	return told->report.path;
}

/* --- what ends a chain ---------------------------------------------------------- */

TEST(O2_a_report_names_step_error_and_path)
{
	struct told told;
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		q_told(&r, &told);
		q_nop(&r);
		q_open_at(&r, 7, "/nonexistent/file", O_RDONLY);
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 1), -ENOENT);
		EXPECT_EQ(told.report.end, IORING_END_STEP);
		EXPECT_EQ(told.report.step, 1);
		EXPECT_EQ(told.report.error, -ENOENT);
		EXPECT_EQ(told.report.res, -ENOENT);
		EXPECT_EQ(told.report.flags, 0);
		EXPECT_EQ(told.report.attempt, 1);
		EXPECT_EQ(told.report.opcode, SPAWNPOL_OP_CHILD);
		EXPECT_EQ(told.report.cmd, IORING_CHILD_OPEN);
		EXPECT_STR(path_of(&told), "/nonexistent/file");
		tring_total(&r, 4);
		tring_exit(&r);
	}
}

TEST(O2_a_report_of_exec_and_of_an_open_of_the_rings)
{
	char *argv[] = { "x", NULL };
	struct told told;

	tring_init(&r, 0);
	q_told(&r, &told);
	q_exec(&r, "/nonexistent/x", argv);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(told.report.opcode, SPAWNPOL_OP_EXEC);
	EXPECT_STR(path_of(&told), "/nonexistent/x");
	tring_total(&r, 2);

	tring_forget(&r);
	q_told(&r, &told);
	q_open(&r, "/nonexistent/y", O_RDONLY, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(told.report.opcode, IORING_OP_OPENAT);
	EXPECT_STR(path_of(&told), "/nonexistent/y");
}

/* A failure that a link forgives is none that ends the chain. */
TEST(O2_a_report_is_of_the_last_failure)
{
	struct told told;

	tring_init(&r, 0);
	q_told(&r, &told);
	hardlink(q_open_at(&r, 7, "/nonexistent/first", O_RDONLY));
	q_nop(&r);
	q_dup(&r, 99, 5);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 2), -EBADF);
	EXPECT_EQ(told.report.step, 2);
	EXPECT_EQ(told.report.error, -EBADF);
	EXPECT_EQ(told.report.cmd, IORING_CHILD_DUP);
	EXPECT_EQ(told.report.path_len, 0);
}

/* After the CQE of the step at hand the memory is the launcher's. */
TEST(O2_a_report_is_followed_by_a_completion)
{
	struct told told;

	tring_init(&r, 0);
	q_told(&r, &told);
	q_nop(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(told.report.end, IORING_END_NO_EXEC);
	tring_total(&r, 2);
}

TEST(O2_a_report_of_a_short_read)
{
	char *file = in_dir("short"), buf[100];
	struct told told;
	int fd;

	write_file(file, "12345", 0644);
	fd = CHECK_SYS(open(file, O_RDONLY | O_CLOEXEC));
	tring_init(&r, 0);
	q_told(&r, &told);
	q_read(&r, fd, buf, sizeof(buf));
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 5);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	EXPECT_EQ(told.report.end, IORING_END_STEP);
	EXPECT_EQ(told.report.error, -ECANCELED);
	EXPECT_EQ(told.report.attempt, 1);
	EXPECT_EQ(told.report.opcode, IORING_OP_READ);
	EXPECT_EQ(told.report.res, 5);
	close(fd);
}

TEST(O2_nothing_is_written_of_a_program_and_without_a_child)
{
	char *argv[] = { "doomed", NULL }, *doomed = in_dir("doomed");
	struct clone_args args = { .flags = CLONE_NEWPID, .exit_signal = SIGCHLD,
				   .set_tid = 8, .set_tid_size = 1 };
	struct told told;

	tring_init(&r, 0);
	q_told(&r, &told);
	hardlink(q_dup(&r, 99, 5));
	q_exit(&r, 3);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
	EXPECT_EQ(told.report.end, 0);
	tring_total(&r, 3);

	/* past its point of no return */
	write_doomed_elf(doomed);
	tring_forget(&r);
	q_told(&r, &told);
	q_exec(&r, doomed, argv);
	tring_submit(&r);
	CHECK_LT(tring_res(&r, 0), 0);
	EXPECT_EQ(told.report.end, 0);
	tring_total(&r, 2);

	tring_forget(&r);
	q_clone3(&r, &args);
	r.last->rw_flags = IORING_CLONE_REPORT;
	memset(&told, 0, sizeof(told));
	told.report.size = sizeof(told);
	r.last->__pad2[0] = (uintptr_t)&told;
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_LT(tring_res(&r, CLONE), 0);
	EXPECT_EQ(told.report.end, 0);
}

TEST(O2_a_chain_without_exec_ends_for_want_of_one)
{
	struct told told;

	tring_init(&r, 0);
	q_told(&r, &told);
	q_nop(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(told.report.end, IORING_END_NO_EXEC);
	EXPECT_EQ(told.report.attempt, 0);
	EXPECT_EQ(told.report.path_len, 0);
}

/* --- under a policy ---------------------------------------------------------------- */

static void stage_exec(uint32_t event, int res, const char *path)
{
	struct engine_rule *rule = tprog_rule(&p, event, 0,
					      IORING_VERDICT_SUBMIT);

	rule->res = res;
	rule_stage_text(rule, ENGINE_STAGE_EXEC, path);
}

static void set_result(uint32_t event, uint32_t below, int result)
{
	struct engine_rule *rule = tprog_rule(&p, event, 0,
					      IORING_VERDICT_CONTINUE);

	rule->below = below;
	rule->sets_result = 1;
	rule->result = result;
}

TEST(O2_a_report_names_the_candidate_that_a_policy_staged)
{
	char *argv[] = { "prog", NULL };
	struct told told;

	tprog_start(&r, &p, IORING_POLICY_BEFORE_EXEC);
	stage_exec(IORING_POLICY_BEFORE_EXEC, 0, "/nonexistent/prog");
	q_told(&r, &told);
	q_exec(&r, "prog", argv);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(told.report.end, IORING_END_STEP);
	EXPECT_EQ(told.report.flags, IORING_REPORT_STAGED);
	EXPECT_EQ(told.report.attempt, 1);
	EXPECT_STR(path_of(&told), "/nonexistent/prog");
}

/* As a search does that has met a program that may not be executed. */
TEST(O2_a_report_names_the_candidate_with_the_steps_error)
{
	char *argv[] = { "prog", NULL }, *denied = in_dir("d");
	struct told told;

	write_file(denied, "x", 0644);
	tprog_start(&r, &p, IORING_POLICY_BEFORE_EXEC);
	stage_exec(IORING_POLICY_BEFORE_EXEC, 0, denied);
	stage_exec(STAGED, -EACCES, "/nonexistent/prog");
	set_result(STAGED, 0, -EACCES);
	q_told(&r, &told);
	q_exec(&r, "prog", argv);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -EACCES);
	EXPECT_EQ(told.report.error, -EACCES);
	EXPECT_EQ(told.report.res, -EACCES);
	EXPECT_EQ(told.report.attempt, 1);
	EXPECT_STR(path_of(&told), denied);
}

/* The step's error is the policy's: the last failure is told with its own. */
TEST(O2_a_report_tells_both_errors)
{
	struct told told;

	tprog_start(&r, &p, 0);
	set_result(FAILED, 0, -EUCLEAN);
	q_told(&r, &told);
	q_fail(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -EUCLEAN);
	EXPECT_EQ(told.report.error, -EUCLEAN);
	EXPECT_EQ(told.report.res, -ENOENT);
	EXPECT_EQ(told.report.attempt, 1);
}

TEST(O2_a_report_of_a_verdict_and_of_a_budget)
{
	struct told told;

	tprog_start(&r, &p, 0);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_ABORT);
	q_told(&r, &told);
	q_fail(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(told.report.end, IORING_END_VERDICT);

	tprog_again(&r, &p);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY);
	q_told(&r, &told);
	q_fail(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ETOOMANYREFS);
	EXPECT_EQ(told.report.end, IORING_END_BUDGET);
	EXPECT_EQ(told.report.res, -ENOENT);

	tprog_again(&r, &p);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	q_told(&r, &told);
	q_fail(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -EBADRQC);
	EXPECT_EQ(told.report.end, IORING_END_REFUSED);
}

/* --- cancelling ------------------------------------------------------------------ */

TEST(O2_a_report_of_a_chain_that_is_cancelled)
{
	struct blocker b;
	struct told told;

	tring_init(&r, 0);
	q_told(&r, &told);
	q_block(&r, &b);
	q_exit(&r, 0);
	tring_submit(&r);
	wait_blocked(CHECK_OK(tring_res(&r, CLONE)));
	q_cancel(&r, CLONE, 0, OTHER);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ECANCELED);
	EXPECT_EQ(told.report.end, IORING_END_CANCEL);
	EXPECT_EQ(told.report.step, 0);
	EXPECT_EQ(told.report.error, -ECANCELED);
}

TEST(O2_a_report_of_a_deadline)
{
	struct __kernel_timespec soon = { .tv_nsec = 1000000 };
	struct blocker b;
	struct told told;

	tring_init(&r, 0);
	q_told(&r, &told);
	q_timeout(&r, &soon);
	q_block(&r, &b);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
	/* it can come before there is a child */
	if (tring_res(&r, CLONE) > 0)
		EXPECT_EQ(told.report.end, IORING_END_DEADLINE);
	else
		EXPECT_EQ(told.report.end, 0);
}

/* --- the memory -------------------------------------------------------------------- */

TEST(O2_what_is_no_report_is_refused)
{
	struct told told = { .report.size = sizeof(told.report) - 1 };
	struct io_uring_sqe *sqe;

	tring_init(&r, 0);
	q_clone_report(&r, &told);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, CLONE), -EINVAL);

	tring_forget(&r);
	q_clone_report(&r, (void *)8);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, CLONE), -EFAULT);

	/* without its flag */
	tring_forget(&r);
	told.report.size = sizeof(told);
	sqe = q_clone_report(&r, &told);
	sqe->rw_flags = 0;
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, CLONE), -EINVAL);
}

TEST(O2_a_path_is_cut_to_the_room_there_is)
{
	static const size_t rooms[] = { 0, 1, 5, 12, 13, 14 };
	const char path[] = "/nonexistent/";
	struct told told;
	size_t i;

	tring_init(&r, 0);
	for (i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		char expected[sizeof(told.path)];
		size_t fits = rooms[i] ? rooms[i] - 1 : 0;

		tring_forget(&r);
		q_told(&r, &told);
		memset(told.report.path, 'x', 64);
		told.report.size = sizeof(told.report) + rooms[i];
		q_open_at(&r, 7, path, O_RDONLY);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), -ENOENT);
		tring_total(&r, 2);
		EXPECT_EQ(told.report.path_len, strlen(path));
		if (fits > strlen(path))
			fits = strlen(path);
		memset(expected, 'x', 64);
		memcpy(expected, path, fits);
		if (rooms[i])
			expected[fits] = '\0';
		EXPECT(!memcmp(told.report.path, expected, 64));
	}
}

TEST(O2_a_report_that_cannot_be_written_is_lost_and_nothing_else)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(told != MAP_FAILED);
	tring_init(&r, 0);
	q_told(&r, told);
	CHECK_SYS(mprotect(told, sizeof(*told), PROT_READ));
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
	EXPECT_EQ(told->report.end, 0);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
}

/*
 * A report whose path is in memory that somebody has to provide: the child that
 * writes it waits for that.
 */
static struct io_uring_spawn_report *report_on_hold(struct hold *h)
{
	struct io_uring_spawn_report *report;
	const size_t page = 4096;
	char *memory;

	memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	hold_at(h, memory + page);
	report = (void *)(memory + page - sizeof(*report));
	report->size = sizeof(*report) + page;
	return report;
}

/* The launcher has all CQEs but the last, and can cancel. */
TEST(O2_memory_that_does_not_come_keeps_the_child_alone_waiting)
{
	struct io_uring_spawn_report *report;
	struct hold h;
	pid_t pid;

	report = report_on_hold(&h);
	tring_init(&r, 0);
	q_clone_report(&r, report);
	q_nop(&r);
	q_open_at(&r, 7, "/nonexistent/file", O_RDONLY);
	q_exit(&r, 0);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	CHECK_EQ(tring_res(&r, 0), 0);
	hold_wait(&h);
	EXPECT(!tring_has(&r, 1));
	EXPECT_EQ(report->end, 0);
	q_cancel(&r, CLONE, 0, OTHER);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
	CHECK_EQ(tring_res(&r, 2), -ECANCELED);
	check_gone(pid);
	/* all but the path, which has no place */
	EXPECT_EQ(report->end, IORING_END_CANCEL);
	EXPECT_EQ(report->path_len, 0);
}

TEST(O2_memory_that_comes_late_is_written)
{
	struct io_uring_spawn_report *report;
	struct hold h;

	report = report_on_hold(&h);
	tring_init(&r, 0);
	q_clone_report(&r, report);
	q_open_at(&r, 7, "/nonexistent/file", O_RDONLY);
	tring_submit(&r);
	hold_wait(&h);
	hold_release(&h, "");
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(report->end, IORING_END_STEP);
	EXPECT_STR(report->path, "/nonexistent/file");
}

TEST(O2_memory_that_does_not_come_does_not_keep_the_ring)
{
	struct hold h;
	pid_t pid;

	tring_init(&r, 0);
	q_clone_report(&r, report_on_hold(&h));
	q_open_at(&r, 7, "/nonexistent/file", O_RDONLY);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	hold_wait(&h);
	tring_exit(&r);
	check_gone(pid);
	check_no_children();
}

TEST(O2_the_query_tells_of_reports)
{
	struct io_uring_spawn_query query;

	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT(query.sqe_clone_flags & IORING_CLONE_REPORT);
}
