// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: it watches the memory of the whole system.
 *
 * The memory of chains is charged to the group of who submits them, whose limit
 * holds, and nobody outside is hurt (section 6 of the design).
 */
#include "lib/child.h"
#include "lib/group.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define GROUP "spawn_memcg_test"
#define MB (1L << 20)

static struct tring r;

/* What is charged to the group. memory.stat would be seconds behind. */
static long charged(void)
{
	return group_get(GROUP, "memory.current", NULL);
}

/* A process of the group: it runs this and exits. */
static pid_t in_group(void (*run)(void))
{
	pid_t pid = CHECK_SYS(fork());

	if (pid)
		return pid;
	group_enter(GROUP);
	run();
	_exit(0);
}

/* It falls below this, but not at once: much is freed after a grace period. */
static void wait_charged(long below)
{
	double until = now() + tap_patience();

	while (charged() > below && now() < until)
		sleep_ms(10 * tap_slowness());
	EXPECT_LE(charged(), below);
}

/* --- charged -------------------------------------------------------------------------- */

#define CHAINS 8
#define STEPS 700

static struct blocker block;

/* Begin a chain of many steps whose child waits at the first. */
static void hold_chain(const char *path)
{
	int i;

	q_clone(&r);
	q_read(&r, block.fds[0], &block.byte, 1);
	for (i = 1; i < STEPS; i++) {
		if (path)
			q_exec(&r, path, NULL);
		else
			q_nop(&r);
	}
	tring_submit(&r);
	CHECK_OK(tring_res(&r, CLONE));
	tring_forget(&r);
}

/* What chains of such steps cost at least, and give back. */
static void check_charged(const char *path, long least)
{
	long before, growth;
	int i;

	make_pipe(block.fds);
	CHECK_EQ(tring_try_init(&r, 2 * STEPS, 0), 0);
	before = charged();
	for (i = 0; i < CHAINS; i++)
		hold_chain(path);
	growth = charged() - before;
	DIAG("before %ld, %d chains %ld", before, CHAINS, growth);
	EXPECT_GE(growth, least);
	/* which ends them */
	tring_exit(&r);
	wait_charged(before + growth / 2);
}

static void charge_requests(void)
{
	check_charged(NULL, CHAINS * STEPS * 160L);
}

TEST(S19_chains_are_charged_to_their_group)
{
	group_make(GROUP);
	CHECK_EQ(wait_exit(in_group(charge_requests)), 0);
	group_remove(GROUP);
}

/* A path is what a user can make large. */
static char *long_path(void)
{
	static char path[PATH_MAX];

	memset(path, 'x', sizeof(path) - 1);
	return path;
}

static void charge_paths(void)
{
	check_charged(long_path(), CHAINS * (STEPS - 1) * (long)PATH_MAX);
}

TEST(S19_paths_of_steps_are_charged_to_the_group)
{
	group_make(GROUP);
	CHECK_EQ(wait_exit(in_group(charge_paths)), 0);
	group_remove(GROUP);
}

static struct {
	struct io_uring_clone_files head;
	struct io_uring_clone_file file;
} list = { .head = { .nr = 1 } };

/* A chain whose child has one file, in a table as large as its number; waits. */
static int hold_table(void)
{
	struct rlimit limit = { 1 << 19, 1 << 19 };
	struct io_uring_sqe *sqe;

	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	list.file.source = block.fds[0];
	list.file.number = limit.rlim_cur - 1;
	tring_forget(&r);
	sqe = q_clone(&r);
	sqe->rw_flags = IORING_CLONE_FILES;
	sqe->addr3 = (uintptr_t)&list;
	q_read(&r, list.file.number, &block.byte, 1);
	tring_submit(&r);
	return tring_res(&r, CLONE);
}

static void charge_tables(void)
{
	long before;

	make_pipe(block.fds);
	tring_init(&r, 0);
	before = charged();
	CHECK_OK(hold_table());
	EXPECT_GE(charged() - before, 4 * MB);
	blocker_release(&block);
	wait_charged(before + MB);
}

TEST(S19_file_tables_are_charged_to_the_group)
{
	group_make(GROUP);
	CHECK_EQ(wait_exit(in_group(charge_tables)), 0);
	group_remove(GROUP);
}

/* --- limited ---------------------------------------------------------------------------- */

#define LIMIT (12 * MB)
#define NO_MEMORY 2 /* exit status of a flood that was told so */

static void flood_end(int res)
{
	if (res < 0)
		_exit(res == -ENOMEM ? NO_MEMORY : 1);
}

/* Chains without end whose children wait. */
static void flood_chains(void)
{
	int i, n;

	make_pipe(block.fds);
	tring_init(&r, 0);
	for (n = 0; n < 4000; n++) {
		tring_forget(&r);
		q_clone(&r);
		q_read(&r, block.fds[0], &block.byte, 1);
		for (i = 0; i < 100; i++)
			q_nop(&r);
		flood_end(tring_try_submit(&r));
		flood_end(tring_res(&r, CLONE));
	}
}

static void flood_tables(void)
{
	int n;

	make_pipe(block.fds);
	tring_init(&r, 0);
	for (n = 0; n < 100; n++)
		flood_end(hold_table());
}

/* What all but the machine's idle memory is. */
static long used_kb(void)
{
	const char *text = read_file("/proc/meminfo");

	return atol(line_of(text, "MemTotal")) -
	       atol(line_of(text, "MemAvailable"));
}

/* A flood of hundreds of megabytes ends by an error or by the group's own end. */
static void check_flood(void (*flood)(void))
{
	long before = used_kb(), most = 0, kills;
	int end, status;
	pid_t pid;

	group_make(GROUP);
	group_set(GROUP, "memory.max", LIMIT);
	pid = in_group(flood);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (used_kb() - before > most)
			most = used_kb() - before;
		sleep_ms(5);
	}
	end = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
	kills = group_get(GROUP, "memory.events", "oom_kill");
	DIAG("end %d, %ld kills, %ld kB more in use", end, kills, most);
	EXPECT(end == NO_MEMORY || (end == -SIGKILL && kills > 0));
	EXPECT_LE(most, 4 * LIMIT / 1024);
	group_remove(GROUP);

	/* who is outside goes on */
	tring_init(&r, 0);
	CHECK_GT(spawn_exit(&r, NULL), 0);
	tring_exit(&r);
}

TEST(S19_a_flood_of_chains_ends_at_the_groups_limit, .timeout = 120)
{
	check_flood(flood_chains);
}

TEST(S19_a_flood_of_file_tables_ends_at_the_groups_limit, .timeout = 120)
{
	check_flood(flood_tables);
}
