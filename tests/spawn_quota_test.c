// SPDX-License-Identifier: LGPL-2.1-or-later
/* Limits hold for CLONE and EXEC as they hold for fork(2) and execve(2) (S19). */
#include "lib/child.h"
#include "lib/group.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

#include <signal.h>
#include <sys/resource.h>

static struct tring r;

TEST(S19_rlimit_nproc_holds)
{
	struct rlimit limit = { 1, 1 };

	CHECK_SYS(setrlimit(RLIMIT_NPROC, &limit));
	become_ordinary();
	tring_init(&r, 0);
	CHECK_EQ(spawn_exit(&r, NULL), -EAGAIN);
	check_no_children();
}

#define GROUP "spawn_quota_test"

/* In a process of its own, which is alone in the group and has a ring. */
static void in_group(void (*what)(void))
{
	pid_t pid;

	group_make(GROUP);
	pid = CHECK_SYS(fork());
	if (!pid) {
		group_enter(GROUP);
		tring_init(&r, 0);
		what();
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	group_remove(GROUP);
}

static void spawn_under_pids_max(void)
{
	group_set(GROUP, "pids.max", 1);
	CHECK_EQ(spawn_exit(&r, NULL), -EAGAIN);
	group_set(GROUP, "pids.max", 2);
	CHECK_GT(spawn_exit(&r, NULL), 0);
	CHECK_GT(spawn_exit(&r, NULL), 0);
}

TEST(S19_pids_max_holds)
{
	in_group(spawn_under_pids_max);
}

static void fail_under_pids_max(void)
{
	int i;

	group_set(GROUP, "pids.max", 2);
	for (i = 0; i < 5; i++) {
		tring_forget(&r);
		q_clone(&r);
		q_fail(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), -ENOENT);
		check_gone(CHECK_OK(tring_res(&r, CLONE)));
	}
}

/* A failed chain gives its place back. */
TEST(S19_children_that_fail_do_not_count_against_pids_max)
{
	in_group(fail_under_pids_max);
}

/* The group that counts is the one that the child is cloned into. */
TEST(S19_pids_max_of_the_group_cloned_into_holds)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD };
	int max;

	group_make(GROUP);
	args.cgroup = CHECK_SYS(open("/sys/fs/cgroup/" GROUP, O_PATH));
	tring_init(&r, 0);
	for (max = 0; max < 2; max++) {
		group_set(GROUP, "pids.max", max);
		tring_forget(&r);
		q_clone3(&r, &args);
		q_exit(&r, 0);
		EXPECT_EQ(spawn_queued(&r, 0, NULL) > 0, max);
		EXPECT_EQ(tring_res(&r, CLONE) == -EAGAIN, !max);
	}
	group_remove(GROUP);
}

static void check_childs_group(void)
{
	struct shown s;

	q_clone(&r);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	CHECK_STR(shown(&s, "cgroup"), "0::/" GROUP);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

TEST(S19_the_group_is_inherited)
{
	in_group(check_childs_group);
}

/* --- RLIMIT_NPROC across users -------------------------------------------------------- */

static void q_become_ordinary(void)
{
	struct io_uring_sqe *sqe = q_child(&r, IORING_CHILD_SETRESUID);

	sqe->addr = ORDINARY;
	sqe->off = ORDINARY;
	sqe->addr3 = ORDINARY;
}

/* EXEC's result as an ordinary user who may have so many processes. */
static int exec_with_limit(rlim_t limit)
{
	struct io_uring_sqe *sqe;
	int exec;

	tring_forget(&r);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_RLIMIT);
	sqe->off = RLIMIT_NPROC;
	sqe->addr = limit;
	sqe->addr3 = limit;
	q_become_ordinary();
	q_exit(&r, 0);
	CHECK_GT(spawn_queued(&r, 2, &exec), 0);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), 0);
	return exec;
}

/* The same of a child of fork and execve(2): its error or 0. */
static int execve_with_limit(rlim_t limit)
{
	struct rlimit both = { limit, limit };
	pid_t pid = CHECK_SYS(fork());
	int status;

	if (!pid) {
		CHECK_SYS(setrlimit(RLIMIT_NPROC, &both));
		CHECK_SYS(setresuid(ORDINARY, ORDINARY, ORDINARY));
		execl("/bin/true", "true", NULL);
		_exit(errno);
	}
	status = wait_exit(pid);
	return -status;
}

/*
 * To become a user who has too many processes already is no error of
 * setresuid(2), but it is one of execve(2) behind it, and so of EXEC.
 */
TEST(S19_exec_refuses_a_user_with_too_many_processes)
{
	pid_t sleeper = CHECK_SYS(fork());

	if (!sleeper) {
		CHECK_SYS(setresuid(ORDINARY, ORDINARY, ORDINARY));
		for (;;)
			pause();
	}
	while (!strstr(read_file(format("/proc/%d/status", sleeper)),
		       "Uid:\t1000"))
		sleep_ms(1);
	tring_init(&r, 0);
	helpers_for_all();
	EXPECT_EQ(execve_with_limit(0), -EAGAIN);
	EXPECT_EQ(exec_with_limit(0), -EAGAIN);
	EXPECT_EQ(execve_with_limit(100), 0);
	EXPECT_EQ(exec_with_limit(100), 0);
	kill(sleeper, SIGKILL);
	wait_exit(sleeper);
}

/* --- other limits ----------------------------------------------------------------------- */

/* All of them are the program's as they are its parent's. */
TEST(S19_rlimits_are_inherited)
{
	char *own, *childs;
	struct rlimit limit;
	int which;
	pid_t pid;

	for (which = 0; which < RLIMIT_NLIMITS; which++) {
		limit.rlim_cur = 1000000000 + which;
		limit.rlim_max = 2000000000 + which;
		if (which == RLIMIT_NOFILE)
			limit = (struct rlimit){ 500, 600 };
		CHECK_SYS(setrlimit(which, &limit));
	}
	tring_init(&r, 0);
	q_clone(&r);
	q_sleeper(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	pid = CHECK_OK(tring_res(&r, CLONE));
	own = strdup(read_file("/proc/self/limits"));
	childs = strdup(read_file(format("/proc/%d/limits", pid)));
	CHECK_HAS(own, "1000000004"); /* RLIMIT_CORE */
	EXPECT_STR(childs, own);
	kill(pid, SIGKILL);
	wait_exit(pid);
}
