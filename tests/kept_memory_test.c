// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A child waits without its launcher's memory, and without being in anybody's way: what
 * depends on the memory's one user works, flags that it has been given meanwhile are the
 * program's, and stops, the freezer and the OOM killer find it as they find others (C2).
 */
#include "lib/child.h"
#include "lib/group.h"
#include "lib/sleeper.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static struct tring r;
static struct whole w;

static void check_used(int number)
{
	whole_exit(&w, 7);
	kept_in(&w, number);
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 7);
}

/* --- no memory ------------------------------------------------------------------------- */

TEST(C2_files_of_its_memory_are_empty)
{
	static const char *names[] = { "maps", "smaps", "smaps_rollup", "numa_maps",
				       "cmdline", "environ", "auxv", "mem" };
	unsigned int i;
	int number;
	pid_t pid;

	tring_init(&r, 0);
	number = kept_make(&r, &w);
	pid = w.told.report.pid;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		EXPECT_STR(sleeper_file(pid, names[i]), "");
	EXPECT_HAS(sleeper_file(pid, "statm"), "0 0 0 0 0 0 0");
	EXPECT_STR(sleeper_status(pid, "VmRSS"), "");
	CHECK_SYS_ERR(readlink(format("/proc/%d/exe", pid), (char[64]){ 0 }, 64), ENOENT);
	check_used(number);
}

/* Whether setns(2) finds that this process has its memory alone. */
static int enter_time_namespace(void)
{
	int fd = CHECK_SYS(open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC));
	int ret = setns(fd, CLONE_NEWTIME) ? -errno : 0;

	CHECK_SYS(close(fd));
	return ret;
}

/* As a user of it, a child that carries out steps is in the way of that. */
TEST(C2_the_memory_has_one_user_while_children_wait)
{
	struct io_uring_spawn_step *step;
	int number, i;

	tring_init(&r, 0);
	for (i = 0; i < 20; i++)
		number = kept_make(&r, &w);
	EXPECT_EQ(enter_time_namespace(), 0);

	number = kept_make(&r, &w);
	CHECK_SYS(mkfifo(in_dir("fifo"), 0600));
	kept_more(&w, number);
	step = whole_wait_for(&w, in_dir("fifo"));
	step->child_flags = O_RDONLY;
	tring_forget(&r);
	q_whole(&r, &w);
	tring_submit(&r);
	tring_none(&r, WHOLE, 20);
	EXPECT_EQ(enter_time_namespace(), -EUSERS);
	CHECK_SYS(open(in_dir("fifo"), O_WRONLY | O_CLOEXEC));
	EXPECT_EQ(tring_res(&r, WHOLE), number);
	check_used(number);
	EXPECT_EQ(enter_time_namespace(), 0);
}

static int membarrier(int command)
{
	return syscall(SYS_membarrier, command, 0, 0) ? -errno : 0;
}

TEST(C2_membarrier_works_with_children_that_wait)
{
	int number, i;

	tring_init(&r, 0);
	for (i = 0; i < 20; i++)
		number = kept_make(&r, &w);
	EXPECT_EQ(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED), 0);
	EXPECT_EQ(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED), 0);
	EXPECT_EQ(membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED), 0);
	EXPECT_EQ(membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED), 0);
	check_used(number);
	EXPECT_EQ(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED), 0);
	/* made while it is registered */
	number = kept_make(&r, &w);
	EXPECT_EQ(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED), 0);
	check_used(number);
}

/* --- flags of the memory ------------------------------------------------------------------ */

static struct {
	struct io_uring_clone_files head;
	struct io_uring_clone_file file;
} list = { .head.nr = 1 };

static void show(struct shown *s)
{
	int fds[2], pid;

	make_pipe(fds);
	s->from = fds[0];
	s->to = fds[1];
	snprintf(s->number, sizeof(s->number), "%d", s->to);
	w.argv[1] = s->number;
	list.file.source = s->to;
	list.file.number = s->to;
	w.arg.flags |= IORING_SPAWN_FILES;
	w.arg.files = (uintptr_t)&list;
	pid = CHECK_OK(whole_run(&r, &w)->res);
	shown_read(s);
	CHECK_EQ(wait_exit(pid), 0);
}

static void check_flags(struct shown *s)
{
	EXPECT_EQ(shown_number(s, "mdwe"), PR_MDWE_REFUSE_EXEC_GAIN);
	EXPECT_EQ(shown_number(s, "nothp"), 1);
	EXPECT_EQ(strtol(shown(s, "dumped"), NULL, 16), 0x11);
}

/* They go by the memory that EXEC leaves, so that has to be the launcher's. */
TEST(C2_flags_of_memory_that_are_set_later_are_the_programs)
{
	struct shown s;
	int number;

	tring_init(&r, 0);
	number = kept_make(&r, &w);
	CHECK_SYS(prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0));
	CHECK_SYS(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	write_file("/proc/self/coredump_filter", "0x11", 0);

	whole_init(&w, helper("show"));
	kept_copy(&w, number);
	show(&s);
	check_flags(&s);
	whole_init(&w, helper("show"));
	kept_in(&w, number);
	show(&s);
	check_flags(&s);
}

