// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_EXEC: success, failure, arguments, credentials (S8, S10, S12, S13). */
#include "lib/child.h"
#include "lib/doomed.h"
#include "lib/ring.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;

/* CLONE and this EXEC alone; its result. The program exits with 0. */
static int exec_result(int fd, const char *path, void *argv, void *envp,
		       int flags)
{
	struct io_uring_sqe *sqe;
	int res;

	tring_forget(&r);
	q_clone(&r);
	sqe = q_exec(&r, path, argv);
	sqe->fd = fd;
	sqe->addr3 = (uintptr_t)envp;
	sqe->rw_flags = flags;
	tring_submit(&r);
	res = tring_res(&r, 0);
	tring_total(&r, 2);
	if (res == 0)
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	else if (tring_res(&r, CLONE) > 0)
		check_gone(tring_res(&r, CLONE));
	return res;
}

TEST(S8_a_successful_exec_is_the_last_thing_that_happens)
{
	char *left = in_dir("left"), *right = in_dir("right");
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		hardlink(q_exit(&r, 3));
		hardlink(q_mkdir(&r, left));
		q_mkdir(&r, right);
		q_exit(&r, 4);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0);
		CHECK_EQ(tring_res(&r, 1), -ECANCELED);
		CHECK_EQ(tring_res(&r, 2), -ECANCELED);
		CHECK_EQ(tring_res(&r, 3), -ECANCELED);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
		tring_total(&r, 5);
		EXPECT_EQ(access(left, F_OK), -1);
		EXPECT_EQ(access(right, F_OK), -1);
		tring_exit(&r);
	}
}

/* Otherwise they would run with the program's rights. */
TEST(S8_a_set_user_id_program_runs_none_of_the_steps_left_over)
{
	char *program = in_dir("show"), *secret = in_dir("secret");
	char *loot = in_dir("secret/loot");
	struct shown s;
	struct io_uring_sqe *sqe;

	copy_file(helper("show"), program, 04755);
	CHECK_SYS(mkdir(secret, 0700));
	become_ordinary();
	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_show(&r, &s);
	sqe->addr = (uintptr_t)program;
	hardlink(sqe);
	hardlink(q_mkdir(&r, loot));
	q_mkdir(&r, loot);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "euid"), 0);
	EXPECT_EQ(shown_number(&s, "uid"), ORDINARY);
	EXPECT_EQ(shown_number(&s, "secure"), 1);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	/* Removing the directory shows that it is empty. */
	CHECK_SYS(rename(secret, in_dir("moved")));
	CHECK_SYS(rmdir(in_dir("moved")));
}

TEST(S10_an_exec_past_its_point_of_no_return_ends_everything)
{
	static char *argv[] = { "doomed", NULL };
	char *doomed = in_dir("doomed"), *never = in_dir("never");
	unsigned int i;
	int res;

	write_doomed_elf(doomed);
	count_sigchld();
	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		hardlink(q_exec(&r, doomed, argv));
		hardlink(q_mkdir(&r, never));
		q_exit(&r, 0);
		tring_submit(&r);
		res = tring_res(&r, 0);
		CHECK_LT(res, 0);
		CHECK_NE(res, -ECANCELED);
		CHECK_EQ(tring_res(&r, 1), -ECANCELED);
		CHECK_EQ(tring_res(&r, 2), -ECANCELED);
		tring_total(&r, 4);
		check_gone(CHECK_OK(tring_res(&r, CLONE)));
		EXPECT_EQ(access(never, F_OK), -1);
		check_no_children();
		tring_exit(&r);
	}
	EXPECT_EQ(sigchlds(), 0);
}

/* The program itself is as fork and execve would have it. */
TEST(S10_the_doomed_program_is_doomed_by_execve_too)
{
	char *doomed = in_dir("doomed");
	pid_t pid;

	write_doomed_elf(doomed);
	pid = CHECK_SYS(fork());
	if (!pid) {
		execl(doomed, doomed, NULL);
		_exit(1);
	}
	CHECK_EQ(wait_exit(pid), -SIGSEGV);
}

TEST(S12_the_name_is_imported_when_the_request_is_prepared)
{
	static char *argv[] = { "exit_with", "5", NULL };
	char path[4096];
	struct blocker b;

	snprintf(path, sizeof(path), "%s", helper("exit_with"));
	tring_init(&r, 0);
	q_clone(&r);
	q_block(&r, &b);
	q_exec(&r, path, argv);
	tring_submit(&r);
	CHECK_GT(tring_res(&r, CLONE), 0);
	memset(path, 'x', sizeof(path));
	blocker_release(&b);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 5);
}

