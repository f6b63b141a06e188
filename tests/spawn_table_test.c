// SPDX-License-Identifier: LGPL-2.1-or-later
/* CLONE with IORING_CLONE_FILES: the child's file table is made from a list (S20). */
#include "lib/child.h"
#include "lib/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define MAX_FILES 8
#define FIXED IORING_CLONE_FILE_FIXED
#define CLOEXEC IORING_CLONE_FILE_CLOEXEC

static struct tring r;

static struct {
	struct io_uring_clone_files head;
	struct io_uring_clone_file files[MAX_FILES];
} list;

/* One more file for the child. */
static void give(int source, unsigned int number, unsigned int flags)
{
	CHECK_GT(MAX_FILES, list.head.nr);
	list.files[list.head.nr++] = (struct io_uring_clone_file) {
		.source = source, .number = number, .flags = flags,
	};
}

static struct io_uring_sqe *q_clone_files(void *files)
{
	struct io_uring_sqe *sqe = q_clone(&r);

	sqe->rw_flags = IORING_CLONE_FILES;
	sqe->addr3 = (uintptr_t)files;
	return sqe;
}

/* Spawn the helper "show", whose report goes to number 200 in the child. */
static void show_listed(struct shown *s)
{
	static char number[] = "200";

	tring_forget(&r);
	q_clone_files(&list);
	q_show(&r, s);
	s->argv[1] = number;
	give(s->to, 200, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(s);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 0);
	list.head.nr = 0;
}

/* "3 200": what the program has open. */
static const char *numbers(struct shown *s)
{
	static char text[512];
	char key[12];
	int len = 0;

	text[0] = '\0';
	for (int fd = 0; fd < 256; fd++) {
		snprintf(key, sizeof(key), "fd%d", fd);
		if (shown(s, key)[0])
			len += snprintf(text + len, sizeof(text) - len, "%s%d",
					len ? " " : "", fd);
	}
	return text;
}

/* A file of its own that says what is in it. */
static int file_with(const char *text)
{
	char *path = in_dir(text);

	write_file(path, text, 0644);
	return CHECK_SYS(open(path, O_RDWR | O_CLOEXEC));
}

static int refused(void *files)
{
	int res;

	tring_forget(&r);
	q_clone_files(files);
	q_exit(&r, 0);
	tring_submit(&r);
	tring_total(&r, 2);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	res = tring_res(&r, CLONE);
	CHECK_GT(0, res);
	check_no_children();
	list.head.nr = 0;
	return res;
}

TEST(S20_the_child_has_what_is_listed_and_nothing_else)
{
	int a = file_with("a"), b = file_with("b");
	struct shown s;

	for (int fd = 100; fd < 110; fd++)
		CHECK_EQ(dup2(0, fd), fd);
	tring_init(&r, 0);
	give(a, 0, 0);
	give(b, 7, 0);
	show_listed(&s);
	EXPECT_STR(numbers(&s), "0 7 200");
	EXPECT_HAS(shown(&s, "fd0"), "/a");
	EXPECT_HAS(shown(&s, "fd7"), "/b");
	/* ours are as they were */
	EXPECT_EQ(fcntl(105, F_GETFD), 0);
	EXPECT_EQ(fcntl(a, F_GETFD), FD_CLOEXEC);
}

/* Sources are the submitter's descriptors, also where they are numbers as well. */
TEST(S20_numbers_are_not_sources)
{
	int a = file_with("a"), b = file_with("b");
	struct shown s;

	CHECK_EQ(dup2(a, 50), 50);
	CHECK_EQ(dup2(b, 51), 51);
	tring_init(&r, 0);
	give(50, 51, 0);
	give(51, 50, 0);
	/* the last of several with one number counts */
	give(50, 60, 0);
	give(51, 60, 0);
	show_listed(&s);
	EXPECT_STR(numbers(&s), "50 51 60 200");
	EXPECT_HAS(shown(&s, "fd50"), "/b");
	EXPECT_HAS(shown(&s, "fd51"), "/a");
	EXPECT_HAS(shown(&s, "fd60"), "/b");
}

TEST(S20_registered_files_and_close_on_exec)
{
	int files[3] = { file_with("a"), -1, file_with("c") };
	struct io_uring_sqe *sqe;
	struct shown s;

	tring_init(&r, 0);
	CHECK_OK(tring_register(&r, IORING_REGISTER_FILES, files, 3));
	give(2, 5, FIXED);
	give(0, 6, FIXED | CLOEXEC);
	give(0, 8, CLOEXEC);
	show_listed(&s);
	EXPECT_STR(numbers(&s), "5 200");
	EXPECT_HAS(shown(&s, "fd5"), "/c");

	/* steps have the ones that are closed on exec, too */
	tring_forget(&r);
	give(0, 6, FIXED | CLOEXEC);
	q_clone_files(&list);
	sqe = q_write(&r, 6, "step", 4);
	sqe->off = 0;
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 4);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 0);
	EXPECT_STR(read_file(in_dir("a")), "step");

	list.head.nr = 0;
	give(1, 5, FIXED);
	EXPECT_EQ(refused(&list), -EBADF);
	give(3, 5, FIXED);
	EXPECT_EQ(refused(&list), -EBADF);
}

