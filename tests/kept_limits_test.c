// SPDX-License-Identifier: LGPL-2.1-or-later
/* As kept_steps_test.c: limits, scheduling and what is written to a core dump (C3). */
#include "lib/child.h"
#include "lib/sleeper.h"
#include "lib/stays.h"

#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* --- limits ----------------------------------------------------------------------------------------- */

static void step_limit(struct io_uring_spawn_step *step)
{
	step->off = RLIMIT_NOFILE;
	step->addr = 150;
	step->addr3 = 160;
}

static void set_limits(void)
{
	const struct rlimit files = { 200, 210 }, locks = { 70, 80 };

	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &files));
	CHECK_SYS(setrlimit(RLIMIT_LOCKS, &locks));
}

static void check_limits(pid_t pid)
{
	struct rlimit files, locks;

	CHECK_SYS(prlimit(pid, RLIMIT_NOFILE, NULL, &files));
	EXPECT_EQ(files.rlim_cur, 150);
	EXPECT_EQ(files.rlim_max, 160);
	/* another is copied */
	CHECK_SYS(prlimit(pid, RLIMIT_LOCKS, NULL, &locks));
	EXPECT_EQ(locks.rlim_cur, 70);
	EXPECT_EQ(locks.rlim_max, 80);
}

TEST(C3_a_step_rlimit_stays)
{
	check_stays(&(struct stays){ .cmd = IORING_CHILD_RLIMIT, .step = step_limit,
				   .change = set_limits, .check = check_limits });
}

#define BEST_EFFORT(level) (IOPRIO_CLASS_BE << IOPRIO_CLASS_SHIFT | (level))

static void step_ioprio(struct io_uring_spawn_step *step)
{
	step->off = BEST_EFFORT(1);
}

static void set_ioprio(void)
{
	CHECK_SYS(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, BEST_EFFORT(6)));
}

static void check_ioprio(pid_t pid)
{
	EXPECT_EQ(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid), BEST_EFFORT(1));
}

TEST(C3_a_step_ioprio_stays)
{
	check_stays(&(struct stays){ .cmd = IORING_CHILD_IOPRIO, .step = step_ioprio,
				   .change = set_ioprio, .check = check_ioprio });
}

static void step_oom(struct io_uring_spawn_step *step)
{
	step->off = 123;
}

static void set_oom(void)
{
	write_file("/proc/self/oom_score_adj", "7", 0);
}

static void check_oom(pid_t pid)
{
	EXPECT_EQ(atoi(sleeper_file(pid, "oom_score_adj")), 123);
}

TEST(C3_a_step_oom_score_adj_stays)
{
	check_stays(&(struct stays){ .cmd = IORING_CHILD_OOM_SCORE_ADJ, .step = step_oom,
				   .change = set_oom, .check = check_oom });
}

static void step_slack(struct io_uring_spawn_step *step)
{
	step->child_flags = PR_SET_TIMERSLACK;
	step->addr = 81000;
}

static void set_slack(void)
{
	CHECK_SYS(prctl(PR_SET_TIMERSLACK, 66000, 0, 0, 0));
}

static void check_slack(pid_t pid)
{
	EXPECT_EQ(atoi(sleeper_file(pid, "timerslack_ns")), 81000);
}

TEST(C3_a_step_timer_slack_stays)
{
	check_stays(&(struct stays){ .cmd = IORING_CHILD_PRCTL, .step = step_slack,
				   .change = set_slack, .check = check_slack });
}

/* --- what a launcher cannot change without making the child stale --------------------------------------- */

static void step_nice(struct io_uring_spawn_step *step)
{
	step->off = 11;
}

static void check_nice(pid_t pid)
{
	EXPECT_EQ(getpriority(PRIO_PROCESS, pid), 11);
}

TEST(C3_a_step_nice_stays)
{
	check_stays(&(struct stays){ .cmd = IORING_CHILD_NICE, .step = step_nice,
				   .check = check_nice });
}

static void step_sched(struct io_uring_spawn_step *step)
{
	static uint32_t attr[12] = { sizeof(attr), SCHED_BATCH };

	step->addr = (uintptr_t)attr;
	step->off = sizeof(attr);
}

static void check_sched(pid_t pid)
{
	EXPECT_EQ(sched_getscheduler(pid), SCHED_BATCH);
}

TEST(C3_a_step_sched_stays)
{
	check_stays(&(struct stays){ .cmd = IORING_CHILD_SCHED, .step = step_sched,
				   .check = check_sched });
}

static void step_affinity(struct io_uring_spawn_step *step)
{
	static unsigned long cpus = 1;

	step->addr = (uintptr_t)&cpus;
	step->off = sizeof(cpus);
}

static void check_affinity(pid_t pid)
{
	EXPECT_STR(sleeper_status(pid, "Cpus_allowed_list"), "0");
}

TEST(C3_a_step_affinity_stays)
{
	check_stays(&(struct stays){ .cmd = IORING_CHILD_AFFINITY, .step = step_affinity,
				   .check = check_affinity });
}

/* What is undumpable has files of root's in /proc. */
static void check_undumpable(pid_t pid)
{
	struct stat its;

	CHECK_SYS(stat(format("/proc/%d/status", pid), &its));
	EXPECT_EQ(its.st_uid, 0);
}

static struct tring r;
static struct whole w;

static void check_dumpable(void)
{
	struct stat its;
	pid_t pid;

	tring_init(&r, 0);
	pid = sleeper_in(&r, kept_make(&r, &w));
	CHECK_SYS(stat(format("/proc/%d/status", pid), &its));
	EXPECT_EQ(its.st_uid, ORDINARY);
	sleeper_end(pid);
	tring_exit(&r);
}

TEST(C3_a_step_dumpable_stays)
{
	become_ordinary();
	check_dumpable();
	check_stays(&(struct stays){ .cmd = IORING_CHILD_DUMPABLE,
				   .check = check_undumpable });
}
