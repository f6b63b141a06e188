/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the benchmarks' program lies, and what it reports. */
#ifndef SPAWNPOL_BENCH_SITE_H
#define SPAWNPOL_BENCH_SITE_H

#include "bench.h"

/*
 * Directories below a temporary one, of which only the last holds the program:
 * a search meets `misses` failures first. Everything is in memory: on tmpfs, if nothing
 * else is said.
 */
struct site {
	char root[64];
	unsigned int misses;
	char *path;		/* all directories, as in $PATH, where it is set */
	char **candidates;	/* misses + 1 full paths of the program */
	int reports;		/* reading end of the pipe at STAMP_FD */
};

#define SITE_PROGRAM "stamp"

/* Gives up if it cannot be made. One site at a time: STAMP_FD and PATH. */
void site_init(struct site *site, unsigned int misses);
/* The same in another place than /tmp, with a copy of this file as the program. */
void site_init_at(struct site *site, const char *dir, const char *program,
		  unsigned int misses);
void site_exit(struct site *site);

/* The program's full path. */
const char *site_program(const struct site *site);

/*
 * Wait for what a program reports: the time of its first instruction, in ns. The
 * caller sets the alarm(2) that ends a wait for a program that never reports.
 */
uint64_t site_report(const struct site *site);

/* Copy a file, which is executable then. */
void copy_program(const char *from, const char *to);

/* "NAME" in the folder of the built tool, which is above this program's own. */
const char *built(const char *name);

#endif
