// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_CHILD: what a child does to itself (S6). */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;

TEST(S6_dup_puts_a_descriptor_at_its_number)
{
	char *path = in_dir("file");
	struct shown s;
	int fd;

	write_file(path, "text", 0600);
	fd = CHECK_SYS(open(path, O_RDONLY | O_CLOEXEC));
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = fd, .off = 77),
		 77);
	EXPECT_HAS(shown(&s, "fd77"), path);
	EXPECT_HAS(shown(&s, "fd77"), "stays");
	/* In place of an open one, standard input for instance. */
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = fd, .off = 0),
		 0);
	EXPECT_HAS(shown(&s, "fd0"), path);
	/* Ours are as they were. */
	EXPECT_EQ(fcntl(77, F_GETFD), -1);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(S6_dup_with_close_on_exec_is_gone_in_the_program)
{
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = 0, .off = 77,
			      .rw_flags = O_CLOEXEC),
		 77);
	EXPECT_STR(shown(&s, "fd77"), "");
}

/* Unlike dup3: a descriptor that is there already only gets its flag. */
TEST(S6_dup_onto_itself_sets_the_flag)
{
	int fd = CHECK_SYS(fcntl(0, F_DUPFD_CLOEXEC, 60));
	char key[8];
	struct shown s;

	snprintf(key, sizeof(key), "fd%d", fd);
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = fd, .off = fd),
		 fd);
	EXPECT_HAS(shown(&s, key), "stays");
	CHECK_SYS(fcntl(fd, F_SETFD, 0));
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = fd, .off = fd,
			      .rw_flags = O_CLOEXEC),
		 fd);
	EXPECT_STR(shown(&s, key), "");
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 99,
			       .off = 99),
		  -EBADF);
}

TEST(S6_dup_fails_as_dup3_does)
{
	struct rlimit limit;

	tring_init(&r, 0);
	CHECK_SYS(getrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(
		CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 99, .off = 1),
		-EBADF);
	EXPECT_EQ(
		CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = -1, .off = 1),
		-EBADF);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 0,
			       .off = limit.rlim_cur),
		  -EBADF);
	EXPECT_LT(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 0,
			       .off = 1ULL << 32),
		  0);
	EXPECT_LT(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 0,
			       .off = -1ULL),
		  0);
}

TEST(S6_registered_files_are_sources)
{
	char *path = in_dir("file");
	char buf[5] = "";
	struct shown s;
	int fd;

	write_file(path, "text", 0600);
	fd = CHECK_SYS(open(path, O_RDONLY | O_CLOEXEC));
	tring_init(&r, 0);
	CHECK_OK(io_uring_register_files(&r.uring, &fd, 1));
	close(fd);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = 0, .off = 50,
			      .flags = IOSQE_FIXED_FILE),
		 50);
	EXPECT_HAS(shown(&s, "fd50"), path);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 1,
			       .off = 50, .flags = IOSQE_FIXED_FILE),
		  -EBADF);

	tring_forget(&r);
	q_clone(&r);
	q_read(&r, 0, buf, 4)->flags |= IOSQE_FIXED_FILE;
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 4);
	EXPECT_STR(buf, "text");
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

TEST(S6_open_at_a_number)
{
	char *path = in_dir("new");
	int dir = CHECK_SYS(open(tap_dir(), O_PATH | O_CLOEXEC));
	struct stat st;
	struct shown s;

	umask(022);
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_OPEN, .fd = AT_FDCWD,
			      .addr = (uintptr_t)path, .off = 70,
			      .rw_flags = O_WRONLY | O_CREAT, .addr3 = 0666),
		 70);
	EXPECT_HAS(shown(&s, "fd70"), path);
	CHECK_SYS(stat(path, &st));
	EXPECT_EQ(st.st_mode & 07777, 0644);
	/* Relative, onto an open number, closed at exec. */
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_OPEN, .fd = dir,
			      .addr = (uintptr_t) "new", .off = 0,
			      .rw_flags = O_RDONLY),
		 0);
	EXPECT_HAS(shown(&s, "fd0"), path);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_OPEN, .fd = dir,
			      .addr = (uintptr_t) "new", .off = 71,
			      .rw_flags = O_RDONLY | O_CLOEXEC),
		 71);
	EXPECT_STR(shown(&s, "fd71"), "");
}

