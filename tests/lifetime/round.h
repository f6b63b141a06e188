/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One round of lifetime_test: a process, the submitter, brings a chain to a
 * point, and an event comes. What has to become of the chain follows from the
 * two; the submitter judges it, and where the submitter is gone, the test.
 *
 * In the submitter, one thread has the ring and submits; the first one lets the
 * event happen and looks at CQEs, since it is not held wherever the chain is.
 */
#ifndef SPAWNPOL_TESTS_LIFETIME_ROUND_H
#define SPAWNPOL_TESTS_LIFETIME_ROUND_H

#include "ring.h"

#include "hold.h"
/* not the library's */
#include "../lib/whole.h"
#include "life.h"

#include <pthread.h>
#include <stdbool.h>

/* user_data of requests besides the chain's */
#define FIRST (OTHER) /* what CLONE waits for */
#define DEADLINE (OTHER + 1)
#define CANCEL (OTHER + 2)
#define AFTER (OTHER + 3) /* what waits for a SPAWN */

/* Statuses of the program, and of a submitter that exits or executes. */
#define PROGRAM 7
#define EXITED 5
#define EXECUTED 6

#define CHILD_GROUP "/sys/fs/cgroup/lifetime_child"
#define SUBMITTER_GROUP "/sys/fs/cgroup/lifetime_submitter"

struct round;
struct bpf_object;

struct tprogram {
	struct bpf_object *obj;
	struct lifetime *life; /* the policy's variable */
	int fd;
};

enum place {
	UNISSUED, /* CLONE waits for another request */
	NO_CHILD, /* CLONE has been issued, and failed so far */
	IN_STEP,
	IS_PROGRAM,
};

struct point {
	const char *name;
	enum place place;
	bool passes;	   /* by itself: an event can be too late */
	bool in_submitter; /* its thread is held, too */
	bool drains;	   /* UNISSUED: by draining, not by a link */
	/* for want of a command, or of a CQE, a SPAWN does not come there */
	bool links_only;
	uint32_t events;   /* of the policy, that the point needs */
	/* The steps before EXEC; r->current is the one that it is about. */
	void (*queue)(struct round *r);
	/* The chain is there, provably. */
	bool (*reached)(struct round *r);
	/* What holds it goes away. Can be called again. */
	void (*release)(struct round *r);
};

extern const struct point points[];
extern const unsigned int nr_points;

/* What an event means for a chain that has no program yet. */
enum fate {
	GOES_ON, /* to its program */
	ENDS,
	DIES, /* and the submitter with it */
};

struct event {
	const char *name;
	enum fate fate;
	int status;	 /* DIES: the submitter's */
	bool hits_child; /* nothing happens if there is none */
	bool kills_program;
	bool unlinks;  /* the policy is not asked any more */
	bool deadline; /* the chain has one */
	bool cancels;
	bool shares_ring; /* a thread uses it that did not make it */
	bool leaves;	  /* the submitting thread alone exits */
	bool releases;	  /* the chain itself, at some points */
	bool opens;	  /* it is about open directories */
	void (*prepare)(struct round *r);
	void (*attached)(struct round *r);
	void (*act)(struct round *r);
};

/* What submitter and test share. */
struct share {
	volatile pid_t child;
	volatile pid_t submitter; /* the thread's id */
	/* the submitter cannot move: the test has to see to it */
	volatile bool stopped, frozen;
	volatile uint32_t link, program; /* ids */
	volatile bool execed;
	/* of open directories: the first one, and all of them */
	volatile bool removed, unmounted;
};

struct round {
	const struct event *event;
	const struct point *point;
	/* drawn by lot */
	unsigned int seed;
	const struct tring_kind *kind;
	bool whole;	   /* one SPAWN, whose user_data is CLONE, and no links */
	bool followed;	   /* by a request that is linked to the SPAWN */
	bool searches;	   /* the SPAWN, for its program */
	bool open;	   /* ... in directories that are open */
	bool in_kept;	   /* SPAWN or links run in a child that has waited for them */
	bool made_by_links; /* ... and was made so, not by a SPAWN */
	bool has_time;	   /* the SPAWN has a deadline that does not come */
	bool list;	   /* IORING_CLONE_FILES */
	bool racing;	   /* the release comes whenever it comes */
	bool by_submitter; /* its thread does it, where either can */
	bool apart;	   /* for SQPOLL, no other thread can submit */
	unsigned int neighbours; /* bits: policies in the slot before, after */
	unsigned int nap, release_nap; /* microseconds */

