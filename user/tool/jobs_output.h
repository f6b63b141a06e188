/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The output of the commands of jobs: kept in files until a command ends, then shown.
 */
#ifndef SPAWNPOL_JOBS_OUTPUT_H
#define SPAWNPOL_JOBS_OUTPUT_H

#include <limits.h>
#include <stdbool.h>

struct tool;

struct jobs_output {
	char path[PATH_MAX];	/* a directory of its own, with two files of each */
	int dir;		/* its descriptor; -1: nothing is kept */
};

/* Make the directory, in $TMPDIR or /tmp. */
int jobs_output_open(struct tool *t, struct jobs_output *o);
/* Remove it, and all that is in it. */
void jobs_output_close(struct jobs_output *o);

/*
 * Write what command nr has written, to standard output and standard error, and remove
 * its files. 0, or what writing has failed with.
 */
int jobs_output_show(struct jobs_output *o, unsigned int nr);

#endif
