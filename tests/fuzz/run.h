/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running a case, and what was seen of it. */
#ifndef SPAWNPOL_FUZZ_RUN_H
#define SPAWNPOL_FUZZ_RUN_H

#include "case.h"

#include <sys/types.h>

#define MAX_CQES 2048
#define MAX_REAPED 32
#define MAX_SHOWN 32

/* Violations that are made by hand, for the checks to notice. */
enum breakage {
	BREAK_NOTHING,
	BREAK_LOST_CQE,	   /* a CQE is not seen */
	BREAK_SECOND_CQE,  /* one is seen twice */
	BREAK_STRANGE_CQE, /* one is of no request */
	BREAK_RESULT,	   /* an EXEC's result is positive */
	BREAK_ORDER,	   /* the last two CQEs of a chain change places */
	BREAK_HARDLINK,	   /* the model takes hard links for normal ones */
	BREAK_CHILD,	   /* a child is left */
	BREAK_SIGNAL,	   /* a SIGCHLD comes of nothing */
	BREAK_RUN,	   /* a run of the policy behind the end of its chain */
	BREAK_VERDICT,	   /* the model takes ABORT for CONTINUE */
	BREAK_KILLED,	   /* a program that nobody killed */
	BREAK_WHOLE,	   /* a SPAWN that is refused gets another error */
	BREAK_STEP,	   /* a SPAWN's step is the one after it */
	BREAK_CANDIDATE,   /* a SPAWN's candidate is another one */
	BREAK_REPORT,	   /* a SPAWN's report is of another step */
	BREAK_MISS,	   /* a miss of something else than a candidate */
	BREAK_TWIN,	   /* links that stand for a SPAWN are no hard ones */
	BREAK_TOLD,	   /* a policy was told something else for a SPAWN */
	BREAK_EXECED,	   /* a policy is not told of a program */
	BREAK_LISTS,	   /* a ring has other lists of open directories */
	BREAK_KEPT,	   /* a child that waits is not there any more */
	BREAK_NUMBER,	   /* a SPAWN tells another number than its child has */
	BREAK_KEEPING,	   /* links do not let their child wait again */
	BREAK_LAST
};

struct seen_cqe {
	uint64_t user_data;
	int res;
	uint32_t flags;
};

struct seen {
	unsigned int nr_cqes;
	struct seen_cqe cqes[MAX_CQES];
	bool accepted[MAX_SQES];      /* the kernel took the request */
	unsigned int batch[MAX_SQES]; /* the call of submit that it came with */
	unsigned int nr_reaped;	      /* what waitpid(2) returned */
	struct {
		pid_t pid;
		int status;
	} reaped[MAX_REAPED];
	bool killed; /* programs that did not end by themselves */
	unsigned int sigchlds;
	bool closed; /* the ring, so that CQEs are not all seen */
	bool late;   /* CQEs did not come in time */
	bool left;   /* children that are no programs stay */
	const struct engine *engine;
	unsigned int runs;
	uint32_t made[MAX_KEPT]; /* kept children that the case began with */
	unsigned int nr_shown;
	uint32_t shown[MAX_SHOWN]; /* numbers of those after the last CQE */
};

/* engine_load.c: once; and what is shared with the program */
void engine_load(void);
extern struct engine *engine;
extern int engine_prog, other_prog;
/* They pass, whatever they are asked. */
extern int passing_progs[2 * MAX_SIDE];

/* run.c */
void case_run(const struct fuzz_case *c, struct seen *seen);
void case_end(void);
/* actions.c */
struct io_uring;
void actions_begin(const struct fuzz_case *c, struct io_uring *ring,
		   const int *links);
/* Returns whether the ring is closed now. */
bool actions_by_main(void);
void actions_end(void);
/* kept.c: a request that has to do with kept children, SPAWN or CLONE */
struct kept_use {
	uint32_t flags, child; /* IORING_SPAWN_KEEP, _CHILD, _COPY */
	uint64_t keep_ns;
};
bool kept_use(const struct fuzz_case *c, unsigned int at, struct kept_use *use);
/* A number that the case began with as its place there, from 1 on; others as they are. */
uint32_t kept_place(const struct seen *seen, uint32_t number);
/* whether a case has some; those that it begins with ... */
bool case_has_kept(const struct fuzz_case *c);
void kept_begin(const struct fuzz_case *c, struct io_uring *ring, struct seen *seen);
/* ... those that are there, and an end of those that wait */
void kept_look(const struct fuzz_case *c, struct io_uring *ring, struct seen *seen);
void kept_kill(struct io_uring *ring);
/* children.c: until none is left, or what stays is no program. With the ring, if any. */
void reap_all(struct seen *seen, struct io_uring *ring);
void signal_children(int signo);
void count_signals(void);
unsigned int signals_counted(void);

/* judge.c: the number of violations, each printed */
unsigned int case_judge(const struct fuzz_case *c, const struct seen *seen,
			enum breakage breakage, FILE *to);

/* judge_policy.c: what it went by */
const struct engine_rule *rule_of(const struct fuzz_case *c,
				  const struct engine_run *run);

/* breakage.c */
void break_before(enum breakage breakage);
void break_seen(const struct fuzz_case *c, struct seen *seen,
		enum breakage breakage);
void break_twin(struct fuzz_case *twin, struct seen *seen,
		enum breakage breakage);
/* breakage_whole.c */
void break_lists(struct fuzz_case *c, enum breakage breakage);
void break_whole(const struct fuzz_case *c, struct seen *seen,
		 enum breakage breakage);

#endif
