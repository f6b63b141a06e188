/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the judgement share. */
#ifndef SPAWNPOL_FUZZ_JUDGE_H
#define SPAWNPOL_FUZZ_JUDGE_H

#include "run.h"

#include <errno.h>

struct trial {
	const struct fuzz_case *c;
	const struct seen *seen;
	enum breakage breakage;
	FILE *to;
	unsigned int violations;
	const struct seen_cqe *cqe[MAX_SQES]; /* of each request, or NULL */
	bool silent_exec;		      /* a program may be nobody's */
};

/* Requests first to last are linked; one is CLONE, steps follow it. */
struct chain {
	unsigned int first, clone, step, last;
	bool has_deadline;
	bool concurrent;		  /* something else may have ended it */
	const struct policy_link *policy; /* NULL: none applies */
	unsigned int misses; /* that its search can have, without a policy */
};

/* What follows a step. */
enum step_end {
	END_NEXT,    /* the next one */
	END_LAST,    /* nothing */
	END_STAGED,  /* nothing, or a staged EXEC has succeeded */
	END_PROGRAM, /* the child is a program */
	END_UNSURE,
};

__attribute__((format(printf, 2, 3))) void violation(struct trial *t,
						     const char *fmt, ...);

/* judge.c: that of its slot, or NULL */
const struct policy_link *policy_of(const struct fuzz_case *c,
				    const struct io_uring_sqe *clone);

/* judge_chain.c */
void judge_chain(struct trial *t, const struct chain *chain);
enum step_end judge_step(struct trial *t, const struct chain *chain,
			 unsigned int at);
enum step_end link_rule(struct trial *t, unsigned int at, int res);
/* That of the child, or 0: CLONE has no CQE, or tells the number of a kept one. */
pid_t clone_pid(const struct trial *t, const struct chain *chain);
/* Whether a search goes on after it. */
bool searches_on(int error);
/* Whether a request with this result has failed. */
bool has_failed(const struct io_uring_sqe *sqe, int res);

/* judge_policy.c: what the runs for a step say of its end */
enum step_end judge_verdict(struct trial *t, const struct chain *chain,
			    unsigned int at);
unsigned int count_runs(struct trial *t, const struct chain *chain,
			unsigned int at);
void judge_runs(struct trial *t, const struct chain *chain);
void judge_told(struct trial *t, const struct chain *chain, bool program);

struct whole;
/* judge_kept.c: a SPAWN that was not refused, and the children that are there */
void judge_kept(struct trial *t, unsigned int at, const struct whole *w,
		bool concurrent);
void judge_kept_children(struct trial *t);
/* the same of a CLONE, if it has to do with some; and whether one was there in the end */
void judge_kept_clone(struct trial *t, unsigned int at, bool concurrent);
bool kept_is_shown(const struct seen *seen, uint32_t number);

/* judge_whole.c: the SPAWN there, in that link or alone */
void judge_whole(struct trial *t, unsigned int at, const struct chain *chain);

#endif
