// SPDX-License-Identifier: LGPL-2.1-or-later
/* The soak test's command line, its phases, and what has become of it all. */
#include "soak.h"

#include "child.h"
#include "command_line.h"
#include "tap_private.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* The test library's checks want it. */
static struct tap_shared shared;
struct tap_shared *tap_shared = &shared;

struct soak soak;

/* The first is for what grows once; then come three thirds. */
#define PHASES 10
#define THIRD 3
/* So many spawns fill the caches of the rings and of the kernel. */
#define WARM_UP 4000

static uint64_t wanted = 1000000;
static struct state samples[PHASES];
static double begin, next_line;

static const char help[] =
	"usage: soak.bin [--spawns N] [--seed N] [--patience S] [--sabotage WHAT]\n"
	"\n"
	"Spawns N times (1000000) on 16 rings of 4 threads, in all ways, while\n"
	"actors run on these rings, and policies and their programs come and go,\n"
	"and accounts for everything.\n"
	"\n"
	"  --patience S     what does not come in so many seconds (60) is lost\n"
	"  --sabotage WHAT  do one thing wrong, to see that it is noticed: cqe,\n"
	"                   child, memory or actor\n"
	"\n"
	"exit status: 0, 1 if something is lost, left or has grown, 2 for wrong\n"
	"usage\n";

void complain(const char *fmt, ...)
{
	static unsigned int times;
	va_list args;
	char text[256];

	if (__atomic_add_fetch(&times, 1, __ATOMIC_RELAXED) > 50)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("soak: %s\n", text);
}

bool sabotage_once(enum sabotage what)
{
	static bool done;

	return soak.sabotage == what && GET(spawns) > wanted / 2 &&
	       !__atomic_exchange_n(&done, true, __ATOMIC_RELAXED);
}

double soak_patience(void)
{
	return soak.patience * tap_slowness();
}

/* --- figures ---------------------------------------------------------------------- */

static void show_progress(void)
{
	if (now() < next_line)
		return;
	next_line = now() + 10;
	printf("soak: %4.0f s: %llu spawns, %llu programs, %llu lost, %llu "
	       "left\n",
	       now() - begin, (unsigned long long)GET(spawns),
	       (unsigned long long)GET(programs), (unsigned long long)GET(lost),
	       (unsigned long long)GET(left));
}

static void show_actors(void)
{
	printf("soak: %llu actors (%llu of them spawned, %llu were cancelled, "
	       "%llu had no program or lost it), %llu changes of their "
	       "programs\n",
	       (unsigned long long)soak.actors,
	       (unsigned long long)soak.actor_spawns,
	       (unsigned long long)soak.actors_cancelled,
	       (unsigned long long)soak.actors_unlinked,
	       (unsigned long long)soak.program_changes);
}

static void show_end(void)
{
	printf("soak: %llu spawns (%llu by one SPAWN, %llu of them with a "
	       "search, %llu of these in open directories, lists registered "
	       "%llu times, %llu through kept children, %llu of these copied), "
	       "%llu requests, %llu programs run, %llu "
	       "failed as meant, %llu cancelled, %llu policy changes, %llu "
	       "lost, %llu left\n",
	       (unsigned long long)soak.spawns,
	       (unsigned long long)soak.wholes,
	       (unsigned long long)soak.searches,
	       (unsigned long long)soak.opens, (unsigned long long)soak.lists,
	       (unsigned long long)soak.kept,
	       (unsigned long long)soak.copies,
	       (unsigned long long)soak.requests,
	       (unsigned long long)soak.programs,
	       (unsigned long long)soak.failed,
	       (unsigned long long)soak.cancelled,
	       (unsigned long long)soak.changes, (unsigned long long)soak.lost,
	       (unsigned long long)soak.left);
}

/* --- phases ----------------------------------------------------------------------- */

/* All have done their part, the children are gone. */
static void see_no_children(void)
{
	double until = now() + soak_patience();
	int ret;

	while ((ret = waitpid(-1, NULL, WNOHANG | __WALL)) == 0) {
		if (now() > until)
			break;
		sleep_ms(1);
	}
	if (ret < 0)
		return;
	complain("a child is left: waitpid is %d", ret);
	COUNT(left);
}

static void start_phase(uint64_t quota)
{
	soak.quota = quota;
	soak.policies_idle = false;
	__atomic_store_n(&soak.idle, 0, __ATOMIC_RELEASE);
	__atomic_add_fetch(&soak.phase, 1, __ATOMIC_RELEASE);
}

