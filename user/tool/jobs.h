/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of the command jobs. */
#ifndef SPAWNPOL_JOBS_H
#define SPAWNPOL_JOBS_H

#include <stdbool.h>

#include "actor_ring.h"
#include "child_signals.h"
#include "jobs_launch.h"
#include "jobs_list.h"
#include "jobs_output.h"

struct tool;

/* How a command has ended. */
struct job_end {
	bool done;		/* it has; else it runs, or was not started */
	bool started;		/* its program was */
	int status;		/* then: as waitpid(2) has it */
	int error;		/* why not: -errno; or -ECHILD, the status is not known */
	unsigned int step;	/* that has failed, from 1 on; 0: none */
};

struct jobs {
	struct tool *t;
	struct jobs_list list;
	struct child_signals signals;
	struct jobs_output output;
	struct jobs_launch launch;
	struct actor_ring ring;
	struct job_end *ends;

	unsigned int nr_begun;		/* commands there was a process for */
	unsigned int nr_done, nr_failed;
	unsigned int next_shown;	/* with --keep-order */
	bool now, keep_going;		/* what --halt says */
	bool stopping;			/* no more are started, and those that run are ended */
	int signal;			/* by which */
	int caught;			/* the signal that we have got; 0: none */
	int lost;			/* why output could not be written */
	bool progress;			/* is told, ... */
	bool terminal;			/* ... on a line of a terminal */
};

/* --- jobs_wait.c: until the last one has ended -------------------------------------- */

/* Start them, and wait for all. An error is recorded. */
int jobs_wait(struct jobs *j);

/* --- jobs_report.c: what is told of them ---------------------------------------------- */

/* Command nr has ended, so that ends says how. */
void jobs_report_end(struct jobs *j, unsigned int nr);
/* All have. */
int jobs_report_all(struct jobs *j);
/* The line that tells of the progress is renewed, or removed. */
void jobs_progress(const struct jobs *j);
void jobs_progress_clear(const struct jobs *j);

#endif
