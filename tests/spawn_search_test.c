// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_EXEC_SEARCH: link rules that follow execvp(3)'s (S7), and what is found (K12). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* --- an attempt is looked up before it is opened ------------------------------------ */

/* A negative error, or what the program exited with. */
static int outcome(int dir, const char *path, int flags, int ioprio)
{
	char *argv[] = { "exit_with", "6", NULL };
	struct io_uring_sqe *sqe;
	int res;

	tring_forget(&r);
	q_clone(&r);
	sqe = q_exec(&r, path, argv);
	sqe->fd = dir;
	sqe->rw_flags = flags;
	sqe->ioprio = ioprio;
	tring_submit(&r);
	res = tring_res(&r, 0);
	if (!res)
		return wait_exit(CHECK_OK(tring_res(&r, CLONE)));
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	return res;
}

static void expect_alike(int dir, const char *path, int flags, int expected)
{
	DIAG("%d %.40s %#x", dir, path, flags);
	EXPECT_EQ(outcome(dir, path, flags, 0), expected);
	EXPECT_EQ(outcome(dir, path, flags, IORING_EXEC_SEARCH), expected);
}

static char *too_long(void)
{
	static char name[NAME_MAX + 3];

	memset(name, 'n', sizeof(name) - 1);
	name[0] = '/';
	return name;
}

static void make_files(void)
{
	copy_file(helper("exit_with"), in_dir("program"), 0755);
	write_file(in_dir("script"), "#!/bin/sh\nexit 6\n", 0755);
	write_file(in_dir("data"), "data", 0644);
	CHECK_SYS(symlink("program", in_dir("link")));
	CHECK_SYS(symlink("nowhere", in_dir("dangling")));
	CHECK_SYS(symlink("loop", in_dir("loop")));
}

TEST(K12_an_attempt_finds_what_a_lone_exec_finds)
{
	int dir, file;

	make_files();
	dir = CHECK_SYS(open(in_dir("."), O_PATH | O_DIRECTORY));
	file = CHECK_SYS(open(in_dir("program"), O_PATH));
	tring_init(&r, 0);

	expect_alike(AT_FDCWD, in_dir("program"), 0, 6);
	expect_alike(AT_FDCWD, in_dir("link"), 0, 6);
	expect_alike(AT_FDCWD, in_dir("script"), 0, 6);
	expect_alike(dir, "program", 0, 6);
	expect_alike(dir, "program", AT_SYMLINK_NOFOLLOW, 6);
	expect_alike(dir, "script", 0, 6);
	expect_alike(file, "", AT_EMPTY_PATH, 6);
	expect_alike(dir, "program", AT_EMPTY_PATH, 6);

	expect_alike(dir, "link", AT_SYMLINK_NOFOLLOW, -ELOOP);
	expect_alike(dir, "loop", 0, -ELOOP);
	expect_alike(dir, "dangling", 0, -ENOENT);
	expect_alike(dir, "nowhere", 0, -ENOENT);
	expect_alike(dir, "", 0, -ENOENT);
	expect_alike(dir, "program/", 0, -ENOTDIR);
	expect_alike(dir, "program/x", 0, -ENOTDIR);
	expect_alike(file, "x", 0, -ENOTDIR);
	expect_alike(dir, ".", 0, -EACCES);
	expect_alike(dir, "data", 0, -EACCES);
	expect_alike(dir, "/proc/self/comm", 0, -EACCES);
	expect_alike(9999, "program", 0, -EBADF);
	expect_alike(dir, too_long(), 0, -ENAMETOOLONG);
}

/* A directory that may not be entered, and a file that may not be executed. */
TEST(K12_an_attempt_asks_for_the_same_rights)
{
	copy_file(helper("exit_with"), in_dir("theirs"), 0744);
	CHECK_SYS(mkdir(in_dir("closed"), 0700));
	copy_file(helper("exit_with"), in_dir("closed/program"), 0755);
	become_ordinary();
	tring_init(&r, 0);
	expect_alike(AT_FDCWD, in_dir("theirs"), 0, -EACCES);
	expect_alike(AT_FDCWD, in_dir("closed/program"), 0, -EACCES);
	expect_alike(AT_FDCWD, in_dir("closed/nowhere"), 0, -EACCES);
}
