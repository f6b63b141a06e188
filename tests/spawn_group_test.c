// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: its group takes a processor for itself.
 *
 * A child can be put into somebody else's group, a container's for instance.
 * What happens to the group is not to happen to the launcher (S15, section 6 of
 * the design).
 */
#include "lib/child.h"
#include "lib/group.h"
#include "lib/ring.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define GROUP "spawn_group_test"
#define PATH "/sys/fs/cgroup/" GROUP
#define MB (1L << 20)

static struct tring r;
static struct report {
	volatile pid_t child;
} * report;

/* A launcher outside of the group, whose child waits in it. */
static pid_t launch(unsigned int ring_flags)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD };
	struct blocker b;
	pid_t pid;

	report = shared_memory(sizeof(*report));
	pid = CHECK_SYS(fork());
	if (!pid) {
		args.cgroup = CHECK_SYS(
			open(PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		tring_init(&r, ring_flags);
		q_clone3(&r, &args);
		q_block(&r, &b);
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_GT(tring_res(&r, CLONE), 0);
		wait_blocked(tring_res(&r, CLONE));
		report->child = tring_res(&r, CLONE);
		for (;;)
			pause();
	}
	while (!report->child && !is_gone(pid))
		sleep_ms(1);
	CHECK_GT(report->child, 0);
	return pid;
}

/* --- a group that runs out of memory ------------------------------------------------- */

static void use_memory(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	memset(memory, 1, size);
}

TEST(S15_a_group_killed_for_its_memory_takes_no_launcher_along)
{
	pid_t launcher, hog;

	group_make(GROUP);
	group_set(GROUP, "memory.max", 16 * MB);
	group_set(GROUP, "memory.oom.group", 1);
	launcher = launch(0);

	hog = CHECK_SYS(fork());
	if (!hog) {
		group_enter(GROUP);
		use_memory(64 * MB);
		_exit(0);
	}
	CHECK_EQ(wait_exit(hog), -SIGKILL);
	/* all of the group were killed at once, so it has happened now or never */
	check_gone(report->child);
	EXPECT_EQ(waitpid(launcher, NULL, WNOHANG), 0);

	CHECK_SYS(kill(launcher, SIGKILL));
	CHECK_EQ(wait_exit(launcher), -SIGKILL);
	group_remove(GROUP);
}

/* --- a group that has hardly any processor time ----------------------------------------- */

#define BUSY 40

static void keep_busy(pid_t pids[BUSY])
{
	int i;

	for (i = 0; i < BUSY; i++) {
		pids[i] = CHECK_SYS(fork());
		if (pids[i])
			continue;
		group_enter(GROUP);
		for (;;)
			;
	}
}

/* A thousandth of a second in each, for all of them. */
static void starve(bool on)
{
	write_file(PATH "/cpu.max", on ? "1000 1000000" : "max", 0);
}

static void end_starved(unsigned int ring_flags)
{
	pid_t launcher, busy[BUSY];
	int i;

	group_make(GROUP);
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpu", 0);
	launcher = launch(ring_flags);
	keep_busy(busy);
	starve(true);
	/* all that the group was owed has been used up */
	sleep_ms(1500);

	CHECK_SYS(kill(launcher, SIGKILL));
	CHECK_EQ(wait_exit(launcher), -SIGKILL);
	/* it did not have its turn */
	EXPECT(!is_gone(report->child));

	starve(false);
	for (i = 0; i < BUSY; i++) {
		CHECK_SYS(kill(busy[i], SIGKILL));
		CHECK_EQ(wait_exit(busy[i]), -SIGKILL);
	}
	check_gone(report->child);
	group_remove(GROUP);
}

TEST(S15_a_killed_launcher_does_not_wait_for_a_starved_child)
{
	end_starved(0);
}

TEST(S15_nor_does_it_where_completions_are_its_own_work)
{
	end_starved(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}
