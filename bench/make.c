// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * make: GNU make running trivial commands one after the other, as it is and with
 * libspawnpol-posix.so preloaded. Everything lies in memory.
 *
 * Programs inherit what is preloaded. Static ones do not care; dynamic ones load the
 * library, which costs them what loading a library costs and gains them nothing:
 * "launcher_only" has it preloaded into make alone (SPAWNPOL_INHERIT=0).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "site.h"

#define STATIC	500	/* commands */
#define DYNAMIC	100	/* emulation makes them slow: 40 ms each */

/* The ways to run it. */
static const struct way {
	const char *name;
	bool preload, inherit;
} ways[] = {
	{ "libc", false, false },
	{ "preloaded", true, true },
	{ "launcher_only", true, false },
};
#define NR_WAYS (sizeof(ways) / sizeof(ways[0]))

static char dir[] = "/tmp/spawnpol-make.XXXXXX";

/* make -s -f dir/MAKEFILE; the whole of it takes this long, in ns. */
static uint64_t run_make(const char *makefile, const struct way *way)
{
	uint64_t begin = clock_ns();
	int status;
	pid_t pid;

	pid = must_sys(fork());
	if (!pid) {
		must_sys(chdir(dir));
		if (way->preload)
			must_sys(setenv("LD_PRELOAD", "./library.so", 1));
		if (!way->inherit)
			must_sys(setenv("SPAWNPOL_INHERIT", "0", 1));
		execlp("make", "make", "-s", "-f", makefile, NULL);
		_exit(127);
	}
	must_sys(waitpid(pid, &status, 0));
	if (status)
		give_up(0, "make ended with status %#x", status);
	return clock_ns() - begin;
}

static void write_makefile(const char *name, const char *command,
			   unsigned int nr)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	if (!file)
		give_up(-errno, "%s", path);
	fprintf(file, "all:");
	for (unsigned int i = 0; i < nr; i++)
		fprintf(file, " c%u", i);
	fprintf(file, "\nc%%: ; %s\n", command);
	if (fclose(file))
		give_up(-errno, "%s", path);
}

static void measure(const struct plan *plan, const char *makefile,
		    const char *case_name)
{
	struct samples samples[NR_WAYS];

	progress(plan, "%s, %u rounds", case_name, plan->iterations);
	for (unsigned int k = 0; k < NR_WAYS; k++)
		samples_init(&samples[k], plan->iterations);
	/* one more, to warm up; another way begins each time */
	for (unsigned int i = 0; i <= plan->iterations; i++) {
		for (unsigned int k = 0; k < NR_WAYS; k++) {
			unsigned int n = (i + k) % NR_WAYS;
			uint64_t ns = run_make(makefile, &ways[n]);

			if (i)
				samples_add(&samples[n], ns);
		}
	}
	for (unsigned int k = 0; k < NR_WAYS; k++) {
		print_samples(plan, ways[k].name, "ns", &samples[k], "%s",
			      case_name);
		samples_free(&samples[k]);
	}
}

static void in_dir(char path[64], const char *name)
{
	snprintf(path, 64, "%s/%s", dir, name);
}

void bench_make(const struct plan *plan)
{
	static const char *const files[] = { "library.so", "quit", "static",
					     "dynamic" };
	char path[64];

	if (!mkdtemp(dir))
		give_up(-errno, "%s", dir);
	in_dir(path, "library.so");
	copy_program(built("libspawnpol-posix.so"), path);
	in_dir(path, "quit");
	copy_program(built("tests/helpers/quit"), path);
	write_makefile("static", "./quit", STATIC);
	write_makefile("dynamic", "/bin/true", DYNAMIC);
	measure(plan, "static", "500 static commands");
	measure(plan, "dynamic", "100 dynamic commands");
	for (unsigned int i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		in_dir(path, files[i]);
		unlink(path);
	}
	must_sys(rmdir(dir));
}