/* Of all threads. A short run is half over before it is warm. */
static uint64_t spawns_of_phase(unsigned int n)
{
	uint64_t warm_up = wanted / 2;

	if (warm_up > WARM_UP)
		warm_up = WARM_UP;
	if (warm_up < wanted / PHASES)
		warm_up = wanted / PHASES;
	return n ? (wanted - warm_up) / (PHASES - 1) : warm_up;
}

static void run_phase(unsigned int n)
{
	start_phase((spawns_of_phase(n) + THREADS - 1) / THREADS);
	while (GET(idle) < THREADS || !GET(policies_idle)) {
		show_progress();
		sleep_ms(20);
	}
	see_no_children();
	sleep_ms(200); /* for what is freed late */
	samples[n] = state_look();
	printf("soak: kernel %ld kB, process %ld kB, %u tasks\n",
	       samples[n].kernel_kb, samples[n].process_kb, samples[n].tasks);
}

static struct state third(unsigned int from)
{
	struct state least = samples[from];
	unsigned int i;

	for (i = 1; i < THIRD; i++)
		least = state_min(least, samples[from + i]);
	return least;
}

/* The least of the first third beside the least of the last one. */
static unsigned int compare(void)
{
	uint64_t between = spawns_of_phase(1) * 2 * THIRD;
	struct state first = third(1), last = third(PHASES - THIRD);
	double until = now() + 30 * tap_slowness();

	while (state_grown(&first, &last, between, false) && now() < until) {
		sleep_ms(500);
		last = state_min(last, state_look());
	}
	return state_grown(&first, &last, between, true);
}

static void check_sum(void)
{
	uint64_t sum = soak.programs + soak.failed + soak.cancelled;

	if (sum == soak.spawns && soak.actors_ended == soak.actors)
		return;
	complain("%llu spawns and %llu of %llu actors have come to an end",
		 (unsigned long long)sum, (unsigned long long)soak.actors_ended,
		 (unsigned long long)soak.actors);
	soak.lost += !soak.lost && !soak.left;
}

static unsigned int run_all(void)
{
	pthread_t threads[THREADS + 1];
	unsigned int i, nr_grown;

	for (i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, spawn_thread,
					(void *)(uintptr_t)i),
			 0);
	CHECK_EQ(pthread_create(&threads[i], NULL, policies_thread, NULL), 0);
	while (GET(idle) < THREADS)
		sleep_ms(5);
	for (i = 0; i < PHASES; i++)
		run_phase(i);
	nr_grown = compare();
	start_phase(0);
	for (i = 0; i < THREADS + 1; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	see_no_children();
	return nr_grown;
}

/* --- beginning ---------------------------------------------------------------------- */

static void usage(FILE *to)
{
	fputs(help, to);
}

static void parse(int argc, char *argv[])
{
	static const char *const names[] = { "none", "cqe", "child", "memory",
					     "actor" };
	static const struct command_option known[] = {
		{ "spawns", .number = &wanted, .least = 1 },
		{ "seed", .number = &soak.seed, .least = 1 },
		{ "patience", .number = &soak.patience, .least = 1 },
		{ "sabotage", .choice = &soak.sabotage, .choices = names,
		  .nr_choices = sizeof(names) / sizeof(names[0]) },
		{ NULL },
	};

	soak.seed = time(NULL);
	soak.patience = 60; /* a machine with too much to do can stand still */
	command_line(argc, argv, known, usage);
}

/* In memory, to be fast; and where "quit" alone does not lead to. */
static void make_program(void)
{
	static char dir[] = "/tmp/soak.XXXXXX";

	if (!mkdtemp(dir))
		FAIL("no directory in /tmp");
	soak.directory = dir;
	soak.program = format("%s/quit", dir);
	soak.fifo = format("%s/fifo", dir);
	soak.list = format("/missing:/etc:/etc/passwd:%s", dir);
	soak.nowhere = "/missing:/etc:/etc/passwd";
	CHECK_SYS(mkfifo(soak.fifo, 0600));
	copy_file(helper("quit"), soak.program, 0755);
	CHECK_SYS(chdir("/"));
}

static void make_descriptors(void)
{
	struct rlimit many = { 65536, 65536 };
	int ends[2];

	/* for what is wasted on purpose */
	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &many));
	make_pipe(ends);
	soak.blocked = ends[0];
}

int main(int argc, char *argv[])
{
	unsigned int nr_grown;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("soak: seed %llu\n", (unsigned long long)soak.seed);
	make_program();
	make_descriptors();
	policies_begin();
	programs_begin();
	begin = now();
	nr_grown = run_all();
	policies_end();
	programs_end();
	check_sum();
	unlink(soak.program);
	unlink(soak.fifo);
	rmdir(soak.directory);
	show_actors();
	show_end();
	return soak.lost || soak.left || nr_grown;
}
