/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole spawns in one request, IORING_OP_SPAWN: what they say, as user space sees
 * it, and the links that say the same.
 */
#ifndef SPAWNPOL_FUZZ_WHOLE_MODEL_H
#define SPAWNPOL_FUZZ_WHOLE_MODEL_H

#include "run.h"

/* The kernel's, and what is there of it. */
#define WHOLE_MAX_STEPS 1024
#define WHOLE_MAX_LIST 131072
#define WHOLE_MAX_NAME 255

/* Errnos, positive. */
struct error_set {
	bool has[134];
};

/* As far as it can be read; what cannot be is 0 here. */
struct whole {
	const struct io_uring_sqe *sqe;
	struct io_uring_spawn arg;
	const struct io_uring_spawn_step *steps;
	unsigned int nr_steps; /* that can be read */
	const char *path, *list, *shell;
	bool no_program; /* it ends with its last step */
	bool searches;
	bool registered; /* looks in open directories */
	unsigned int nr_candidates; /* 1 without a search */

	/* what it must fail with when it is prepared: one of these ... */
	struct error_set must;
	/* ... or of these, with which it may fail if there are none of those */
	struct error_set may;
	/* links cannot say it */
	bool unlike_links;
};

/* whole_read.c */
void whole_read(const struct fuzz_case *c, unsigned int at, struct whole *w);
/* Whether it can be written what has become of it. */
bool whole_has_report(const struct whole *w);
/* The path of a candidate, from 0 on; false if it is too long. */
bool whole_candidate(const struct whole *w, unsigned int nr, char *path);
/* Where in the list its directory is. */
int whole_offset(const struct whole *w, unsigned int nr);

/* whole_links.c: CLONE, CHILD and EXEC that say the same, from @at on. */
bool whole_as_links(const struct whole *w, struct fuzz_case *c,
		    unsigned int at);
/*
 * The case, which has been run, with its one SPAWN as links; false if it has more, or
 * something else.
 */
bool twin_make(const struct fuzz_case *c, const struct seen *seen,
	       struct fuzz_case *twin);
/* Both have been run: violations, where the one has not done what the other has. */
unsigned int twin_compare(const struct fuzz_case *c, const struct seen *seen,
			  const struct fuzz_case *twin,
			  const struct seen *links, FILE *to);

/* whole_read.c: of what can be read: it is one for kept children; it has a program */
bool whole_is_kept(const struct fuzz_case *c, unsigned int at);
bool whole_has_program(const struct fuzz_case *c, unsigned int at);
/* The same of a CLONE, and what it says then. */
bool clone_is_kept(const struct fuzz_case *c, unsigned int at,
		   struct io_uring_clone_kept *kept);

static inline bool is_whole(const struct fuzz_case *c, unsigned int at)
{
	return c->sqes[at].opcode == SPAWNPOL_OP_SPAWN && !c->noise[at];
}

/* In the place of a step: there was no child. */
#define WHOLE_NO_CHILD (~0U)

/* The step that has failed, WHOLE_NO_CHILD, or the candidate that was executed. */
static inline unsigned int step_of(const struct seen_cqe *cqe)
{
	unsigned int said = cqe->flags >> IORING_SPAWN_STEP_SHIFT;

	return cqe->res > 0 ? said : said - 1;
}

#endif
