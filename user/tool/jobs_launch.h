/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands of jobs as requests: struct io_uring_spawn and the memory it refers to.
 */
#ifndef SPAWNPOL_JOBS_LAUNCH_H
#define SPAWNPOL_JOBS_LAUNCH_H

#include <io_uring_spawn.h>
#include <stdbool.h>
#include <stdint.h>

#include "child_signals.h"

struct jobs_list;
struct tool;

#define JOB_STEPS	(CHILD_SIGNALS_STEPS + 4)
#define JOB_FILE_SIZE	16

/* What one command's request points to. */
struct job_memory {
	struct io_uring_spawn_report report;
	struct io_uring_spawn_step steps[JOB_STEPS];
	const char *argv[5];
	char out[JOB_FILE_SIZE], err[JOB_FILE_SIZE];
};

struct jobs_launch {
	struct io_uring_spawn *spawns;	/* as the actor jobs takes them */
	struct job_memory *memory;
};

/*
 * Fill it in for the commands of the list: each has a process group of its own, nothing
 * to read, and the signals of before. If dir is the descriptor of a directory, what it
 * writes goes to two files there (job_file()); -1: to where this tool's does. The list
 * stays. -ENOMEM, recorded.
 */
int jobs_launch_make(struct tool *t, struct jobs_launch *l, const struct jobs_list *list,
		     const struct child_signals *signals, int dir);
void jobs_launch_free(struct jobs_launch *l);

/* The file with what command nr has written to descriptor 1 or 2. */
void job_file(unsigned int nr, int fd, char name[JOB_FILE_SIZE]);

/* The process of command nr, once its program was started; 0: it was not. */
int job_pid(const struct jobs_launch *l, unsigned int nr);
/* Was there a process for it at all? */
bool job_was_begun(const struct jobs_launch *l, unsigned int nr);

#endif
