// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: it takes most of the machine's memory, and counts what the system has.
 *
 * Thousands of kept children on one ring, as many as a ring may have or the machine has
 * memory for: made, used, and lost with their launcher, or with their ring (C5).
 */
#include "lib/child.h"
#include "lib/count.h"
#include "lib/kept.h"
#include "lib/ring.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define BATCH 16
#define AT_LEAST 2000
#define PROGRAMS 50
#define NTH(n) (OTHER + 100 + (n))
/* Of memory, with stack and task: what a child takes at most on either kernel. */
#define KB_EACH (tap_slowness() > 1 ? 200 : 64)

static struct tring r;
static struct whole w;
static unsigned int max_kept;
static int *numbers;

/* What the launcher, which is killed, has told. */
static struct share {
	unsigned int made, used;
} * share;

static long value_of(const char *path, const char *key)
{
	return atol(*key ? line_of(read_file(path), key) : read_file(path));
}

/* More tasks than the kernel thinks fit into the memory, if there is enough of that. */
static unsigned int how_many(void)
{
	long memory = value_of("/proc/meminfo", "MemAvailable") * 3 / 4 / KB_EACH;
	long pids = value_of("/proc/sys/kernel/pid_max", "") - 2000;
	struct io_uring_spawn_query query;

	tring_init(&r, 0);
	tring_query(&r, &query);
	tring_exit(&r);
	max_kept = query.max_kept;
	CHECK_GE(max_kept, AT_LEAST);
	write_file("/proc/sys/kernel/threads-max", "40000", 0);
	if (pids < memory)
		memory = pids;
	return memory < max_kept ? memory : max_kept;
}

/* --- many requests ---------------------------------------------------------------------- */

/* The same for each of them: what the results are is in numbers[]. */
static void run_batch(unsigned int from, unsigned int nr)
{
	unsigned int i;

	tring_forget(&r);
	for (i = 0; i < nr; i++) {
		if (w.arg.flags & IORING_SPAWN_CHILD)
			w.arg.child = numbers[from + i];
		q_whole(&r, &w)->user_data = NTH(i);
		tring_submit(&r);
	}
	for (i = 0; i < nr; i++)
		numbers[from + i] = tring_res(&r, NTH(i));
}

static void run_many(unsigned int nr)
{
	unsigned int i, n;

	for (i = 0; i < nr; i += n) {
		n = nr - i < BATCH ? nr - i : BATCH;
		run_batch(i, n);
	}
}

static void make_many(unsigned int nr)
{
	unsigned int i;

	kept_new(&w);
	run_many(nr);
	for (i = 0; i < nr; i++)
		CHECK_GT(numbers[i], 0);
	share->made = nr;
}

/* A step in each: they are there, and have their numbers. */
static void use_many(unsigned int nr)
{
	int *had = CHECK_PTR(malloc(nr * sizeof(*had)));

	memcpy(had, numbers, nr * sizeof(*had));
	kept_more(&w, 0);
	whole_step(&w, IORING_CHILD_UMASK)->off = 022;
	run_many(nr);
	CHECK(!memcmp(had, numbers, nr * sizeof(*had)));
	free(had);
	share->used = nr;
}

static unsigned int count_shown(void)
{
	FILE *f = CHECK_PTR(fopen(format("/proc/self/fdinfo/%d", tring_fd(&r)), "re"));
	unsigned int nr = 0;
	char line[256];

	while (fgets(line, sizeof(line), f))
		nr += !strncmp(line, "SpawnChild:", 11);
	fclose(f);
	return nr;
}

/* No more than the ring may have, to the last one. */
static void check_cap(unsigned int nr)
{
	unsigned int i;

	if (nr < max_kept)
		return;
	for (i = 0; i < 3; i++) {
		kept_new(&w);
		EXPECT_EQ(whole_run(&r, &w)->res, -EAGAIN);
		kept_new(&w);
		w.arg.flags = IORING_SPAWN_KEEP;
		kept_copy(&w, numbers[0]);
		EXPECT_EQ(whole_run(&r, &w)->res, -EAGAIN);
	}
	/* others are not kept */
	whole_exit(&w, 3);
	kept_copy(&w, numbers[0]);
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 3);
	kept_end(&r, numbers[0]);
	numbers[0] = kept_make(&r, &w);
	kept_new(&w);
	EXPECT_EQ(whole_run(&r, &w)->res, -EAGAIN);
	EXPECT_EQ(count_shown(), max_kept);
}