/* --- asleep ------------------------------------------------------------------------------------ */

static char state_of(pid_t pid)
{
	const char *state = sleeper_status(pid, "State");

	return *state;
}

static void wait_state(pid_t pid, char state)
{
	double until = now() + tap_patience();

	while (state_of(pid) != state) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
}

/* State D would count as load, and be reported as a hung task after a while. */
TEST(C5_it_is_asleep)
{
	pid_t pids[30];
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < 30; i++) {
		kept_make(&r, &w);
		pids[i] = w.told.report.pid;
	}
	for (i = 0; i < 30; i++)
		wait_state(pids[i], 'S');
	sleep_ms(50);
	for (i = 0; i < 30; i++)
		EXPECT_EQ(state_of(pids[i]), 'S');
}

/* --- stopped and frozen ------------------------------------------------------------------------- */

static void submit_program(int number)
{
	tring_forget(&r);
	whole_exit(&w, 7);
	kept_in(&w, number);
	q_whole(&r, &w);
	tring_submit(&r);
}

static int make_stopped(pid_t *pid)
{
	int number;

	tring_init(&r, 0);
	number = kept_make(&r, &w);
	*pid = w.told.report.pid;
	CHECK_SYS(kill(*pid, SIGSTOP));
	wait_state(*pid, 'T');
	return number;
}

TEST(C5_stopped_while_it_waits)
{
	pid_t pid;
	int number = make_stopped(&pid);

	CHECK_SYS(kill(pid, SIGCONT));
	wait_state(pid, 'S');

	CHECK_SYS(kill(pid, SIGSTOP));
	wait_state(pid, 'T');
	submit_program(number);
	tring_none(&r, WHOLE, 50);
	CHECK_SYS(kill(pid, SIGCONT));
	EXPECT_EQ(tring_res(&r, WHOLE), pid);
	CHECK_EQ(wait_exit(pid), 7);
}

TEST(C5_killed_while_it_is_stopped)
{
	pid_t pid;
	int number = make_stopped(&pid);

	CHECK_SYS(kill(pid, SIGKILL));
	check_gone(pid);
	check_kept_gone(&r, number);
}

#define GROUP "kept_memory_test"

/* The child alone is in it. */
static int make_in_group(void)
{
	int fd, number;

	group_make(GROUP);
	fd = CHECK_SYS(open("/sys/fs/cgroup/" GROUP, O_DIRECTORY | O_CLOEXEC));
	kept_new(&w);
	whole_report(&w);
	whole_clone(&w)->flags = CLONE_INTO_CGROUP;
	w.clone.cgroup = fd;
	number = CHECK_OK(whole_run(&r, &w)->res);
	CHECK_SYS(close(fd));
	return number;
}

static void freeze(long frozen)
{
	double until = now() + tap_patience();

	group_set(GROUP, "cgroup.freeze", frozen);
	while (group_get(GROUP, "cgroup.events", "frozen") != frozen) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
}

TEST(C5_frozen_while_it_waits)
{
	int number;
	pid_t pid;

	tring_init(&r, 0);
	number = make_in_group();
	pid = w.told.report.pid;
	freeze(1);
	submit_program(number);
	tring_none(&r, WHOLE, 50);
	freeze(0);
	EXPECT_EQ(tring_res(&r, WHOLE), pid);
	CHECK_EQ(wait_exit(pid), 7);

	group_remove(GROUP);
	number = make_in_group();
	freeze(1);
	freeze(0);
	check_used(number);
	group_remove(GROUP);
}

TEST(C5_killed_while_it_is_frozen)
{
	int number;

	tring_init(&r, 0);
	number = make_in_group();
	freeze(1);
	CHECK_SYS(kill(w.told.report.pid, SIGKILL));
	check_gone(w.told.report.pid);
	check_kept_gone(&r, number);
	group_remove(GROUP);
}

/* --- out of memory ---------------------------------------------------------------------------------- */

#define MB (1L << 20)

static void use_too_much(void)
{
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		group_enter(GROUP);
		mmap(NULL, 64 * MB, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), -SIGKILL);
}

/* It has nothing to free, but belongs to what is to go as a whole. */
TEST(C2_the_oom_killer_ends_it_with_its_group)
{
	int number;

	tring_init(&r, 0);
	number = make_in_group();
	group_set(GROUP, "memory.max", 16 * MB);
	group_set(GROUP, "memory.oom.group", 1);
	use_too_much();
	check_gone(w.told.report.pid);
	check_kept_gone(&r, number);
	group_remove(GROUP);
}

TEST(C2_the_oom_killer_does_not_choose_it)
{
	int number;

	tring_init(&r, 0);
	number = make_in_group();
	write_file(format("/proc/%d/oom_score_adj", w.told.report.pid), "1000", 0);
	group_set(GROUP, "memory.max", 16 * MB);
	use_too_much();
	check_used(number);
	group_remove(GROUP);
}
