// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * jobs: a list of commands, two at once, by those who start one when another has ended:
 * bpf/jobs.bpf.c, a loop in user space, xargs(1) and GNU make. `ns` is all of it,
 * `ns cpu` the CPU time of who starts them, without theirs.
 */
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "child_cpu.h"
#include "jobs.h"
#include "site.h"

#define WARM_UP	1
#define STATIC	500	/* commands */
#define DYNAMIC	100	/* emulation makes them slow: 40 ms each */

#define TEXT(number)	TEXT_(number)
#define TEXT_(word)	#word

static char dir[] = "/tmp/spawnpol-jobs.XXXXXX";

/* --- ways to run them ------------------------------------------------------------------ */

static void start(const struct jobs *jobs)
{
	char *const argv[] = { (char *)jobs->command, NULL };
	pid_t pid;

	must(-posix_spawn(&pid, jobs->command, NULL, NULL, argv, environ));
}

static void jobs_by_loop(struct jobs *jobs)
{
	unsigned int started = 0;
	int status;

	while (started < JOBS_AT_ONCE && started < jobs->nr) {
		start(jobs);
		started++;
	}
	for (unsigned int ended = 0; ended < jobs->nr; ended++) {
		must_sys(wait(&status));
		if (status)
			give_up(0, "%s ended with status %#x", jobs->command,
				status);
		if (started < jobs->nr) {
			start(jobs);
			started++;
		}
	}
}

/* Runs a program that runs them, with its input in a file. */
static void run(struct jobs *jobs, const char *const words[], const char *input)
{
	pid_t pid = must_sys(fork());

	if (!pid) {
		if (!freopen(input, "r", stdin))
			_exit(126);
		execvp(words[0], (char *const *)words);
		_exit(127);
	}
	jobs->child_cpu = child_cpu(pid, words[0]);
}

static void jobs_by_xargs(struct jobs *jobs)
{
	const char *const words[] = {
		"xargs", "-P", TEXT(JOBS_AT_ONCE), "-n", "1", jobs->command, NULL,
	};

	run(jobs, words, "numbers");
}

static void jobs_by_make(struct jobs *jobs)
{
	static const char *const words[] = {
		"make", "-s", "-j", TEXT(JOBS_AT_ONCE), NULL,
	};

	run(jobs, words, "/dev/null");
}

static const struct way {
	const char *name;
	void (*run)(struct jobs *jobs);
	bool child;			/* a program of its own */
} ways[] = {
	{ "xargs", jobs_by_xargs, true },
	{ "make", jobs_by_make, true },
	{ "posix_spawn", jobs_by_loop, false },
	{ "actor", jobs_by_actor, false },
};
#define NR_WAYS (sizeof(ways) / sizeof(ways[0]))

/* --- rounds --------------------------------------------------------------------------- */

struct lane {
	struct samples ns, cpu;
};

static void time_jobs(struct lane *lane, const struct way *way, struct jobs *jobs,
		      bool counts)
{
	uint64_t cpu = cpu_ns(), ns = clock_ns();

	way->run(jobs);
	ns = clock_ns() - ns;
	cpu = way->child ? jobs->child_cpu : cpu_ns() - cpu;
	if (!counts)
		return;
	samples_add(&lane->ns, ns);
	samples_add(&lane->cpu, cpu);
}

static void measure(const struct plan *plan, struct jobs *jobs,
		    const char *case_name)
{
	struct lane lanes[NR_WAYS];

	progress(plan, "%s, %u rounds", case_name, plan->iterations);
	for (unsigned int k = 0; k < NR_WAYS; k++) {
		samples_init(&lanes[k].ns, plan->iterations);
		samples_init(&lanes[k].cpu, plan->iterations);
	}
	for (unsigned int i = 0; i < WARM_UP + plan->iterations; i++) {
		for (unsigned int k = 0; k < NR_WAYS; k++) {
			unsigned int n = (i + k) % NR_WAYS;

			time_jobs(&lanes[n], &ways[n], jobs, i >= WARM_UP);
		}
	}
	for (unsigned int k = 0; k < NR_WAYS; k++) {
		/* it also runs while the guest waits for the host's files */
		if (!plan->counting)
			print_samples(plan, ways[k].name, "ns", &lanes[k].ns,
				      "%s", case_name);
		print_samples(plan, ways[k].name, "ns cpu", &lanes[k].cpu, "%s",
			      case_name);
		samples_free(&lanes[k].ns);
		samples_free(&lanes[k].cpu);
	}
}

/* What xargs and make are told; they cannot be told how often. */
static void write_lists(const struct jobs *jobs)
{
	FILE *numbers = fopen("numbers", "we"), *makefile = fopen("Makefile", "we");

	if (!numbers || !makefile)
		give_up(-errno, "a list of commands");
	fprintf(makefile, "all:");
	for (unsigned int i = 0; i < jobs->nr; i++) {
		fprintf(numbers, "%u\n", i);
		fprintf(makefile, " c%u", i);
	}
	fprintf(makefile, "\nc%%: ; %s\n", jobs->command);
	if (fclose(numbers) || fclose(makefile))
		give_up(-errno, "a list of commands");
}

static void measure_command(const struct plan *plan, const char *command,
			    unsigned int nr, const char *case_name)
{
	struct jobs jobs = { .command = command, .nr = nr };

	write_lists(&jobs);
	jobs_attach(&jobs);
	measure(plan, &jobs, case_name);
	io_uring_queue_exit(&jobs.ring);
}

void bench_jobs(const struct plan *plan)
{
	static const char *const files[] = { "quit", "numbers", "Makefile" };

	if (!mkdtemp(dir))
		give_up(-errno, "%s", dir);
	must_sys(chdir(dir));
	copy_program(built("tests/helpers/quit"), "quit");
	measure_command(plan, "./quit", STATIC, TEXT(STATIC) " static commands");
	measure_command(plan, "/bin/true", DYNAMIC,
			TEXT(DYNAMIC) " dynamic commands");
	for (unsigned int i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		must_sys(unlink(files[i]));
	must_sys(rmdir(dir));
}
