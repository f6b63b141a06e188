// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A child that was made ahead lends nobody a right: a launcher that has given one up, or
 * has gone into a sandbox, cannot use children that have it, by whatever thread or
 * process; a template has what its steps have left it (C3, C4).
 */
#include "lib/child.h"
#include "lib/filter.h"
#include "lib/sleeper.h"
#include "lib/stale.h"

#include <linux/capability.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct waiting ahead;
static struct whole w;

/* --- a launcher with less -------------------------------------------------------------- */

/* It can make children that have what it has itself. */
static void check_new_ones(uid_t uid)
{
	static struct waiting own;
	pid_t pid;

	waiting_make(&own);
	pid = sleeper_in(&own.r, own.number);
	EXPECT_EQ(atoi(sleeper_status(pid, "Uid")), (int)uid);
	sleeper_end(pid);
	waiting_end(&own);
}

TEST(C3_a_launcher_that_has_dropped_its_ids)
{
	waiting_make(&ahead);
	become_ordinary();
	check_stale(&ahead);
	check_new_ones(ORDINARY);
	check_stale(&ahead);
}

static void *drop_and_use(void *unused)
{
	CHECK_SYS(syscall(SYS_setgroups, 0, NULL));
	CHECK_SYS(syscall(SYS_setresgid, ORDINARY, ORDINARY, ORDINARY));
	CHECK_SYS(syscall(SYS_setresuid, ORDINARY, ORDINARY, ORDINARY));
	check_stale(&ahead);
	return unused;
}

