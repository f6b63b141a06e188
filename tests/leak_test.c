// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: it counts what the whole system has.
 *
 * Many spawns in a row under a policy that searches, half of which miss six
 * directories first, leave nothing behind: no task, descriptor, pin, link,
 * program or kernel memory (S5, S9, P2).
 */
#include "lib/child.h"
#include "lib/count.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * The debug kernel is slow. It finds leaks by kmemleak, and its memory cannot be
 * compared: KASAN keeps what was freed.
 */
#define IS_DEBUG (tap_slowness() > 1)
#define SPAWNS (IS_DEBUG ? 500 : 20000)
/* After so many everything that grows once has grown. */
#define WARM_UP (SPAWNS / 20)
/*
 * Kernel memory is told in pages of slabs, which fill unevenly: allow for half
 * a megabyte and 32 bytes per spawn, half of the smallest object the series has.
 */
#define TOLERANCE_KB (512 + SPAWNS * 32 / 1024)

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

struct state {
	unsigned int tasks, descriptors, pins, links, programs;
	long memory_kb;
};

static long kernel_memory_kb(void)
{
	static const char *const kinds[] = { "SUnreclaim", "KernelStack",
					     "PageTables", "Percpu",
					     "VmallocUsed" };
	char *text = strdup(read_file("/proc/meminfo"));
	unsigned int i;
	long sum = 0;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		sum += atol(line_of(text, kinds[i]));
	free(text);
	return sum;
}

static struct state look(void)
{
	/* Caches that the kernel would give back anyway. */
	write_file("/proc/sys/vm/drop_caches", "3", 0);
	return (struct state){
		.tasks = count_threads(),
		.descriptors = count_entries("/proc/self/fd"),
		.pins = count_entries("/sys/fs/bpf"),
		.links = count_ids(BPF_LINK_GET_NEXT_ID),
		.programs = count_ids(BPF_PROG_GET_NEXT_ID),
		.memory_kb = kernel_memory_kb(),
	};
}

/* What is freed late gets some time. */
static struct state look_again(const struct state *before)
{
	double until = now() + tap_patience();
	struct state after;

	do {
		sleep_ms(200);
		after = look();
	} while (((!IS_DEBUG &&
		   after.memory_kb > before->memory_kb + TOLERANCE_KB) ||
		  after.tasks > before->tasks ||
		  after.programs > before->programs) &&
		 now() < until);
	return after;
}

/* The program, and a directory without it; in memory, to be fast. */
static void make_directories(void)
{
	copy_file(helper("quit"), in_dir("quit"), 0755);
	CHECK_SYS(mkdir(in_dir("empty"), 0755));
}

/* Six directories without the program ("/" is the first), then the one with it. */
static void search_for(struct tprog *prog)
{
	struct engine_rule *rule;
	int i;

	for (i = 0; i < 6; i++) {
		rule = tprog_rule(prog,
				  IORING_POLICY_FAILED | IORING_POLICY_STAGED,
				  0, IORING_VERDICT_SUBMIT);
		rule->below = i + 2;
		rule_stage_text(rule, ENGINE_STAGE_EXEC_DIR,
				i < 5 ? in_dir("empty") : tap_dir());
	}
}

static void spawn(unsigned int count)
{
	static char *argv[] = { "quit", NULL };
	const char *path = in_dir("quit");
	unsigned int i;

	for (i = 0; i < count; i++) {
		tring_forget(&r);
		q_clone(&r);
		q_exec(&r, i % 2 ? "quit" : path, argv);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	}
}

static void compare(const struct state *before, const struct state *after)
{
	DIAG("kernel memory: %ld kB, then %ld kB", before->memory_kb,
	     after->memory_kb);
	EXPECT_LE(after->tasks, before->tasks);
	EXPECT_LE(after->descriptors, before->descriptors);
	EXPECT_LE(after->pins, before->pins);
	EXPECT_LE(after->links, before->links);
	EXPECT_LE(after->programs, before->programs);
	if (!IS_DEBUG)
		EXPECT_LE(after->memory_kb, before->memory_kb + TOLERANCE_KB);
	check_no_children();
}

/* Processors that talk to each other are what costs most in an emulator. */
static void stay_on_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	CHECK_SYS(sched_setaffinity(0, sizeof(one), &one));
}

TEST(S5_many_spawns_under_a_policy_leave_nothing_behind, .timeout = 1200)
{
	struct state before, after;
	unsigned int runs;
	double begin;

	stay_on_one_cpu();
	CHECK_SYS(chdir("/"));
	make_directories();
	tprog_start(&r, &p, 0);
	search_for(&p);
	spawn(WARM_UP);
	before = look();
	runs = p.engine->runs;
	begin = now();
	spawn(SPAWNS);
	DIAG("%.3f ms per spawn", (now() - begin) * 1000 / SPAWNS);
	/* Each of the second half: its own EXEC, then six staged ones. */
	EXPECT_EQ(p.engine->runs - runs, SPAWNS / 2 * 6);
	begin = now();
	after = look_again(&before);
	DIAG("%.1f s until all was freed", now() - begin);
	compare(&before, &after);
}

/* Chains that fail, too, and rings and links that come and go. */
TEST(P2_many_rings_links_and_failures_leave_nothing_behind, .timeout = 100)
{
	unsigned int i, rounds = 60 / tap_slowness(), warm = rounds / 5;
	struct state before, after;
	int link = -1;

	for (i = 0; i < rounds + warm; i++) {
		if (i == warm)
			before = look();
		tring_init(&r, tring_kinds[i % tring_nr_kinds].flags);
		tprog_load(&p);
		link = attach(&r, &p, i % 16, 0);
		q_clone(&r)->file_index = i % 16;
		q_nop(&r);
		q_fail(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		tring_total(&r, 4);
		CHECK_EQ(p.engine->runs, 1);
		if (i % 2)
			close(link);
		tring_exit(&r);
		if (i % 2 == 0)
			close(link);
		tprog_free(&p);
	}
	after = look_again(&before);
	compare(&before, &after);
}
