// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_CLONE: what the child shares, and waiting for it (S1, S3). */
#include "lib/child.h"
#include "lib/ring.h"

#include <linux/kcmp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;

static bool same(pid_t pid, int what)
{
	return CHECK_SYS(syscall(SYS_kcmp, getpid(), pid, what, 0, 0)) == 0;
}

TEST(S1_child_shares_memory_and_nothing_else_until_exec)
{
	struct blocker b;
	pid_t pid;

	tring_init(&r, 0);
	q_clone(&r);
	q_block(&r, &b);
	q_exit(&r, 3);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	wait_blocked(pid);
	EXPECT(same(pid, KCMP_VM));
	EXPECT(!same(pid, KCMP_FILES));
	EXPECT(!same(pid, KCMP_FS));
	EXPECT(!same(pid, KCMP_SIGHAND));
	blocker_release(&b);
	CHECK_EQ(tring_res(&r, 0), 1);
	CHECK_EQ(tring_res(&r, 1), 0);
	/* The child's read went into our memory. */
	EXPECT_EQ(b.byte, 'x');
	CHECK_EQ(wait_exit(pid), 3);
}

TEST(S1_steps_leave_the_parents_files_and_directory_alone)
{
	int fd = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));
	char before[4096], after[4096];
	struct io_uring_sqe *sqe;

	CHECK_PTR(getcwd(before, sizeof(before)));
	tring_init(&r, 0);
	q_clone(&r);
	q_op(&r, IORING_OP_CLOSE)->fd = fd;
	sqe = q_child(&r, IORING_CHILD_CHDIR);
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t) "/proc";
	sqe = q_open(&r, "self/status", O_RDONLY, 0);
	q_exit(&r, 4);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_GE(tring_res(&r, 2), 0);
	CHECK_EQ(tring_res(&r, 3), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 4);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_PTR(getcwd(after, sizeof(after)));
	EXPECT_STR(after, before);
}

static void ignore_it(int signo)
{
	(void)signo;
}

/* Bit 32 of the flags: what truncates them loses it. */
TEST(S1_clear_sighand_works)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	unsigned long long usr1 = 1ULL << (SIGUSR1 - 1);
	unsigned long long caught[2];
	char path[64];
	int i;

	signal(SIGUSR1, ignore_it);
	tring_init(&r, 0);
	for (i = 0; i < 2; i++) {
		struct blocker b;
		pid_t pid;

		tring_forget(&r);
		args.flags = i ? CLONE_CLEAR_SIGHAND : 0;
		q_clone3(&r, &args);
		q_block(&r, &b);
		q_exit(&r, 0);
		tring_submit(&r);
		pid = CHECK_OK(tring_res(&r, CLONE));
		snprintf(path, sizeof(path), "/proc/%d/status", pid);
		caught[i] =
			strtoull(line_of(read_file(path), "SigCgt"), NULL, 16);
		blocker_release(&b);
		CHECK_EQ(wait_exit(pid), 0);
	}
	EXPECT(caught[0] & usr1);
	EXPECT(!(caught[1] & usr1));
}

static void *wait_in_thread(void *pid)
{
	return (void *)(intptr_t)wait_exit((intptr_t)pid);
}

TEST(S3_any_thread_waits_with_waitpid)
{
	pthread_t thread;
	void *status;
	pid_t pid;

	tring_init(&r, 0);
	q_clone(&r);
	q_exit(&r, 11);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	CHECK_EQ(pthread_create(&thread, NULL, wait_in_thread,
				(void *)(intptr_t)pid),
		 0);
	CHECK_EQ(pthread_join(thread, &status), 0);
	CHECK_EQ((intptr_t)status, 11);
	check_no_children();
}

static void *spawn_in_thread(void *out)
{
	struct tring *mine = calloc(1, sizeof(*mine));

	tring_init(mine, 0);
	q_clone(mine);
	q_exit(mine, 12);
	tring_submit(mine);
	*(pid_t *)out = tring_res(mine, CLONE);
	CHECK_EQ(tring_res(mine, 0), 0);
	tring_exit(mine);
	free(mine);
	return NULL;
}

TEST(S3_the_first_thread_waits_for_a_child_of_another)
{
	siginfo_t info = { 0 };
	pthread_t thread;
	pid_t pid = 0;

	CHECK_EQ(pthread_create(&thread, NULL, spawn_in_thread, &pid), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_GT(pid, 0);
	CHECK_SYS(waitid(P_PID, pid, &info, WEXITED));
	CHECK_EQ(info.si_status, 12);
}

#define OP_WAITID 50 /* IORING_OP_WAITID; this liburing is older */

TEST(S3_waitid_request_waits)
{
	siginfo_t info = { 0 };
	struct io_uring_sqe *sqe;
	pid_t pid;

	tring_init(&r, 0);
	q_clone(&r);
	q_exit(&r, 13);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	sqe = q_alone(&r, OP_WAITID, OTHER);
	sqe->len = P_PID;
	sqe->fd = pid;
	sqe->file_index = WEXITED;
	sqe->addr2 = (uintptr_t)&info;
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	EXPECT_EQ(info.si_pid, pid);
	EXPECT_EQ(info.si_status, 13);
	check_no_children();
}

/* Many at once, none lost, each pid told once. */
TEST(S3_a_hundred_chains_in_one_submission)
{
	enum { COUNT = 100 };
	int i;

	tring_init(&r, 0);
	for (i = 0; i < COUNT; i++) {
		q_clone(&r);
		q_exit(&r, i % 100);
	}
	tring_submit(&r);
	for (i = 0; i < COUNT; i++) {
		CHECK_EQ(tring_res(&r, CHAIN(i)), 0);
		CHECK_EQ(wait_exit(tring_res(&r, CHAIN(i) + CLONE)), i % 100);
	}
	tring_total(&r, 2 * COUNT);
	check_no_children();
}