TEST(S12_argv_and_envp_are_read_at_exec)
{
	char var[] = "SHOW_A=before";
	char *envp[] = { var, NULL };
	struct blocker b;
	struct shown s;

	tring_init(&r, 0);
	q_clone(&r);
	q_block(&r, &b);
	q_show(&r, &s)->addr3 = (uintptr_t)envp;
	tring_submit(&r);
	CHECK_GT(tring_res(&r, CLONE), 0);
	s.argv[0] = "another";
	memcpy(var + 7, "after!", 6);
	blocker_release(&b);
	CHECK_EQ(tring_res(&r, 1), 0);
	shown_read(&s);
	EXPECT_STR(shown(&s, "arg0"), "another");
	EXPECT_STR(shown(&s, "env"), "SHOW_A=after!");
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

TEST(S12_paths_are_those_of_execveat)
{
	char *argv[] = { "exit_with", "0", NULL };
	char *link = in_dir("link"), *text = in_dir("text");
	int fd = CHECK_SYS(open(helper("exit_with"), O_PATH | O_CLOEXEC));
	int dir = CHECK_SYS(open(tap_dir(), O_PATH | O_CLOEXEC));

	CHECK_SYS(symlink(helper("exit_with"), link));
	write_file(text, "no program", 0755);
	tring_init(&r, 0);
	EXPECT_EQ(exec_result(AT_FDCWD, link, argv, environ, 0), 0);
	EXPECT_EQ(exec_result(dir, "link", argv, environ, 0), 0);
	EXPECT_EQ(exec_result(-1, link, argv, environ, 0), 0);
	EXPECT_EQ(exec_result(fd, "", argv, environ, AT_EMPTY_PATH), 0);
	EXPECT_EQ(exec_result(fd, "", argv, environ, 0), -ENOENT);
	EXPECT_EQ(exec_result(dir, "link", argv, environ, AT_SYMLINK_NOFOLLOW),
		  -ELOOP);
	EXPECT_EQ(exec_result(1023, "link", argv, environ, 0), -EBADF);
	EXPECT_EQ(exec_result(fd, "link", argv, environ, 0), -ENOTDIR);
	EXPECT_EQ(exec_result(dir, "text", argv, environ, 0), -ENOEXEC);
	EXPECT_EQ(exec_result(AT_FDCWD, "/", argv, environ, 0), -EACCES);
	EXPECT_EQ(exec_result(AT_FDCWD, link, argv, environ, 1), -EINVAL);
	EXPECT_EQ(exec_result(AT_FDCWD, link, argv, environ, AT_EACCESS),
		  -EINVAL);
	EXPECT_EQ(exec_result(AT_FDCWD, link, argv, environ, 1 << 30), -EINVAL);
	check_no_children();
}

TEST(S12_wild_pointers_are_errors)
{
	char *good[] = { "exit_with", "0", NULL };
	char *bad[] = { "exit_with", (char *)8, NULL };
	const char *path = helper("exit_with");
	char *long_path = malloc(8192);

	memset(long_path, 'a', 8191);
	long_path[8191] = '\0';
	tring_init(&r, 0);
	EXPECT_EQ(exec_result(AT_FDCWD, NULL, good, environ, 0), -EFAULT);
	EXPECT_EQ(exec_result(AT_FDCWD, (void *)-64L, good, environ, 0),
		  -EFAULT);
	EXPECT_EQ(exec_result(AT_FDCWD, long_path, good, environ, 0),
		  -ENAMETOOLONG);
	EXPECT_EQ(exec_result(AT_FDCWD, path, (void *)8, environ, 0), -EFAULT);
	EXPECT_EQ(exec_result(AT_FDCWD, path, (void *)0xffff888000000000,
			      environ, 0),
		  -EFAULT);
	EXPECT_EQ(exec_result(AT_FDCWD, path, bad, environ, 0), -EFAULT);
	EXPECT_EQ(exec_result(AT_FDCWD, path, good, (void *)8, 0), -EFAULT);
	EXPECT_EQ(exec_result(AT_FDCWD, path, good, bad, 0), -EFAULT);
	check_no_children();
}

TEST(S12_too_long_arguments_are_e2big)
{
	size_t size = 16 << 20;
	char *text = malloc(size);
	char *argv[] = { "exit_with", "0", text, NULL };

	memset(text, 'a', size - 1);
	text[size - 1] = '\0';
	tring_init(&r, 0);
	EXPECT_EQ(exec_result(AT_FDCWD, helper("exit_with"), argv, environ, 0),
		  -E2BIG);
}

/* Unused fields of EXEC, spoiled one at a time. */
TEST(S12_every_unused_field_is_refused)
{
	static const struct {
		size_t offset, size;
	} fields[] = {
		{ offsetof(struct io_uring_sqe, len), 4 },
		{ offsetof(struct io_uring_sqe, ioprio), 2 },
		{ offsetof(struct io_uring_sqe, buf_index), 2 },
		{ offsetof(struct io_uring_sqe, personality), 2 },
		{ offsetof(struct io_uring_sqe, file_index), 4 },
	};
	struct io_uring_sqe *sqe;
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		tring_forget(&r);
		q_clone(&r);
		sqe = q_exit(&r, 0);
		memset((char *)sqe + fields[i].offset, 1, fields[i].size);
		tring_submit(&r);
		if (tring_res(&r, 0) != -EINVAL)
			FAIL("field at %zu: %d", fields[i].offset,
			     tring_res(&r, 0));
		CHECK_EQ(tring_res(&r, CLONE), -ECANCELED);
	}
	check_no_children();
}

