// SPDX-License-Identifier: LGPL-2.1-or-later
/* The benchmarks, and the command line that chooses among them. */
#include <errno.h>
#include <getopt.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static const struct bench {
	const char *name;
	void (*run)(const struct plan *plan);
	unsigned int iterations;	/* if the user names none */
	const char *what;
} benches[] = {
	{ "latency", bench_latency, 500,
	  "until the program's first instruction, after six misses" },
	{ "path", bench_path, 100, "what each miss of a search costs" },
	{ "path_ext4", bench_path_ext4, 100,
	  "the same on ext4, which remembers names that do not exist" },
	{ "decision", bench_decision, 200,
	  "from a failed EXEC to the next one" },
	{ "parent", bench_parent, 300, "what a launch costs the launcher" },
	{ "descriptors", bench_descriptors, 300,
	  "a launcher with many open files" },
	{ "throughput", bench_throughput, 500, "programs per second" },
	{ "idle", bench_idle, 1000, "a policy that never has to act" },
	{ "retry", bench_retry, 1000, "programs that are busy at first" },
	{ "waiting", bench_waiting, 300,
	  "the launcher's own work with children that wait" },
	{ "template", bench_template, 300,
	  "a copy of a child that is prepared, in five namespaces" },
	{ "make", bench_make, 10, "GNU make with 500 trivial commands" },
	{ "actor", bench_actor, 300,
	  "NOPs that wait for each other, by one IORING_OP_BPF" },
	{ "idle_actor", bench_idle_actor, 300,
	  "the launcher's own NOPs with an actor that waits" },
	{ "copy", bench_copy, 20, "a file, by an actor and by user space" },
	{ "jobs", bench_jobs, 10, "500 trivial commands, two at once" },
};
#define NR_BENCHES (sizeof(benches) / sizeof(benches[0]))

static void usage(FILE *out)
{
	fputs("usage: bench [OPTION...] [BENCHMARK...]\n\n"
	      "Measures on the machine it runs on, which needs the patched kernel, as root.\n"
	      "Prints one JSON object per figure; `make bench` makes tables of them.\n\n"
	      "  --iterations N   so many samples instead of the usual number\n"
	      "  --counting       the clock counts instructions: leave out what takes hours\n"
	      "  --help           this text\n\n"
	      "Benchmarks (all, if none is named), and their usual iterations:\n",
	      out);
	for (unsigned int i = 0; i < NR_BENCHES; i++)
		fprintf(out, "  %-12s %5u  %s\n", benches[i].name,
			benches[i].iterations, benches[i].what);
}

static unsigned int parse_iterations(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || end == text || *text == '-' || !n || n > 10000000) {
		fprintf(stderr, "bench: --iterations needs a number from 1 to "
			"10000000, not '%s'\n", text);
		exit(2);
	}
	return n;
}

static const struct bench *find(const char *name)
{
	for (unsigned int i = 0; i < NR_BENCHES; i++) {
		if (!strcmp(benches[i].name, name))
			return &benches[i];
	}
	fprintf(stderr, "bench: there is no benchmark '%s'; see --help\n", name);
	exit(2);
}

/* In a process of its own: affinity, limits and descriptors are its. */
static void run(const struct bench *bench, struct plan plan)
{
	int status;
	pid_t pid;

	plan.bench = bench->name;
	if (!plan.iterations)
		plan.iterations = bench->iterations;
	fflush(stdout);
	pid = must_sys(fork());
	if (!pid) {
		bench->run(&plan);
		exit(0);
	}
	must_sys(waitpid(pid, &status, 0));
	if (!WIFEXITED(status))
		give_up(0, "%s was killed by signal %d", bench->name,
			WTERMSIG(status));
	if (WEXITSTATUS(status))
		exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "iterations", required_argument, NULL, 'n' },
		{ "counting", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct plan plan = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "n:ch", options, NULL)) != -1) {
		switch (c) {
		case 'n': plan.iterations = parse_iterations(optarg); break;
		case 'c': plan.counting = true; break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	for (int i = optind; i < argc; i++)
		find(argv[i]);
	for (int i = optind; i < argc; i++)
		run(find(argv[i]), plan);
	for (unsigned int i = 0; i < NR_BENCHES && optind == argc; i++)
		run(&benches[i], plan);
	return 0;
}