/* The other threads' are as good as before. */
TEST(C3_a_thread_that_has_dropped_its_ids)
{
	pthread_t thread;

	helpers_for_all();
	waiting_make(&ahead);
	CHECK_EQ(pthread_create(&thread, NULL, drop_and_use, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	check_good(&ahead);
}

static void *only_in_here(void *unused)
{
	filter_call(SYS_acct, SECCOMP_RET_ERRNO | EPERM);
	check_stale(&ahead);
	return unused;
}

TEST(C3_a_thread_with_a_filter)
{
	pthread_t thread;

	waiting_make(&ahead);
	CHECK_EQ(pthread_create(&thread, NULL, only_in_here, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	check_good(&ahead);
}

static void *filter_for_all(void *unused)
{
	CHECK_EQ(filter_call_flags(SYS_acct, SECCOMP_RET_ERRNO | EPERM,
				   SECCOMP_FILTER_FLAG_TSYNC),
		 0);
	return unused;
}

/* Who submits has done nothing. */
TEST(C3_a_filter_that_another_thread_has_set_for_all)
{
	pthread_t thread;

	waiting_make(&ahead);
	CHECK_EQ(pthread_create(&thread, NULL, filter_for_all, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	check_stale(&ahead);
}

/* No program can be executed in it. */
static void enter_sandbox(void)
{
	struct landlock_ruleset_attr rules = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE,
	};
	int fd = CHECK_SYS(
		syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0));

	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_SYS(syscall(SYS_landlock_restrict_self, fd, 0));
	CHECK_SYS(close(fd));
}

TEST(C3_a_launcher_in_a_sandbox)
{
	static struct tring r;
	int number;

	waiting_make(&ahead);
	enter_sandbox();
	check_stale(&ahead);
	tring_init(&r, 0);
	number = kept_make(&r, &w);
	whole_exit(&w, 7);
	kept_in(&w, number);
	EXPECT_EQ(whole_run(&r, &w)->res, -EACCES);
}

/* A child that has been given another user's ids is no way out either. */
TEST(C3_a_launcher_with_less_than_its_template)
{
	struct io_uring_spawn_step *step;

	tring_init(&ahead.r, 0);
	kept_new(&w);
	step = whole_step(&w, IORING_CHILD_SETRESGID);
	step->addr = step->off = step->addr3 = ORDINARY;
	ahead.number = CHECK_OK(whole_run(&ahead.r, &w)->res);
	/* with the same, it could not have made this */
	CHECK_SYS(prctl(PR_CAPBSET_DROP, CAP_SETGID, 0, 0, 0));
	whole_exit(&w, 7);
	kept_copy(&w, ahead.number);
	EXPECT_EQ(whole_run(&ahead.r, &w)->res, -ESTALE);
	kept_more(&w, ahead.number);
	EXPECT_EQ(whole_run(&ahead.r, &w)->res, -ESTALE);
}

/* --- a template with less ------------------------------------------------------------------ */

static void drop_all(void)
{
	static const unsigned int cmds[] = { IORING_CHILD_SETRESGID,
					     IORING_CHILD_SETRESUID };
	struct io_uring_spawn_step *step;
	unsigned int i;

	step = whole_step(&w, IORING_CHILD_PRCTL);
	step->child_flags = PR_CAPBSET_DROP;
	step->addr = CAP_SYS_BOOT;
	step = whole_step(&w, IORING_CHILD_PRCTL);
	step->child_flags = PR_SET_NO_NEW_PRIVS;
	step->addr = 1;
	whole_step(&w, IORING_CHILD_SETGROUPS);
	for (i = 0; i < 2; i++) {
		step = whole_step(&w, cmds[i]);
		step->addr = step->off = step->addr3 = ORDINARY;
	}
}

static void check_dropped(pid_t pid)
{
	static const char *caps[] = { "CapInh", "CapPrm", "CapEff", "CapAmb" };
	unsigned int i;

	EXPECT_STR(sleeper_status(pid, "Uid"), "1000\t1000\t1000\t1000");
	EXPECT_STR(sleeper_status(pid, "Gid"), "1000\t1000\t1000\t1000");
	EXPECT_EQ(strspn(sleeper_status(pid, "Groups"), " "),
		  strlen(sleeper_status(pid, "Groups")));
	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		EXPECT_EQ(sleeper_mask(pid, caps[i]), 0);
	EXPECT_EQ(sleeper_mask(pid, "CapBnd") >> CAP_SYS_BOOT & 1, 0);
	EXPECT_STR(sleeper_status(pid, "NoNewPrivs"), "1");
	sleeper_end(pid);
}

TEST(C4_a_template_with_fewer_rights_than_the_launcher)
{
	int number, copy;

	helpers_for_all();
	tring_init(&ahead.r, 0);
	kept_new(&w);
	drop_all();
	number = CHECK_OK(whole_run(&ahead.r, &w)->res);
	kept_new(&w);
	w.arg.flags = IORING_SPAWN_KEEP;
	kept_copy(&w, number);
	copy = CHECK_OK(whole_run(&ahead.r, &w)->res);
	check_dropped(sleeper_in_copy(&ahead.r, number));
	check_dropped(sleeper_in_copy(&ahead.r, copy));
	check_dropped(sleeper_in(&ahead.r, copy));
	check_dropped(sleeper_in(&ahead.r, number));
	/* the launcher has all that it had */
	check_new_ones(0);
}

/* Its steps and files are found under its own rights. */
TEST(C4_steps_in_a_child_with_fewer_rights_have_those)
{
	struct io_uring_spawn_step *step;
	int number;

	write_file(in_dir("secret"), "text", 0600);
	helpers_for_all();
	tring_init(&ahead.r, 0);
	kept_new(&w);
	drop_all();
	number = CHECK_OK(whole_run(&ahead.r, &w)->res);
	kept_more(&w, number);
	step = whole_step(&w, IORING_CHILD_OPEN);
	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)in_dir("secret");
	step->off = 9;
	EXPECT_EQ(whole_run(&ahead.r, &w)->res, -EACCES);
	kept_more(&w, number);
	step = whole_step(&w, IORING_CHILD_SETRESUID);
	EXPECT_EQ(whole_run(&ahead.r, &w)->res, -EPERM);
}

/* --- other processes ---------------------------------------------------------------------------- */

/* They have the ring, and not what a child of it has. */
TEST(C3_another_process_with_the_ring)
{
	int number;
	pid_t pid;

	tring_init(&ahead.r, 0);
	number = kept_make(&ahead.r, &w);
	pid = CHECK_SYS(fork());
	if (!pid) {
		become_ordinary();
		whole_exit(&w, 7);
		kept_in(&w, number);
		EXPECT_EQ(whole_run(&ahead.r, &w)->res, -EPERM);
		whole_exit(&w, 7);
		kept_copy(&w, number);
		EXPECT_EQ(whole_run(&ahead.r, &w)->res, -EPERM);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
}

/* --- the number of processes ------------------------------------------------------------------------ */

static void limit_processes(rlim_t nr)
{
	struct rlimit limit;

	CHECK_SYS(getrlimit(RLIMIT_NPROC, &limit));
	limit.rlim_cur = nr;
	CHECK_SYS(setrlimit(RLIMIT_NPROC, &limit));
}

static int copied(int number)
{
	int res;

	whole_exit(&w, 7);
	kept_copy(&w, number);
	res = whole_run(&ahead.r, &w)->res;
	if (res > 0)
		CHECK_EQ(wait_exit(res), 7);
	return res;
}

/* The test, and the child that waits. */
TEST(C4_a_limit_of_processes_that_is_lowered_holds_for_copies)
{
	int number;

	become_nobody_else();
	tring_init(&ahead.r, 0);
	number = kept_make(&ahead.r, &w);
	EXPECT_GT(copied(number), 0);
	limit_processes(2);
	EXPECT_EQ(copied(number), -EAGAIN);
	limit_processes(3);
	EXPECT_GT(copied(number), 0);
	limit_processes(2);
	EXPECT_EQ(copied(number), -EAGAIN);
	/* it is there already */
	whole_exit(&w, 7);
	kept_in(&w, number);
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&ahead.r, &w)->res)), 7);
}

/* As any process. */
TEST(C5_a_child_that_waits_counts_as_a_process)
{
	become_nobody_else();
	tring_init(&ahead.r, 0);
	kept_make(&ahead.r, &w);
	limit_processes(2);
	CHECK_SYS_ERR(fork(), EAGAIN);
	kept_new(&w);
	EXPECT_EQ(whole_run(&ahead.r, &w)->res, -EAGAIN);
}