TEST(S12_exec_outside_a_chain_is_refused)
{
	tring_init(&r, 0);
	q_exit(&r, 0)->user_data = OTHER;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), -EINVAL);
	q_nop(&r)->user_data = OTHER + 1;
	q_exit(&r, 0)->user_data = OTHER + 2;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER + 2), -EINVAL);
	q_exit(&r, 0)->user_data = OTHER + 3;
	r.last->flags |= IOSQE_ASYNC;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER + 3), -EINVAL);
}

/* --- 32-bit callers: rings made through the other entry of the kernel ------- */

static void *low_memory(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

/* The numbers of io_uring's calls are the same in both tables. */
static long call32(long number, long a, long b)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(number), "b"(a), "c"(b)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static void init32(struct tring *ring)
{
	struct io_uring_params *params = low_memory(4096);
	unsigned int i;
	int fd;

	memset(ring, 0, sizeof(*ring));
	fd = CHECK_OK(call32(__NR_io_uring_setup, 64, (long)params));
	CHECK_OK(io_uring_queue_mmap(fd, params, &ring->uring));
	/* What liburing does only for rings that it made itself. */
	ring->uring.features = params->features;
	for (i = 0; i < params->sq_entries; i++)
		ring->uring.sq.array[i] = i;
}

TEST(S12_arrays_of_32_bit_callers_hold_32_bit_pointers)
{
	char *text = low_memory(4096);
	uint32_t *argv = low_memory(4096), *envp = argv + 100;
	struct shown s;

	init32(&r);
	q_clone(&r);
	q_show(&r, &s)->addr2 = (uintptr_t)argv;
	r.last->addr3 = (uintptr_t)envp;
	strcpy(text, "short");
	strcpy(text + 100, s.number);
	strcpy(text + 200, "third");
	strcpy(text + 300, "SHOW_BITS=32");
	argv[0] = (uintptr_t)text;
	argv[1] = (uintptr_t)text + 100;
	argv[2] = (uintptr_t)text + 200;
	envp[0] = (uintptr_t)text + 300;
	tring_submit(&r);
	CHECK_GT(tring_res(&r, CLONE), 0);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "argc"), 3);
	EXPECT_STR(shown(&s, "arg0"), "short");
	EXPECT_STR(shown(&s, "arg2"), "third");
	EXPECT_STR(shown(&s, "env"), "SHOW_BITS=32");
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* 64-bit arrays on such a ring are not misread: they end or fault early. */
TEST(S12_wild_arrays_of_32_bit_callers_are_errors)
{
	uint32_t *argv = low_memory(4096);

	argv[0] = 8;
	init32(&r);
	EXPECT_EQ(exec_result(AT_FDCWD, helper("exit_with"), argv, NULL, 0),
		  -EFAULT);
	EXPECT_EQ(
		exec_result(AT_FDCWD, helper("exit_with"), (void *)12, NULL, 0),
		-EFAULT);
	check_no_children();
}

TEST(S13_personality_on_exec_and_clone_is_refused)
{
	int id, which;

	tring_init(&r, 0);
	id = CHECK_OK(io_uring_register_personality(&r.uring));
	for (which = 0; which < 2; which++) {
		tring_forget(&r);
		q_clone(&r)->personality = which ? 0 : id;
		q_exit(&r, 0)->personality = which ? id : 0;
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, CLONE), which ? -ECANCELED : -EINVAL);
		EXPECT_EQ(tring_res(&r, 0), which ? -EINVAL : -ECANCELED);
		tring_total(&r, 2);
	}
	check_no_children();
}

/*
 * On other steps that may have one it lasts for that step: the next one and
 * EXEC have the child's own again. CHILD may not, it changes the child.
 */
TEST(S13_personality_of_a_step_ends_with_it)
{
	char *secret = in_dir("secret"), *dir = in_dir("secret/dir");
	char *other = in_dir("secret/other");
	struct shown s;
	int id;

	CHECK_SYS(mkdir(secret, 0700));
	tring_init(&r, 0);
	id = CHECK_OK(io_uring_register_personality(&r.uring));
	become_ordinary();
	q_clone(&r);
	q_mkdir(&r, dir)->personality = id;
	hardlink(q_mkdir(&r, other));
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), -EACCES);
	CHECK_EQ(tring_res(&r, 2), 0);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "euid"), ORDINARY);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);

	tring_forget(&r);
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETSID)->personality = id;
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -EINVAL);
	CHECK_EQ(tring_res(&r, CLONE), -ECANCELED);
}
