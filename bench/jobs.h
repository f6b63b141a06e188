/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ways to run a list of commands that are compared. */
#ifndef SPAWNPOL_BENCH_JOBS_H
#define SPAWNPOL_BENCH_JOBS_H

#include <liburing.h>
#include <stdint.h>

#define JOBS_AT_ONCE	2
#define JOBS_MOST	500

/* The same command, so often. */
struct jobs {
	unsigned int nr;
	const char *command;
	uint64_t child_cpu;		/* of the program that has run them, in ns */
	struct io_uring ring;
};

/* bpf/jobs.bpf.c, with the launcher asleep until the end. */
void jobs_attach(struct jobs *jobs);
void jobs_by_actor(struct jobs *jobs);

#endif