TEST(S20_on_all_kinds_of_rings)
{
	int files[] = { file_with("a") }, path;
	struct shown s;

	path = CHECK_SYS(open(in_dir("a"), O_PATH | O_CLOEXEC));
	for (unsigned int i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		CHECK_OK(tring_register(&r, IORING_REGISTER_FILES, files, 1));
		give(0, 5, FIXED);
		give(path, 6, 0);
		show_listed(&s);
		EXPECT_STR(numbers(&s), "5 6 200");
		EXPECT_HAS(shown(&s, "fd6"), "/a");
		tring_exit(&r);
	}
}

/* Steps fill a table that starts empty; nothing is there for the program else. */
TEST(S20_an_empty_table)
{
	char *path = in_dir("report");
	char *argv[] = { "show", "70", NULL };
	struct shown s;
	void *empty[] = { NULL, &list };

	write_file(path, "", 0644);
	tring_init(&r, 0);
	for (unsigned int i = 0; i < 2; i++) {
		tring_forget(&r);
		q_clone_files(empty[i]);
		hardlink(q_write(&r, 1, "x", 1));
		q_open_at(&r, 70, path, O_WRONLY | O_TRUNC);
		q_exec(&r, helper("show"), argv);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, 0), -EBADF);
		CHECK_EQ(tring_res(&r, 1), 70);
		CHECK_EQ(tring_res(&r, 2), 0);
		CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 0);
		snprintf(s.text, sizeof(s.text), "%s", read_file(path));
		EXPECT_STR(numbers(&s), "70");
	}
}

/* The table grows with the numbers, within the limit. */
TEST(S20_numbers_obey_the_limit)
{
	struct rlimit limit = { 1001, 1001 };
	int a = file_with("a");
	struct shown s;

	tring_init(&r, 0);
	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	give(a, 1000, 0);
	give(a, 64, 0);
	show_listed(&s);
	EXPECT_STR(numbers(&s), "64 200");
	EXPECT_HAS(shown(&s, "fd1000"), "/a");
	give(a, 1001, 0);
	EXPECT_EQ(refused(&list), -EBADF);
	give(a, -1, 0);
	EXPECT_EQ(refused(&list), -EBADF);
}

/* As dup2(2) says it, also where another limit is the lower one. */
TEST(S20_numbers_obey_the_system_limit)
{
	static const char path[] = "/proc/sys/fs/nr_open";
	long most = atol(read_file(path));
	struct rlimit limit = { most, most };

	tring_init(&r, 0);
	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	write_file(path, format("%ld", most - 1024), 0);
	give(0, most - 1, 0);
	EXPECT_EQ(refused(&list), -EBADF);
	write_file(path, format("%ld", most), 0);
}

TEST(S20_what_is_not_understood_is_refused)
{
	struct io_uring_sqe *sqe;

	tring_init(&r, 0);
	give(0, 0, 4);
	EXPECT_EQ(refused(&list), -EINVAL);
	give(0, 0, 0);
	list.files[0].resv = 1;
	EXPECT_EQ(refused(&list), -EINVAL);
	list.files[0].resv = 0;
	list.head.flags = 1;
	EXPECT_EQ(refused(&list), -EINVAL);
	list.head.flags = 0;
	list.head.resv = 1;
	EXPECT_EQ(refused(&list), -EINVAL);
	list.head.resv = 0;
	list.head.nr = 65537;
	EXPECT_EQ(refused(&list), -E2BIG);
	give(99, 0, 0);
	EXPECT_EQ(refused(&list), -EBADF);
	give(-1, 0, 0);
	EXPECT_EQ(refused(&list), -EBADF);
	EXPECT_EQ(refused((void *)1), -EFAULT);

	/* a list that is not asked for */
	tring_forget(&r);
	sqe = q_clone_files(&list);
	sqe->rw_flags = 0;
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EINVAL);
}

/* Half a table is given back when the list goes wrong, or the fork. */
TEST(S20_a_refused_list_keeps_no_file_open)
{
	struct clone_args args = { .exit_signal = 65 };
	int fds[2];
	char byte;

	tring_init(&r, 0);
	for (int i = 0; i < 2; i++) {
		make_pipe(fds);
		give(fds[1], 10, 0);
		if (!i) {
			give(99, 11, 0);
			EXPECT_EQ(refused(&list), -EBADF);
		} else {
			struct io_uring_sqe *sqe;

			tring_forget(&r);
			sqe = q_clone_files(&list);
			sqe->addr = (uintptr_t)&args;
			sqe->len = sizeof(args);
			q_exit(&r, 0);
			tring_submit(&r);
			EXPECT_EQ(tring_res(&r, CLONE), -EINVAL);
			list.head.nr = 0;
		}
		close(fds[1]);
		EXPECT_EQ(read(fds[0], &byte, 1), 0);
		close(fds[0]);
	}
}

/* A ring in the list is as one in a copied table: see S15. */
TEST(S20_a_listed_ring_ends_when_the_parent_closes_it)
{
	struct blocker b;
	pid_t pid;

	tring_init(&r, 0);
	make_pipe(b.fds);
	give(tring_fd(&r), 3, CLOEXEC);
	give(b.fds[0], 4, 0);
	q_clone_files(&list);
	q_read(&r, 4, &b.byte, 1);
	q_exit(&r, 0);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	wait_blocked(pid);
	tring_exit(&r);
	check_gone(pid);
}
