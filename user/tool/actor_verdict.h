/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result of a dry run of an actor, and how it differs from the expectation. */
#ifndef SPAWNPOL_ACTOR_VERDICT_H
#define SPAWNPOL_ACTOR_VERDICT_H

#include <stddef.h>

#include "situation_words.h"

struct actor_expectation;
struct actor_run;

#define ACTOR_LISTED_SIZE 64

/* "read:0x1", of the staged request nr. */
const char *actor_staged_text(const struct actor_run *run, unsigned int nr,
			      char text[ACTOR_LISTED_SIZE]);
/* "0x7:ENOENT", of the CQE nr that is posted. */
const char *actor_posted_text(const struct actor_run *run, unsigned int nr,
			      char text[ACTOR_LISTED_SIZE]);
/* "0", "4096", "ENOENT": what END completes the request with. */
const char *actor_result_text(const struct actor_run *run, char text[WORD_ERRNO_SIZE]);

/*
 * 1 if the run is not as expected, and *text, which the caller frees, says how; 0 if it
 * is, and *text is NULL; or -ENOMEM.
 */
int actor_verdict_compare(const struct actor_run *run, const struct actor_expectation *e,
			  char **text);

#endif