/* The last ones become programs, and there is room for others. */
static void become_programs(unsigned int nr)
{
	unsigned int i;

	for (i = nr - PROGRAMS; i < nr; i++) {
		whole_exit(&w, 4);
		kept_in(&w, numbers[i]);
		EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 4);
	}
	EXPECT_EQ(count_shown(), nr - PROGRAMS);
	for (i = nr - PROGRAMS; i < nr; i++)
		numbers[i] = kept_make(&r, &w);
}

/* --- and their end ------------------------------------------------------------------------ */

struct machine {
	unsigned int tasks;
	long stacks, slabs; /* kB */
};

static struct machine look(void)
{
	write_file("/proc/sys/vm/drop_caches", "3", 0);
	return (struct machine){
		.tasks = count_processes(),
		.stacks = value_of("/proc/meminfo", "KernelStack"),
		.slabs = value_of("/proc/meminfo", "SUnreclaim"),
	};
}

/* Half a kilobyte of each would show. KASAN keeps for a while what was freed. */
static void check_machine(const struct machine *before, unsigned int nr)
{
	double until = now() + tap_patience();
	long slabs = before->slabs + nr / 2;
	struct machine after = look();

	if (tap_slowness() > 1)
		slabs = 1L << 40;
	while ((after.tasks > before->tasks || after.slabs > slabs ||
		after.stacks > before->stacks + 512) && now() < until) {
		sleep_ms(100);
		after = look();
	}
	EXPECT_LE(after.tasks, before->tasks);
	EXPECT_LE(after.stacks, before->stacks + 512);
	EXPECT_LE(after.slabs, slabs);
}

static void begin(void)
{
	share = shared_memory(sizeof(*share));
	CHECK_SYS(prctl(PR_SET_CHILD_SUBREAPER, 1));
}

static void launch(unsigned int nr)
{
	tring_init(&r, 0);
	numbers = CHECK_PTR(calloc(nr, sizeof(*numbers)));
	make_many(nr);
	EXPECT_EQ(count_shown(), nr);
	use_many(nr);
	check_cap(nr);
	become_programs(nr);
	kill(getpid(), SIGKILL);
}

TEST(C5_thousands_and_the_launcher_is_killed, .timeout = 400)
{
	unsigned int nr = how_many();
	struct machine before = look();
	double start = now();
	pid_t pid;

	CHECK_GE(nr, AT_LEAST);
	begin();
	pid = CHECK_SYS(fork());
	if (!pid)
		launch(nr);
	EXPECT_EQ(wait_exit(pid), -SIGKILL);
	DIAG("%u made and %u used in %.1f s", share->made, share->used, now() - start);
	EXPECT_EQ(share->used, nr);
	whole_is_gone();
	check_machine(&before, nr);
	DIAG("%.1f s with their end", now() - start);
}

/* In turn, in one process: as many in all as thousands, again and again on one ring. */
TEST(C5_made_and_ended_again_and_again, .timeout = 400)
{
	unsigned int nr = how_many() / 8, i, j;
	struct machine before;

	begin();
	tring_init(&r, 0);
	numbers = CHECK_PTR(calloc(nr, sizeof(*numbers)));
	make_many(nr);
	for (i = 0; i < 3; i++) {
		w = (struct whole){ 0 };
		w.arg.steps = (uintptr_t)w.steps;
		w.arg.flags = IORING_SPAWN_CHILD;
		run_many(nr);
		for (j = 0; j < nr; j++)
			CHECK_EQ(numbers[j], 0);
		whole_is_gone();
		if (!i)
			before = look();
		else
			check_machine(&before, nr);
		make_many(nr);
	}
	EXPECT_EQ(count_shown(), nr);
	tring_exit(&r);
	whole_is_gone();
	check_machine(&before, nr);
}
