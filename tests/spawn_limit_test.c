// SPDX-License-Identifier: LGPL-2.1-or-later
/* Commands of IORING_OP_CHILD: limits, scheduling (S6). */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/step.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Its header cannot be had beside sched.h, in Debian 12. */
struct sched_attr {
	uint32_t size;
	uint32_t sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;
	uint32_t sched_priority;
	uint64_t sched_runtime;
	uint64_t sched_deadline;
	uint64_t sched_period;
};

static struct tring r;

TEST(S6_rlimit)
{
	struct rlimit before, after;
	struct shown s;

	CHECK_SYS(getrlimit(RLIMIT_NOFILE, &before));
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_RLIMIT,
			      .off = RLIMIT_NOFILE, .addr = 100, .addr3 = 200),
		 0);
	EXPECT_STR(shown(&s, "nofile"), "100 200");
	CHECK_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_RLIMIT,
			      .off = RLIMIT_CORE, .addr = RLIM_INFINITY,
			      .addr3 = RLIM_INFINITY),
		 0);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_RLIMIT,
			       .off = RLIMIT_NOFILE, .addr = 2, .addr3 = 1),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_RLIMIT,
			       .off = RLIMIT_NLIMITS),
		  -EINVAL);
	CHECK_SYS(getrlimit(RLIMIT_NOFILE, &after));
	EXPECT_EQ(after.rlim_cur, before.rlim_cur);
	become_ordinary();
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_RLIMIT,
			       .off = RLIMIT_NOFILE, .addr = 1,
			       .addr3 = before.rlim_max + 1),
		  -EPERM);
}

/* Steps behind it are under the new limit. */
TEST(S6_rlimit_holds_for_later_steps)
{
	struct io_uring_sqe *sqe;

	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_RLIMIT);
	sqe->off = RLIMIT_NOFILE;
	sqe->addr = 3;
	sqe->addr3 = 3;
	hardlink(q_open(&r, "/dev/null", O_RDONLY, 0));
	q_open_at(&r, 3, "/dev/null", O_RDONLY);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), -EMFILE);
	EXPECT_EQ(tring_res(&r, 2), -EBADF);
}

TEST(S6_nice)
{
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_NICE, .off = -5ULL), 0);
	EXPECT_STR(shown(&s, "nice"), "-5");
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_NICE, .off = 1000), 0);
	EXPECT_STR(shown(&s, "nice"), "19");
	become_ordinary();
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_NICE, .off = 3), 0);
	EXPECT_STR(shown(&s, "nice"), "3");
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_NICE, .off = -1ULL),
		  -EACCES);
	EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 0);
}

#define SCHED(s_, attr_, size_)                                                \
	CHILD_RESULT(s_, .len = IORING_CHILD_SCHED,                            \
		     .addr = (uintptr_t)(attr_), .off = (size_))

TEST(S6_sched)
{
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_BATCH,
		.sched_nice = 7,
	};
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(SCHED(&s, &attr, sizeof(attr)), 0);
	EXPECT_EQ(shown_number(&s, "policy"), SCHED_BATCH);
	EXPECT_STR(shown(&s, "nice"), "7");
	EXPECT_EQ(SCHED(NULL, &attr, sizeof(attr) - 8), -EINVAL);
	EXPECT_EQ(SCHED(NULL, NULL, sizeof(attr)), -EFAULT);
	attr.sched_policy = 99;
	EXPECT_EQ(SCHED(NULL, &attr, sizeof(attr)), -EINVAL);
	become_ordinary();
	attr = (struct sched_attr){ .size = sizeof(attr),
				    .sched_policy = SCHED_FIFO,
				    .sched_priority = 1 };
	EXPECT_EQ(SCHED(NULL, &attr, sizeof(attr)), -EPERM);
}

TEST(S6_affinity)
{
	cpu_set_t set, own;
	struct shown s;

	CHECK_SYS(sched_getaffinity(0, sizeof(own), &own));
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_AFFINITY,
			      .addr = (uintptr_t)&set, .off = sizeof(set)),
		 0);
	EXPECT_STR(shown(&s, "Cpus_allowed_list"), "0");
	CPU_ZERO(&set);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_AFFINITY,
			       .addr = (uintptr_t)&set, .off = sizeof(set)),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_AFFINITY, .addr = 8,
			       .off = sizeof(set)),
		  -EFAULT);
	CHECK_SYS(sched_getaffinity(0, sizeof(set), &set));
	EXPECT(CPU_EQUAL(&set, &own));
}

#define IOPRIO(class, level) ((class) << 13 | (level))

TEST(S6_ioprio)
{
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_IOPRIO,
			      .off = IOPRIO(2, 6)),
		 0);
	EXPECT_EQ(shown_number(&s, "ioprio"), IOPRIO(2, 6));
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_IOPRIO,
			       .off = IOPRIO(7, 0)),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_IOPRIO, .off = 65536),
		  -EINVAL);
	become_ordinary();
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_IOPRIO,
			       .off = IOPRIO(1, 0)),
		  -EPERM);
}

/* Of the child alone, though others share its memory. */
TEST(S6_oom_score_adj)
{
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_OOM_SCORE_ADJ,
			      .off = -300ULL),
		 0);
	EXPECT_STR(shown(&s, "oom_score_adj"), "-300");
	EXPECT_STR(read_file("/proc/self/oom_score_adj"), "0\n");
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_OOM_SCORE_ADJ,
			      .off = 1000),
		 0);
	EXPECT_STR(shown(&s, "oom_score_adj"), "1000");
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_OOM_SCORE_ADJ,
			       .off = 1001),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_OOM_SCORE_ADJ,
			       .off = -1001ULL),
		  -EINVAL);
	become_ordinary();
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_OOM_SCORE_ADJ,
			       .off = -1ULL),
		  -EACCES);
}

static int do_nothing(void *arg)
{
	(void)arg;
	return 0;
}

/*
 * Processes that share memory for good have one score. The child does so only
 * until it executes, as one of vfork(2), which keeps the OOM killer from
 * taking the parent for it, too.
 */
TEST(S6_oom_score_adj_is_not_the_parents)
{
	static char stack[65536];
	struct io_uring_sqe *sqe;
	struct blocker b;
	pid_t pid;

	/* from now on the kernel looks for others with this memory */
	pid = CHECK_SYS(clone(do_nothing, stack + sizeof(stack),
			      CLONE_VM | SIGCHLD, NULL));
	CHECK_EQ(wait_exit(pid), 0);
	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_OOM_SCORE_ADJ);
	sqe->off = 500;
	q_block(&r, &b);
	q_exit(&r, 0);
	tring_submit(&r);
	pid = tring_res(&r, CLONE);
	wait_blocked(pid);
	write_file("/proc/self/oom_score_adj", "100", 0);
	EXPECT_EQ(atoi(read_file(format("/proc/%d/oom_score_adj", pid))), 500);
	write_file(format("/proc/%d/oom_score_adj", pid), "700", 0);
	EXPECT_EQ(atoi(read_file("/proc/self/oom_score_adj")), 100);
	blocker_release(&b);
	CHECK_EQ(wait_exit(pid), 0);
}
