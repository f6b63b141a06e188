/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result of a dry run of a policy, in the words of an expectation. */
#ifndef SPAWNPOL_VERDICT_TEXT_H
#define SPAWNPOL_VERDICT_TEXT_H

#include <stddef.h>

#include "situation.h"
#include "time_text.h"

struct dry_run;

/* Texts of one run; staged requests by their number, each time anew. */
struct verdict_text {
	const char *verdict;
	char result[SITUATION_ERRNO_SIZE];	/* "none", "ENOENT" or "3" */
	char delay[TIME_TEXT_SIZE];		/* "0s", "50ms" or "exceeded" */
	char fails[SITUATION_ERRNO_SIZE];	/* "none" or "EBADRQC" */
};

void verdict_text(const struct dry_run *run, struct verdict_text *text);

#define STAGED_TEXT_SIZE	4200

/* "exec:/bin/ls", "interp:/bin/sh", "open:/dev/null", "dup" of staged request nr. */
const char *staged_text(const struct dry_run *run, unsigned int nr,
			char text[STAGED_TEXT_SIZE]);

/*
 * Compare the run with what was expected. 0: as expected; 1: not, and *text, which the
 * caller frees, says what differs; -ENOMEM.
 */
int verdict_compare(const struct dry_run *run, const struct expectation *e,
		    char **text);

#endif