TEST(S6_open_at_a_number_fails_as_openat_and_dup3_do)
{
	char *path = in_dir("new");
	struct rlimit limit;

	tring_init(&r, 0);
	CHECK_SYS(getrlimit(RLIMIT_NOFILE, &limit));
#define OPEN_RESULT(path_, off_, flags_, mode_)                                \
	CHILD_RESULT(NULL, .len = IORING_CHILD_OPEN, .fd = AT_FDCWD,           \
		     .addr = (uintptr_t)(path_), .off = (off_),                \
		     .rw_flags = (flags_), .addr3 = (mode_))
	EXPECT_EQ(OPEN_RESULT("/nonexistent", 70, O_RDONLY, 0), -ENOENT);
	EXPECT_EQ(OPEN_RESULT(path, limit.rlim_cur, O_CREAT | O_RDWR, 0600),
		  -EBADF);
	EXPECT_LT(OPEN_RESULT(path, 1ULL << 32, O_RDONLY, 0), 0);
	EXPECT_EQ(OPEN_RESULT("/proc", 70, O_WRONLY, 0), -EISDIR);
	EXPECT_EQ(OPEN_RESULT("/dev/null", 70, O_RDONLY, 1ULL << 32), -EINVAL);
}

TEST(S6_chdir)
{
	int dir = CHECK_SYS(open("/", O_PATH | O_CLOEXEC));
	char *path = in_dir("text"), *closed = in_dir("closed");
	struct shown s;

#define CHDIR_RESULT(s_, fd_, path_)                                           \
	CHILD_RESULT(s_, .len = IORING_CHILD_CHDIR, .fd = (fd_),               \
		     .addr = (uintptr_t)(path_))
	write_file(path, "text", 0600);
	CHECK_SYS(mkdir(closed, 0700));
	tring_init(&r, 0);
	CHECK_EQ(CHDIR_RESULT(&s, AT_FDCWD, tap_dir()), 0);
	EXPECT_STR(shown(&s, "cwd"), tap_dir());
	CHECK_EQ(CHDIR_RESULT(&s, dir, "proc"), 0);
	EXPECT_STR(shown(&s, "cwd"), "/proc");
	EXPECT_EQ(CHDIR_RESULT(NULL, AT_FDCWD, "/nonexistent"), -ENOENT);
	EXPECT_EQ(CHDIR_RESULT(NULL, AT_FDCWD, path), -ENOTDIR);
	EXPECT_EQ(CHDIR_RESULT(NULL, 99, "proc"), -EBADF);
	EXPECT_EQ(CHDIR_RESULT(NULL, AT_FDCWD, ""), -ENOENT);
	become_ordinary();
	EXPECT_EQ(CHDIR_RESULT(NULL, AT_FDCWD, closed), -EACCES);
}

TEST(S6_fchdir)
{
	int dir = CHECK_SYS(open("/proc", O_RDONLY | O_CLOEXEC));
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_FCHDIR, .fd = dir), 0);
	EXPECT_STR(shown(&s, "cwd"), "/proc");
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_FCHDIR, .fd = 99),
		  -EBADF);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_FCHDIR,
			       .fd = open("/dev/null", O_RDONLY)),
		  -ENOTDIR);
}

TEST(S6_setsid_and_setpgid)
{
	struct shown s;
	int sid;

	tring_init(&r, 0);
	sid = CHILD_RESULT(&s, .len = IORING_CHILD_SETSID);
	CHECK_GT(sid, 0);
	EXPECT_EQ(sid, tring_res(&r, CLONE));
	EXPECT_EQ(shown_number(&s, "sid"), shown_number(&s, "pid"));
	EXPECT_EQ(shown_number(&s, "pgid"), shown_number(&s, "pid"));

	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETPGID), 0);
	EXPECT_EQ(shown_number(&s, "pgid"), shown_number(&s, "pid"));
	EXPECT_EQ(shown_number(&s, "sid"), getsid(0));

	CHECK_SYS(setpgid(0, 0));
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETPGID,
			      .off = getpgid(0)),
		 0);
	EXPECT_EQ(shown_number(&s, "pgid"), getpgid(0));
	/* A group that does not exist, and numbers that are none. */
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETPGID,
			       .off = 0x3fffff),
		  -EPERM);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETPGID, .off = -1ULL),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETPGID,
			       .off = 1ULL << 32),
		  -EINVAL);
}

/* Who leads a process group cannot start a session. */
TEST(S6_setsid_fails_as_the_call_does)
{
	tring_init(&r, 0);
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETPGID);
	q_child(&r, IORING_CHILD_SETSID);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), -EPERM);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
}

