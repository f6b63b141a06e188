// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_EXEC_SEARCH: link rules that follow execvp(3)'s (S7). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

/* An attempt. */
static struct io_uring_sqe *q_try(const char *path)
{
	static char *argv[] = { "searched", NULL };
	struct io_uring_sqe *sqe = q_exec(&r, path, argv);

	sqe->ioprio = IORING_EXEC_SEARCH;
	return sqe;
}

/* Searches for path, then for a program that exits with 5. The first's result. */
static int search(const char *path, bool goes_on)
{
	tring_forget(&r);
	q_clone(&r);
	q_try(path);
	q_exit(&r, 5)->ioprio = IORING_EXEC_SEARCH;
	tring_submit(&r);
	if (goes_on) {
		CHECK_EQ(tring_res(&r, 1), 0);
		CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 5);
	} else {
		CHECK_EQ(tring_res(&r, 1), -ECANCELED);
		check_gone(CHECK_OK(tring_res(&r, CLONE)));
		check_no_children();
	}
	return tring_res(&r, 0);
}

TEST(S7_a_search_goes_on_after_what_execvp_goes_on_after)
{
	char *file = in_dir("file");

	write_file(file, "#!/bin/sh\n", 0644);
	tring_init(&r, 0);
	EXPECT_EQ(search("/nowhere/at/all", true), -ENOENT);
	EXPECT_EQ(search("/proc/self/comm/x", true), -ENOTDIR);
	EXPECT_EQ(search(file, true), -EACCES);
}

TEST(S7_other_errors_end_it)
{
	char *text = in_dir("text"), *loop = in_dir("loop");
	char *busy = in_dir("busy");
	int fd;

	write_file(text, "no program", 0755);
	CHECK_SYS(symlink(loop, loop));
	copy_file("/bin/true", busy, 0755);
	fd = CHECK_SYS(open(busy, O_WRONLY | O_CLOEXEC));
	tring_init(&r, 0);
	EXPECT_EQ(search(text, false), -ENOEXEC);
	EXPECT_EQ(search(loop, false), -ELOOP);
	EXPECT_EQ(search(busy, false), -ETXTBSY);
	close(fd);
}

/* Whichever link is written: the flag decides. */
TEST(S7_the_flag_decides_about_hard_links_too)
{
	char *text = in_dir("text");

	write_file(text, "no program", 0755);
	tring_init(&r, 0);
	q_clone(&r);
	hardlink(q_try("/nowhere"));
	hardlink(q_try(text));
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(tring_res(&r, 1), -ENOEXEC);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
}

/* Everything fails: each attempt says why. */
TEST(S7_a_search_that_finds_nothing)
{
	tring_init(&r, 0);
	q_clone(&r);
	q_try("/nowhere/a");
	q_try("/proc/self/comm/x");
	q_try("/nowhere/b");
	tring_submit(&r);
	tring_total(&r, 4);
	EXPECT_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(tring_res(&r, 1), -ENOTDIR);
	EXPECT_EQ(tring_res(&r, 2), -ENOENT);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	check_no_children();
}

/* Of those about links, in the policy's nth run. */
static unsigned int flags_told(unsigned int n)
{
	return tprog_run(&p, n)->ctx.flags &
	       (IORING_POLICY_F_SEARCH | IORING_POLICY_F_HARDLINK);
}

/* What counts is the step's result as the policy left it, and it is told so. */
TEST(S7_a_policy_and_a_search)
{
	char *text = in_dir("text");
	struct engine_rule *rule;
	char *argv[] = { "x", NULL };
	int link;

	write_file(text, "no program", 0755);
	link = tprog_start(&r, &p, IORING_POLICY_BEFORE_EXEC);
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 0,
			  IORING_VERDICT_CONTINUE);
	rule->sets_result = 1;
	rule->result = -ENOENT;
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 1,
			  IORING_VERDICT_CONTINUE);
	rule->sets_result = 1;
	rule->result = -EIO;
	q_clone(&r);
	q_exec(&r, text, argv)->ioprio = IORING_EXEC_SEARCH;
	q_exec(&r, "/nowhere", argv)->ioprio = IORING_EXEC_SEARCH;
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -ENOENT);
	EXPECT_EQ(tring_res(&r, 1), -EIO);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	/* before it, there is no error yet that would be forgiven */
	EXPECT_EQ(flags_told(0), IORING_POLICY_F_SEARCH);
	EXPECT_EQ(flags_told(1), IORING_POLICY_F_SEARCH);
	EXPECT_EQ(flags_told(2), IORING_POLICY_F_SEARCH);
	EXPECT_EQ(flags_told(3), IORING_POLICY_F_SEARCH | IORING_POLICY_F_HARDLINK);
	close(link);
}
