// SPDX-License-Identifier: LGPL-2.1-or-later
/* Children that wait between spawns: making, using, copying and ending them (C1, C4). */
#include "lib/child.h"
#include "lib/kept.h"
#include "lib/ring.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tring r;
static struct whole w;

static void check_program(int status)
{
	const struct tring_cqe *cqe = whole_run(&r, &w);

	EXPECT_EQ(wait_exit(CHECK_OK(cqe->res)), status);
}

TEST(C1_a_child_waits_and_becomes_a_program)
{
	unsigned int i;
	int number;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		number = kept_make(&r, &w);
		CHECK_GT(w.told.report.pid, 0);
		EXPECT_EQ(kept_shown(&r), 1);
		whole_exit(&w, 3);
		kept_in(&w, number);
		check_program(3);
		check_kept_gone(&r, number);
		EXPECT_EQ(kept_shown(&r), 0);
		tring_exit(&r);
	}
	check_no_children();
}

TEST(C1_step_by_step_after_a_failure)
{
	struct io_uring_spawn_step *step;
	const struct tring_cqe *cqe;
	int number;

	tring_init(&r, 0);
	number = kept_make(&r, &w);

	kept_more(&w, number);
	whole_fail(&w);
	whole_report(&w);
	cqe = whole_run(&r, &w);
	EXPECT_EQ(cqe->res, -EBADF);
	EXPECT_EQ(whole_step_of(cqe), 0);
	EXPECT_EQ(w.told.report.end, IORING_END_STEP);

	kept_more(&w, number);
	step = whole_step(&w, IORING_CHILD_UMASK);
	step->off = 027;
	EXPECT_EQ(whole_run(&r, &w)->res, number);

	/* a program that is not there */
	whole_init(&w, "/nonexistent");
	w.arg.flags = IORING_SPAWN_KEEP;
	kept_in(&w, number);
	EXPECT_EQ(whole_run(&r, &w)->res, -ENOENT);
	EXPECT_EQ(kept_shown(&r), 1);

	whole_exit(&w, 4);
	kept_in(&w, number);
	check_program(4);
	check_no_children();
}

TEST(C1_ended_by_a_spawn)
{
	int number;

	tring_init(&r, 0);
	number = kept_make(&r, &w);
	kept_end(&r, number);
	check_kept_gone(&r, number);
	check_gone(w.told.report.pid);
	check_no_children();
}

TEST(C1_a_failed_step_of_the_first_spawn_ends_it)
{
	tring_init(&r, 0);
	kept_new(&w);
	whole_step(&w, IORING_CHILD_UMASK);
	whole_fail(&w);
	EXPECT_EQ(whole_run(&r, &w)->res, -EBADF);
	EXPECT_EQ(kept_shown(&r), 0);
	whole_is_gone();
}

TEST(C1_ends_with_its_ring)
{
	pid_t pid;

	tring_init(&r, 0);
	kept_make(&r, &w);
	pid = w.told.report.pid;
	tring_exit(&r);
	check_gone(pid);
	check_no_children();
}

TEST(C1_killed_while_it_waits)
{
	int number;

	tring_init(&r, 0);
	number = kept_make(&r, &w);
	CHECK_SYS(kill(w.told.report.pid, SIGKILL));
	check_gone(w.told.report.pid);
	check_kept_gone(&r, number);
	check_no_children();
}

TEST(C5_ends_after_its_time)
{
	pid_t pid;

	tring_init(&r, 0);
	kept_new(&w);
	whole_report(&w);
	w.arg.keep_ns = 1000000;
	CHECK_OK(whole_run(&r, &w)->res);
	pid = w.told.report.pid;
	check_gone(pid);
	EXPECT_EQ(kept_shown(&r), 0);
}

TEST(C2_no_memory_and_no_files)
{
	pid_t pid;
	int fd;

	tring_init(&r, 0);
	kept_make(&r, &w);
	pid = w.told.report.pid;
	EXPECT_STR(read_file(format("/proc/%d/maps", pid)), "");
	EXPECT_STR(line_of(read_file(format("/proc/%d/status", pid)), "VmSize"), "");
	CHECK_SYS(unshare(CLONE_NEWTIME));
	fd = CHECK_SYS(open("/proc/self/ns/time_for_children", O_RDONLY));
	/* one user of the memory */
	CHECK_SYS(setns(fd, CLONE_NEWTIME));
}

TEST(C3_stale_after_setuid)
{
	int number;

	tring_init(&r, 0);
	number = kept_make(&r, &w);
	CHECK_SYS(seteuid(ORDINARY));
	whole_exit(&w, 1);
	kept_in(&w, number);
	EXPECT_EQ(whole_run(&r, &w)->res, -ESTALE);
	CHECK_SYS(seteuid(0));
	EXPECT_EQ(kept_shown(&r), 1);
	whole_exit(&w, 1);
	kept_in(&w, number);
	check_program(1);
}

TEST(C4_copies)
{
	struct io_uring_spawn_step *step;
	unsigned int i, j;
	int number, copy;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		kept_new(&w);
		step = whole_step(&w, IORING_CHILD_UMASK);
		step->off = 027;
		number = CHECK_OK(whole_run(&r, &w)->res);
		for (j = 0; j < 3; j++) {
			whole_exit(&w, 10 + j);
			kept_copy(&w, number);
			check_program(10 + j);
		}
		kept_new(&w);
		w.arg.flags = IORING_SPAWN_KEEP;
		kept_copy(&w, number);
		copy = CHECK_OK(whole_run(&r, &w)->res);
		CHECK_NE(copy, number);
		EXPECT_EQ(kept_shown(&r), 2);
		kept_end(&r, number);
		whole_exit(&w, 9);
		kept_in(&w, copy);
		check_program(9);
		tring_exit(&r);
	}
	check_no_children();
}

TEST(C4_the_pid_of_a_copy_is_the_launchers)
{
	int init, number;

	tring_init(&r, 0);
	CHECK_SYS(unshare(CLONE_NEWPID));
	init = kept_make(&r, &w);
	number = kept_make(&r, &w);
	/* the other namespace calls it by another number, which is nobody's here */
	whole_exit(&w, 5);
	kept_copy(&w, number);
	check_program(5);
	/* a copy of the first process would be a second first one */
	whole_exit(&w, 5);
	kept_copy(&w, init);
	EXPECT_EQ(whole_run(&r, &w)->res, -EINVAL);
}