/* What a chain says whose CHILD step is spoiled. */
static int spoiled(unsigned int cmd, size_t offset, size_t size)
{
	struct io_uring_sqe *sqe;
	int res;

	tring_forget(&r);
	q_clone(&r);
	sqe = q_child(&r, cmd);
	if (cmd == IORING_CHILD_CHDIR || cmd == IORING_CHILD_OPEN) {
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t) "/";
	}
	if (cmd == IORING_CHILD_OPEN)
		sqe->off = 70;
	memset((char *)sqe + offset, 1, size);
	q_exit(&r, 0);
	tring_submit(&r);
	res = tring_res(&r, 0);
	CHECK_NE(tring_res(&r, 1), 0);
	return res;
}

#define FIELD(f)                                                               \
	{                                                                      \
		offsetof(struct io_uring_sqe, f),                              \
			sizeof(((struct io_uring_sqe *)0)->f), #f              \
	}

TEST(S6_every_field_a_command_does_not_use_is_refused)
{
	static const struct field {
		size_t offset, size;
		const char *name;
	} fields[] = {
		FIELD(ioprio),	 FIELD(buf_index), FIELD(file_index),
		FIELD(fd),	 FIELD(off),	   FIELD(addr),
		FIELD(rw_flags), FIELD(addr3),	   FIELD(__pad2),
	};
	/* Which of them a command uses, in the same order. */
	static const char *const used[] = {
		[IORING_CHILD_DUP] = "...xx.x..",
		[IORING_CHILD_CHDIR] = "...x.x...",
		[IORING_CHILD_FCHDIR] = "...x.....",
		[IORING_CHILD_SETSID] = ".........",
		[IORING_CHILD_SETPGID] = "....x....",
		[IORING_CHILD_OPEN] = "...xxxxx.",
		[IORING_CHILD_CLOSE_RANGE] = "...xx.x..",
		[IORING_CHILD_CLOSE_EXCEPT] = "....xxx..",
		[IORING_CHILD_CHROOT] = "...x.x...",
		[IORING_CHILD_UMASK] = "....x....",
		[IORING_CHILD_TCSETPGRP] = "...xx....",
		[IORING_CHILD_SIGMASK] = "....x....",
		[IORING_CHILD_SIGDEFAULT] = "....x....",
		[IORING_CHILD_SIGIGNORE] = "....x....",
		[IORING_CHILD_SETGROUPS] = "....xx...",
		[IORING_CHILD_SETRESGID] = "....xx.x.",
		[IORING_CHILD_SETRESUID] = "....xx.x.",
		[IORING_CHILD_CAPSET] = "....xx.x.",
		[IORING_CHILD_PRCTL] = "....xxxxx",
		[IORING_CHILD_DUMPABLE] = "....x....",
		[IORING_CHILD_LANDLOCK] = "...x.....",
		[IORING_CHILD_RLIMIT] = "....xx.x.",
		[IORING_CHILD_NICE] = "....x....",
		[IORING_CHILD_SCHED] = "....xx...",
		[IORING_CHILD_AFFINITY] = "....xx...",
		[IORING_CHILD_IOPRIO] = "....x....",
		[IORING_CHILD_OOM_SCORE_ADJ] = "....x....",
		[IORING_CHILD_UNSHARE] = "....x....",
		[IORING_CHILD_SETNS] = "...xx....",
	};
	unsigned int cmd, i;
	int res;

	tring_init(&r, 0);
	for (cmd = 0; cmd < IORING_CHILD_LAST; cmd++) {
		for (i = 0; used[cmd][i]; i++) {
			if (used[cmd][i] == 'x')
				continue;
			res = spoiled(cmd, fields[i].offset, fields[i].size);
			if (res != -EINVAL)
				FAIL("command %u with %s: %d", cmd,
				     fields[i].name, res);
		}
	}
	check_no_children();
}

TEST(S6_unknown_commands_and_flags_are_refused)
{
	struct io_uring_spawn_query query;
	unsigned int i;

	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT_EQ(query.child_cmds[0], (1ULL << IORING_CHILD_LAST) - 1);
	for (i = 1; i < 4; i++)
		EXPECT_EQ(query.child_cmds[i], 0);
	for (i = IORING_CHILD_LAST; i < IORING_CHILD_LAST + 4; i++)
		EXPECT_EQ(spoiled(i, 0, 0), -EINVAL);
	EXPECT_EQ(spoiled(~0U, 0, 0), -EINVAL);
	tring_forget(&r);
	q_clone(&r);
	q_dup(&r, 0, 60)->rw_flags = O_CLOEXEC | O_RDWR;
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EINVAL);
}

TEST(S6_child_outside_a_chain_is_refused)
{
	tring_init(&r, 0);
	q_child(&r, IORING_CHILD_SETSID);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EINVAL);
	q_dup(&r, 0, 60);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 1), -EINVAL);
	EXPECT_EQ(fcntl(60, F_GETFD), -1);
}