	struct share *share;
	int child_group;   /* descriptor */
	int other_program; /* says CONTINUE */
	int passing[2];	   /* these say PASS */

	/* in the submitter */
	struct tring ring;
	pthread_t submitter;
	int orders[2];
	volatile bool ready, submitted, closed;
	unsigned int steps, current;
	struct hold hold;
	int pipe[2];
	char byte;
	char *fifo;
	int fifo_fd;
	char *argv[3];
	struct clone_args args;
	struct {
		struct io_uring_clone_files head;
		struct io_uring_clone_file file;
	} files;
	struct __kernel_timespec deadline;
	struct whole spawn;
	int kept;	    /* number of the kept child */
	pid_t kept_pid;
	bool began;	    /* the child has the SPAWN, or had it */
	int link;	    /* -1: closed */
	int neighbour[2];   /* links; -1: there is none */
	bool detached;	    /* for certain ... */
	bool updated;	    /* ... or another program's now, ... */
	unsigned int asked; /* ... and so often the policy had run */
	bool let_go;	    /* the ring has no list of open directories */
	bool missed;	    /* the chain ended before it came to the point */
	int cancelled;	    /* the cancel request's result */
	struct tprogram program;
};

/* --- submitter.c: the thread that submits ------------------------------------ */

enum order {
	SUBMIT,
	SUBMIT_CANCEL, /* which has been queued */
	LEAVE,	       /* exit(2) of the thread alone */
	EXECUTE,
};

/* A child waits for the chain, which has not been queued yet. */
void make_kept(struct round *r);
/* The chain has not come to it: it is as it was, and ends. */
void end_kept(struct round *r);

void submitter_start(struct round *r);
void submitter_order(struct round *r, enum order order);
/* What it does when it is told to, for another thread to do. */
void execute(void);

/* --- load.c ------------------------------------------------------------------ */

/* The policy of all rounds, loaded before the submitters are made. */
extern struct tprogram common;
/* -errno if it cannot be loaded */
int load_program(struct tprogram *p);
/*
 * One that nobody else has, with a map of its own. Made of the common one's
 * instructions, because loading an object takes seconds on the debug kernel.
 */
void copy_program(struct tprogram *p);
void unload_copy(struct tprogram *p);

/* --- attach.c ---------------------------------------------------------------- */

void attach_policy(struct round *r);
/* The link of a policy that is asked before or after all others. */
int attach_neighbour(struct round *r, bool after);

/* --- dirs.c ------------------------------------------------------------------ */

/* In the test, before and after a round. */
void dirs_make(void);
/* Neither a mount nor a directory is held by anything. */
void dirs_check(struct round *r);
/* In the thread that submits: register them. */
void dirs_open(struct round *r);
/* What happens to them, or to the ring's list. */
void dirs_replace(struct round *r);
void dirs_forget(struct round *r);
void dirs_remove(struct round *r);
void dirs_detach(struct round *r);
/* Without the list a ring that is still there does not hold them. */
void dirs_check_let_go(struct round *r);

/* --- round.c ----------------------------------------------------------------- */

void nap(unsigned int us);
/* Wait for a condition; false if it does not come. */
#define WAIT(cond)                                                             \
	({                                                                     \
		double until_ = now() + tap_patience();                   \
		bool come_;                                                    \
		while (!(come_ = (cond)) && now() < until_)                    \
			nap(200);                                              \
		come_;                                                         \
	})
bool ring_has(struct round *r, uint64_t user_data);
/* The result of a request, once it is complete. */
int result(struct round *r, uint64_t user_data);
/* The process sleeps where a signal would wake it. */
bool sleeps(pid_t pid);
bool link_has_ring(struct round *r);
void close_ring(struct round *r);

/* Run one, in a process of its own. */
void round_run(struct round *r);

/* --- judge.c ----------------------------------------------------------------- */

/* The chain must not, or must, come to its program. Neither: it may. */
bool must_end(struct round *r);
bool must_go_on(struct round *r);
/* Until nothing is left to wait for. Returns the number of programs. */
unsigned int reap(struct round *r);
/* A program that was running already lives on, unless the event was its end. */
void check_program(struct round *r);
void check_fate(struct round *r, unsigned int programs);
/* What the CQEs say, */
void check_cqes(struct round *r, unsigned int programs);
/* and that there is one for each request, and no other. */
void check_number(struct round *r);
void check_link(struct round *r);

#endif
