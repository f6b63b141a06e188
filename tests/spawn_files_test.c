// SPDX-License-Identifier: LGPL-2.1-or-later
/* Commands of IORING_OP_CHILD: closing descriptors, the root, the umask (S6). */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/step.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define CLOEXEC 4 /* CLOSE_RANGE_CLOEXEC */

static struct tring r;

/* Descriptors 60 to 69 of ours, which programs inherit. */
static void open_ten(void)
{
	int fd;

	for (fd = 60; fd < 70; fd++)
		CHECK_EQ(dup2(0, fd), fd);
}

/* "60 65 69": those of the ten that the program has. */
static const char *left_of_ten(struct shown *s)
{
	static char text[64];
	char key[8];
	int fd, len = 0;

	text[0] = '\0';
	for (fd = 60; fd < 70; fd++) {
		snprintf(key, sizeof(key), "fd%d", fd);
		if (shown(s, key)[0])
			len += snprintf(text + len, sizeof(text) - len, "%s%d",
					len ? " " : "", fd);
	}
	return text;
}

TEST(S6_close_range)
{
	struct shown s;

	open_ten();
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_CLOSE_RANGE, .fd = 61,
			      .off = 68),
		 0);
	EXPECT_STR(left_of_ten(&s), "60 69");
	/* one, and what is not open */
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_CLOSE_RANGE, .fd = 69,
			      .off = 500),
		 0);
	EXPECT_STR(left_of_ten(&s), "60 61 62 63 64 65 66 67 68");
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_CLOSE_RANGE, .fd = 64,
			      .off = 66, .rw_flags = CLOEXEC),
		 0);
	EXPECT_STR(left_of_ten(&s), "60 61 62 63 67 68 69");
	/* ours are as they were */
	EXPECT_EQ(fcntl(65, F_GETFD), 0);
}

/* Everything, and a step behind finds no descriptor any more. */
TEST(S6_close_range_without_end)
{
	struct io_uring_sqe *sqe;

	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_CLOSE_RANGE);
	sqe->off = UINT_MAX;
	q_write(&r, 1, "x", 1);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), -EBADF);
}

TEST(S6_close_range_fails_as_the_call_does)
{
	tring_init(&r, 0);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CLOSE_RANGE, .fd = 69,
			       .off = 68),
		  -EINVAL);
	/* it has no table to unshare */
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CLOSE_RANGE, .fd = 60,
			       .off = 68, .rw_flags = 2),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CLOSE_RANGE, .fd = 60,
			       .off = 1ULL << 32),
		  -EINVAL);
}

#define EXCEPT(s_, list_, count_, flags_)                                      \
	CHILD_RESULT(s_, .len = IORING_CHILD_CLOSE_EXCEPT,                     \
		     .addr = (uintptr_t)(list_), .off = (count_),              \
		     .rw_flags = (flags_))

TEST(S6_close_all_but_a_list)
{
	struct shown s;
	int list[] = { 67, 0, 61, 1, 500, 61, 2, 0 };

	open_ten();
	tring_init(&r, 0);
	/* q_show() makes a pipe and has the program write to the third number */
	list[7] = CHECK_SYS(dup(0)) + 2;
	close(list[7] - 2);
	CHECK_EQ(EXCEPT(&s, list, 8, 0), 0);
	EXPECT_STR(left_of_ten(&s), "61 67");
	EXPECT(shown(&s, "fd0")[0]);
	EXPECT(shown(&s, "fd2")[0]);
}

TEST(S6_close_all_but_none)
{
	tring_init(&r, 0);
	q_clone(&r);
	q_child(&r, IORING_CHILD_CLOSE_EXCEPT);
	q_write(&r, 1, "x", 1);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), -EBADF);
}

/* Steps still have what the program does not get. */
TEST(S6_close_all_but_a_list_on_exec)
{
	int list[] = { 2 };
	struct io_uring_sqe *sqe;

	open_ten();
	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_CLOSE_EXCEPT);
	sqe->addr = (uintptr_t)list;
	sqe->off = 1;
	sqe->rw_flags = CLOEXEC;
	q_dup(&r, 65, 66);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), 66);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

TEST(S6_close_all_but_a_list_that_is_wrong)
{
	int list[] = { 0 };

	tring_init(&r, 0);
	EXPECT_EQ(EXCEPT(NULL, 8, 1, 0), -EFAULT);
	EXPECT_EQ(EXCEPT(NULL, NULL, 1, 0), -EFAULT);
	EXPECT_EQ(EXCEPT(NULL, list, 65537, 0), -EINVAL);
	EXPECT_EQ(EXCEPT(NULL, list, 1, 2), -EINVAL);
}

/* --- the file system ------------------------------------------------------------ */

#define CHROOT(fd_, path_)                                                     \
	CHILD_RESULT(NULL, .len = IORING_CHILD_CHROOT, .fd = (fd_),            \
		     .addr = (uintptr_t)(path_))

/* The program in the new root is found there, and nothing of the old one. */
TEST(S6_chroot)
{
	static char *const argv[] = { "quit", NULL };
	struct io_uring_sqe *sqe;
	int res;

	CHECK_SYS(mkdir(in_dir("root"), 0755));
	copy_file(helper("quit"), in_dir("root/quit"), 0755);
	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_CHROOT);
	sqe->fd = CHECK_SYS(open(tap_dir(), O_PATH | O_CLOEXEC));
	sqe->addr = (uintptr_t) "root";
	hardlink(q_exec(&r, "/bin/sh", argv));
	q_exec(&r, "/quit", argv);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), -ENOENT);
	CHECK_EQ(tring_res(&r, 2), 0);
	res = wait_exit(tring_res(&r, CLONE));
	CHECK_GE(res, 0);
	/* not ours */
	CHECK_SYS(access("/bin/sh", X_OK));
}

TEST(S6_chroot_fails_as_the_call_does)
{
	write_file(in_dir("file"), "text", 0600);
	CHECK_SYS(mkdir(in_dir("closed"), 0700));
	tring_init(&r, 0);
	EXPECT_EQ(CHROOT(AT_FDCWD, "/nonexistent"), -ENOENT);
	EXPECT_EQ(CHROOT(AT_FDCWD, ""), -ENOENT);
	EXPECT_EQ(CHROOT(AT_FDCWD, in_dir("file")), -ENOTDIR);
	EXPECT_EQ(CHROOT(99, "root"), -EBADF);
	EXPECT_EQ(CHROOT(AT_FDCWD, NULL), -EFAULT);
	become_ordinary();
	EXPECT_EQ(CHROOT(AT_FDCWD, "/"), -EPERM);
	EXPECT_EQ(CHROOT(AT_FDCWD, in_dir("closed")), -EACCES);
}

TEST(S6_umask)
{
	struct shown s;

	umask(022);
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_UMASK, .off = 0137), 022);
	EXPECT_STR(shown(&s, "Umask"), "0137");
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_UMASK, .off = 01000),
		  -EINVAL);
	EXPECT_EQ(umask(022), 022);
}
