// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * posix_spawn_file_actions_*, case by case: what POSIX says, what libc does, and
 * that the library does the same.
 */
#include "posix/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define ADD(what, ...) \
	CHECK_EQ(posix_spawn_file_actions_add##what(actions(&j), __VA_ARGS__), 0)

/* --- close -------------------------------------------------------------------------- */

TEST(close_closes)
{
	struct job j = JOB;

	CHECK_SYS(dup2(0, 50));
	CHECK_SYS(dup2(0, 51));
	ADD(close, 50);
	both(&j, 0);
	CHECK_STR(seen(&j, "fd50"), "");
	CHECK_HAS(seen(&j, "fd51"), "stays");
	/* only there */
	CHECK_SYS(fcntl(50, F_GETFD));
}

TEST(close_of_what_is_not_open_is_no_error)
{
	struct job j = JOB;

	ADD(close, 50);
	ADD(close, 50);
	both(&j, 0);
}

static void few_descriptors(void)
{
	struct rlimit limit;

	CHECK_SYS(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 40;
	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
}

TEST(close_of_a_number_out_of_range)
{
	struct job j = JOB, open = JOB;

	j.parent = open.parent = few_descriptors;
	ADD(close, 50);
	both(&j, EBADF);
	/* but what is there can be closed */
	CHECK_SYS(dup2(0, 60));
	CHECK_EQ(posix_spawn_file_actions_addclose(actions(&open), 60), 0);
	both(&open, 0);
	CHECK_STR(seen(&open, "fd60"), "");
}

/* --- open --------------------------------------------------------------------------- */

TEST(open_opens_as_the_number)
{
	struct job j = JOB;
	const char *path = in_dir("file");

	umask(027);
	write_file(path, "text", 0644);
	ADD(open, 50, path, O_RDONLY, 0);
	ADD(open, 51, path, O_RDWR | O_APPEND | O_NONBLOCK, 0);
	ADD(open, 0, "/dev/null", O_WRONLY, 0);
	both(&j, 0);
	CHECK_STR(seen(&j, "fd50"), format("stays %s", path));
	CHECK_STR(seen(&j, "flags51"),
		  format("%o", O_RDWR | O_APPEND | O_NONBLOCK | 0100000));
	CHECK_STR(seen(&j, "fd0"), "stays /dev/null");
}

TEST(open_creates_with_mode_and_umask)
{
	struct job j = JOB;
	struct stat st;

	umask(027);
	ADD(open, 50, in_dir("made"), O_WRONLY | O_CREAT | O_TRUNC, 04777);
	both(&j, 0);
	CHECK_SYS(stat(in_dir("made"), &st));
	CHECK_EQ(st.st_mode & 07777, 04750u);
}

TEST(open_fails_as_open_does)
{
	static const struct {
		const char *path;
		int flags, error;
	} t[] = {
		{ "/nonexistent", O_RDONLY, ENOENT },
		{ "/etc/passwd/x", O_RDONLY, ENOTDIR },
		{ "/etc/passwd", O_RDONLY | O_DIRECTORY, ENOTDIR },
		{ "/etc/passwd", O_WRONLY | O_CREAT | O_EXCL, EEXIST },
		{ "/etc", O_WRONLY, EISDIR },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct job j = JOB;

		DIAG("%s", t[i].path);
		ADD(open, 50, t[i].path, t[i].flags, 0600);
		both(&j, t[i].error);
	}
}

/* Requests that are wrong in themselves make no child at all. */
TEST(open_of_nothing)
{
	struct job j = JOB;

	ADD(open, 50, "", O_RDONLY, 0);
	left(&j, ENOENT, "no child (ENOENT)");
}

/* The number is free when the file is opened. */
TEST(open_closes_first)
{
	struct job j = JOB, gone = JOB;

	CHECK_SYS(dup2(0, 50));
	ADD(open, 50, "/dev/null", O_RDWR, 0);
	both(&j, 0);
	CHECK_STR(seen(&j, "fd50"), "stays /dev/null");
	CHECK_EQ(posix_spawn_file_actions_addopen(actions(&gone), 50,
						  "/proc/self/fd/50", O_RDONLY, 0),
		 0);
	both(&gone, ENOENT);
}

static void no_free_number(void)
{
	struct rlimit limit;

	few_descriptors();
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = 0; fd < (int)limit.rlim_cur - 1; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			CHECK_SYS(dup2(STDERR_FILENO, fd));
}

TEST(open_needs_no_other_number)
{
	struct job j = JOB;

	j.parent = no_free_number;
	ADD(open, 5, "/dev/null", O_RDWR, 0);
	/* libc; the library needs a number for a moment when it makes its ring */
	both(&j, 0);
	CHECK_STR(seen(&j, "fd5"), "stays /dev/null");
}

TEST(open_with_close_on_exec_is_libcs)
{
	struct job j = JOB;

	ADD(open, 50, "/dev/null", O_RDWR | O_CLOEXEC, 0);
	left(&j, 0, "open with O_CLOEXEC");
}

/* --- dup2 --------------------------------------------------------------------------- */

TEST(dup2_duplicates)
{
	struct job j = JOB;

	CHECK_SYS(dup3(0, 50, O_CLOEXEC));
	CHECK_SYS(dup3(1, 51, O_CLOEXEC));
	ADD(dup2, 50, 60);
	ADD(dup2, 51, 61);
	both(&j, 0);
	CHECK_HAS(seen(&j, "fd60"), "stays");
	CHECK_HAS(seen(&j, "fd61"), "stays");
	CHECK_STR(seen(&j, "fd50"), "");
}

TEST(dup2_of_equal_numbers_keeps_it_open)
{
	struct job j = JOB, closed = JOB;

	CHECK_SYS(dup3(0, 50, O_CLOEXEC));
	ADD(dup2, 50, 50);
	both(&j, 0);
	CHECK_HAS(seen(&j, "fd50"), "stays");
	CHECK_EQ(posix_spawn_file_actions_adddup2(actions(&closed), 70, 70), 0);
	both(&closed, EBADF);
}

TEST(dup2_of_what_is_not_open)
{
	struct job j = JOB;

	ADD(dup2, 70, 71);
	both(&j, EBADF);
}

TEST(actions_are_done_in_order)
{
	struct job j = JOB;
	const char *a = in_dir("a"), *b = in_dir("b");

	write_file(a, "a", 0644);
	write_file(b, "b", 0644);
	ADD(open, 50, a, O_RDONLY, 0);
	ADD(open, 51, b, O_RDONLY, 0);
	/* change them over */
	ADD(dup2, 50, 52);
	ADD(dup2, 51, 50);
	ADD(dup2, 52, 51);
	ADD(close, 52);
	both(&j, 0);
	CHECK_STR(seen(&j, "fd50"), format("stays %s", b));
	CHECK_STR(seen(&j, "fd51"), format("stays %s", a));
	CHECK_STR(seen(&j, "fd52"), "");
}

/* More than a thread's first ring holds, and more than a chain can. */
TEST(many_actions)
{
	struct job j = JOB, most = JOB;
	int i;

	for (i = 0; i < 100; i++)
		ADD(open, 50 + i % 20, "/dev/null", O_RDONLY, 0);
	both(&j, 0);
	CHECK_STR(seen(&j, "fd69"), "stays /dev/null");
	for (i = 0; i < 300; i++)
		CHECK_EQ(posix_spawn_file_actions_adddup2(actions(&most), 0, 50),
			 0);
	left(&most, 0, "E2BIG");
}

/* --- directories -------------------------------------------------------------------- */

TEST(chdir_counts_for_what_follows)
{
	struct job j = JOB;

	write_file(in_dir("here"), "x", 0644);
	copy_file(helper("show"), in_dir("prog"), 0755);
	j.file = "./prog";
	j.argv = (char *[]){ "show", "100", NULL };
	ADD(chdir_np, tap_dir());
	ADD(open, 50, "here", O_RDONLY, 0);
	both(&j, 0);
	CHECK_STR(seen(&j, "cwd"), tap_dir());
	CHECK_HAS(seen(&j, "fd50"), "/here");
}

TEST(chdir_fails_as_chdir_does)
{
	struct job j = JOB, file = JOB;

	ADD(chdir_np, "/nonexistent");
	both(&j, ENOENT);
	CHECK_EQ(posix_spawn_file_actions_addchdir_np(actions(&file),
						      "/etc/passwd"), 0);
	both(&file, ENOTDIR);
}

TEST(fchdir_enters_what_is_open)
{
	struct job j = JOB, file = JOB, closed = JOB;

	CHECK_SYS(dup3(open(tap_dir(), O_PATH | O_CLOEXEC), 50, O_CLOEXEC));
	CHECK_SYS(dup3(open("/etc/passwd", O_RDONLY | O_CLOEXEC), 51, O_CLOEXEC));
	ADD(fchdir_np, 50);
	both(&j, 0);
	CHECK_STR(seen(&j, "cwd"), tap_dir());
	CHECK_EQ(posix_spawn_file_actions_addfchdir_np(actions(&file), 51), 0);
	both(&file, ENOTDIR);
	CHECK_EQ(posix_spawn_file_actions_addfchdir_np(actions(&closed), 70), 0);
	both(&closed, EBADF);
}

/* --- the rest of glibc's ------------------------------------------------------------ */

TEST(closefrom_closes_the_rest)
{
	struct job j = JOB;

	j.report = 1;
	CHECK_SYS(dup2(0, 50));
	CHECK_SYS(dup2(0, 3));
	ADD(closefrom_np, 3);
	ADD(open, 7, "/dev/null", O_RDONLY, 0);
	both(&j, 0);
	CHECK_STR(seen(&j, "fd3"), "");
	CHECK_STR(seen(&j, "fd50"), "");
	CHECK_STR(seen(&j, "fd7"), "stays /dev/null");
}

static void have_terminal(void)
{
	int master = CHECK_SYS(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));

	CHECK_SYS(grantpt(master));
	CHECK_SYS(unlockpt(master));
	CHECK_SYS(setsid());
	CHECK_SYS(dup2(open(ptsname(master), O_RDWR), 50));
	CHECK_SYS(dup2(master, 55));
	CHECK_EQ(tcgetpgrp(50), getpid());
}

TEST(tcsetpgrp_puts_the_child_in_front)
{
	struct job j = JOB, behind = JOB;

	j.parent = behind.parent = have_terminal;
	attributes(&j, POSIX_SPAWN_SETPGROUP);
	ADD(tcsetpgrp_np, 50);
	both(&j, 0);
	CHECK_STR(seen(&j, "pgid"), "child");
	CHECK_STR(seen(&j, "foreground50"), "own");
	attributes(&behind, POSIX_SPAWN_SETPGROUP);
	both(&behind, 0);
	CHECK_STR(seen(&behind, "foreground50"), "other");
}

TEST(tcsetpgrp_fails)
{
	struct job j = JOB, closed = JOB;

	CHECK_SYS(dup2(open("/dev/null", O_RDONLY), 50));
	ADD(tcsetpgrp_np, 50);
	both(&j, ENOTTY);
	CHECK_EQ(posix_spawn_file_actions_addtcsetpgrp_np(actions(&closed), 70),
		 0);
	both(&closed, EBADF);
}
