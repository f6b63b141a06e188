/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Declarations shared by the library's files. */
#ifndef SPAWNPOL_INTERNAL_H
#define SPAWNPOL_INTERNAL_H

#include <errno.h>
#include <limits.h>
#include <liburing.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "process.h"
#include "spawnpol.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct spawnpol_ring {
	struct io_uring *uring;		/* &own or the caller's */
	struct io_uring own;
	bool wrapped;
	bool registered;			/* without descriptor; see ring_registered.c */
	uint16_t tag;
	uint64_t id;			/* process_new_id() */
	pid_t tid;			/* the thread that can use a registered ring */
	dev_t dev;			/* of the descriptor of &own */
	ino_t ino;
	struct io_uring_spawn_query query; /* the answer of its kernel */
	atomic_bool links;		/* no chain becomes one request */

	pthread_mutex_t lock;		/* both queues and all that follows */
	unsigned int outcomes;		/* that will come */
	unsigned int pending;		/* CQEs that will come for them */
	unsigned int making;		/* requests of pools, which have no outcome */
	bool to_submit;			/* the library's own request is in the SQ */
	bool closing;			/* ends of programs are not waited for */
	struct spawnpol_chain *delayed;	/* ends: there was no place in the SQ */
	struct stashed *stash, **stash_end; /* outcomes that nobody has collected yet */

	/*
	 * Held by the one thread that takes CQEs, waiting included. Without it
	 * a thread could go to sleep for a CQE that another one took between
	 * its look at the queue and its system call.
	 */
	pthread_mutex_t collecting;
};

/*
 * A chain is aligned so that the low bits of its address are free for the
 * number of a request in it; with the ring's tag on top that makes user_data.
 */
#define CHAIN_ALIGN	256
#define INDEX_CLONE	0
#define INDEX_DEADLINE	1
#define INDEX_STEP	2
#define INDEX_ACTOR	(CHAIN_ALIGN - 3)	/* not of a chain: actor.h */
#define INDEX_SLOT	(CHAIN_ALIGN - 2)	/* neither: pool.h */
#define INDEX_EXIT	(CHAIN_ALIGN - 1)
_Static_assert(INDEX_STEP + SPAWNPOL_MAX_STEPS <= INDEX_ACTOR,
	       "each request has a number");

#define MAX_PID_LEVELS	32	/* MAX_PID_NS_LEVEL */

/*
 * The opcode of SPAWNPOL_KIND_SQE and SPAWNPOL_KIND_CLOSE is in sqe. EXEC and CHILD
 * have the numbers that the ring's kernel gives them: submit.c.
 */
struct step {
	struct io_uring_sqe sqe;
	enum spawnpol_kind kind;
};

struct steps {
	struct step *v;
	unsigned int nr, cap;
};

/* A string or array the chain owns. */
struct block {
	struct block *next;
	size_t size, used;		/* of data */
	_Alignas(16) char data[];
};

/* What the CQEs seen so far have told. */
struct story {
	unsigned int pending;	/* CQEs to come */
	unsigned int sq_start;	/* where in the SQ the chain begins */
	unsigned int torn_at;	/* steps from here on the kernel never took */
	bool late;		/* the deadline has passed */
	bool afresh;		/* is to be submitted again, without a child of a pool */
	bool waits;		/* for the end of the program, which runs */
	bool waits_again;	/* after an error, for the last time */
	bool given_up;		/* the caller does not want to wait any longer */
	int clone_res;
	int ran;		/* the EXEC that succeeded, or -1 */
	int failed;		/* the step that ended the chain, or -1 */
	int error;		/* of it */
	int child;		/* that waits, or 0 */
};

/* An outcome that has come while another one was waited for. */
struct stashed {
	struct spawnpol_outcome out;
	bool last;		/* of the chain */
	struct stashed *next;
};

/* Where the kernel tells what has ended a chain (IORING_CLONE_REPORT). */
struct told {
	struct io_uring_spawn_report report;
	char path[4096];	/* the room of report.path */
	/* of a search that was one request: what outcome.path is */
	char candidate[PATH_MAX + NAME_MAX + 1];
};
#define TOLD_SIZE	offsetof(struct told, candidate)

/* One request in place of all: whole.h. */
struct whole {
	bool used;			/* by the submission at hand */
	unsigned int skipped;		/* steps that a child of a pool has done */
	struct clone_args args;		/* what can be asked of a kept child */
	struct io_uring_spawn_step *steps; /* room for as many as there are actions */
	struct io_uring_spawn arg;
};

/*
 * The search that is a chain's only program; list NULL: there is none. Its attempts are
 * among the programs only once search_attempts() was called.
 */
struct search {
	const char *name, *list;	/* in blocks */
	size_t list_size;
	unsigned int nr;		/* of directories */
	char *paths;			/* room for the attempts'; NULL: too many */
};

/* Which child the chain is for, and what becomes of that: kept.c. */
struct kept {
	bool keep;
	bool copy;			/* of child; else in it */
	int child;			/* 0: a new one */
	uint64_t ns;
	struct io_uring_clone_kept clone; /* what CLONE is told of it */
};

/* The pool whose children the chain can have. */
struct pooled {
	struct spawnpol_pool *pool;
	unsigned int prefix;		/* how many of the actions are the pool's */
	struct io_uring_clone_files *own; /* without those of the pool, or NULL */
	struct pool_slot *slot;		/* that the submission at hand has taken */
};

/* A search in a ring's open directories: the chain's only program is its name. */
struct opened {
	bool used;
	unsigned int index;		/* of the list */
};

struct spawnpol_chain {
	uint64_t flight;		/* id of the ring where it is in flight, or 0 */
	int error;			/* the first of the builder */
	void *user;

	struct steps actions;
	struct steps programs;		/* EXECs; they follow the actions */
	struct search search;
	struct opened opened;
	struct kept kept;
	struct pooled pooled;
	struct whole whole;
	size_t step_paths;		/* bytes that paths of actions take */
	struct block *blocks;
	char **argv, **envp;		/* in blocks, or NULL */
	char *default_argv[2];

	struct clone_args args;
	pid_t tids[MAX_PID_LEVELS];
	int pidfd;			/* written by the kernel */
	struct __kernel_timespec deadline;
	struct io_uring_clone_files *files;	/* in blocks, or NULL */
	uint64_t cookie;
	uint32_t slot;
	bool want_pidfd, has_deadline;
	bool need_policy, bare_name;
	bool borrow;			/* arguments are not copied */
	bool want_exit;

	siginfo_t exit;			/* written by the kernel */
	struct spawnpol_chain *next;	/* of ring->delayed */

	struct story story;
	struct stashed stashed[2];	/* of the launch, and of the program's end */

	/* the last member, and not initialized: begun by each submission */
	struct told told;
};

/* chain.c */
/* In flight, and in this process? What a parent has in flight, its child has not. */
static inline bool chain_is_busy(const struct spawnpol_chain *chain)
{
	return chain->flight && process_gave(chain->flight);
}

int chain_editable(struct spawnpol_chain *chain);
int chain_fail(struct spawnpol_chain *chain, int error);
/* Room for size bytes, or NULL with the error stuck to the chain. */
void *chain_room(struct spawnpol_chain *chain, size_t size);
/* A copy of size bytes there or, if the chain borrows, data itself. */
void *chain_keep(struct spawnpol_chain *chain, const void *data, size_t size);
struct step *chain_step(struct spawnpol_chain *chain, struct steps *steps);
/* Room for nr steps. False: no memory, and the error is stuck. */
bool chain_steps_room(struct spawnpol_chain *chain, struct steps *steps,
		      unsigned int nr);
/* Steps of all kinds, in the order in which they run; each attempt of a search is one. */
unsigned int chain_nr_programs(const struct spawnpol_chain *chain);
unsigned int chain_nr_steps(const struct spawnpol_chain *chain);
/* Attempts of a search have no path before search_attempts(). */
const struct step *chain_nth_step(const struct spawnpol_chain *chain,
				  unsigned int nr);

/*
 * An EXEC of path, which has to stay where it is, among the programs. at_flags are
 * AT_*, flags IORING_EXEC_*.
 */
int chain_add_exec(struct spawnpol_chain *chain, int fd, const char *path,
		   unsigned int at_flags, unsigned int flags);

/* chain_attr.c */
/* Whether the child is one as fork(2) makes: CLONE without arguments says so. */
bool args_are_plain(const struct clone_args *args);

/* search.c */
/* Make the attempts of a search programs, if they are not. -E2BIG: they are too many. */
int search_attempts(struct spawnpol_chain *chain);
/*
 * There is to be another program: a search's attempts are programs like others then.
 * -EINVAL: the search is one in open directories.
 */
int search_dissolve(struct spawnpol_chain *chain);
/* The path of an attempt. Returns its length; to has room for any. */
size_t search_candidate(const struct search *search, unsigned int nr, char *to);

/* search_open.c */
/* -EOPNOTSUPP: the chain looks in open directories, and this ring does not. */
int search_open_check(const struct spawnpol_ring *ring,
		      const struct spawnpol_chain *chain);

/* kept.c */
/* Does the chain say anything about kept children? */
static inline bool kept_is_said(const struct kept *kept)
{
	return kept->keep || kept->child || kept->ns;
}

/* Is the chain for a child that there is? */
static inline bool kept_is_there(const struct kept *kept)
{
	return kept->child && !kept->copy;
}

/* Can the chain be without a program? */
static inline bool kept_needs_no_program(const struct kept *kept)
{
	return kept->keep || kept_is_there(kept);
}

/* -EINVAL, -EOPNOTSUPP: what the chain says about kept children cannot be done. */
int kept_check(const struct spawnpol_ring *ring, const struct spawnpol_chain *chain);
/* The one request is for a child that there is. */
void kept_fill_child(struct spawnpol_chain *chain, struct io_uring_spawn *arg, int child);
/* Say it in the one request ... */
void kept_fill(struct spawnpol_chain *chain, struct io_uring_spawn *arg);
/* ... or in CLONE, which is complete otherwise. */
void kept_fill_clone(struct spawnpol_chain *chain, struct io_uring_sqe *sqe);
/*
 * The number of the child that waits after a chain has failed, or 0. said is 0 if no
 * child has begun with it.
 */
int kept_after_failure(const struct spawnpol_chain *chain, int error, unsigned int said);
/* All CQEs of links are there: which child waits. */
void kept_note_links(struct spawnpol_chain *chain);
/*
 * A chain of links without a program ends with a NOP: whose CQE always comes, and after
 * which the child waits, also if the last action may fail.
 */
static inline unsigned int kept_nr_nops(const struct spawnpol_chain *chain)
{
	return !chain->search.list && !chain->programs.nr;
}

/* register.c */
/* A ring by its descriptor, or by where the calling thread has it registered. */
struct ring_at {
	int fd;
	bool registered;
};
struct ring_at ring_at(const struct io_uring *uring);
int ring_register(struct ring_at at, unsigned int opcode, void *arg,
		  unsigned int nr);

/* query.c: spawnpol_query() */
int query_ring(struct ring_at at, struct io_uring_spawn_query *query);

/*
 * numbers.c: what the running kernel calls policies, as a temporary ring says or, if
 * none can be made, the ring ring_fd. -EOPNOTSUPP: it has no policies; other errors
 * as spawnpol_ring_open().
 */
struct policy_numbers {
	uint32_t attach_spawn, link_type;
	uint32_t attach_op;		/* 0: no actors */
};
int policy_numbers(int ring_fd, struct policy_numbers *numbers);

/* attach.c: IORING_ATTACH_BPF, the events being said */
int attach_to_ring(struct ring_at at, int prog_fd,
		   const struct spawnpol_attach_opts *opts);

/* ring_registered.c: what liburing's io_uring_queue_init() and _exit() are for others */
/* -EINVAL: flags that do not go with such a ring. */
int registered_init(struct io_uring *uring, unsigned int entries,
		    unsigned int flags);
void registered_exit(struct io_uring *uring);

/* wait.c */
/* Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);
/*
 * Let the kernel post what is ready, and wait for nr CQEs, until a time of now_ms() if
 * that is not negative. mask, if it is not NULL, is the thread's signal mask meanwhile.
 */
int ring_enter(struct spawnpol_ring *ring, unsigned int nr, int64_t until,
	       const sigset_t *mask);

/* submit.c */
/* Submit a chain again that is one request. False: there is no place in the SQ. */
bool submit_afresh(struct spawnpol_ring *ring, struct spawnpol_chain *chain);
/* 0: the kernel has all of the SQ. With SQPOLL its thread will take it. */
int ring_flush(struct spawnpol_ring *ring);
void sqe_to_nop(struct spawnpol_ring *ring, unsigned int from, unsigned int to);
/* Submit what is in the SQ, which is full. -EAGAIN: there is no room all the same. */
int ring_make_room(struct spawnpol_ring *ring);
/*
 * Submitting has failed: take the last requests, from this place on, out of the SQ.
 * False: the kernel has begun with them, or may.
 */
bool sq_take_back(struct spawnpol_ring *ring, unsigned int from);
/* Would a request that is put into the SQ now become part of a link of the caller's? */
bool sq_has_open_link(const struct spawnpol_ring *ring);

/* What struct spawnpol_outcome had in the first release. */
#define OUTCOME_LEAST \
	(offsetof(struct spawnpol_outcome, actor) + sizeof(struct spawnpol_actor *))

/* collect.c */
void story_begin(struct spawnpol_chain *chain);
/*
 * Take what has come without waiting. Outcomes are for spawnpol_collect(), but that of
 * one chain, if it is not NULL, after which this ends: 1. With ring->collecting held.
 */
int collect_look(struct spawnpol_ring *ring, const struct spawnpol_chain *chain,
		 struct spawnpol_outcome *out);
/*
 * Look which children of pools have been made. For who submits, with ring->lock held:
 * unless another thread collects. Outcomes stay where they are, so that the ring's
 * descriptor is as readable as before.
 */
void collect_before_submit(struct spawnpol_ring *ring);
/* Wait for the outcome of one chain. With ring->collecting held. */
int collect_one(struct spawnpol_ring *ring, const struct spawnpol_chain *chain,
		struct spawnpol_outcome *out);

/* ring.c */
/*
 * Can this thread use the ring? -ESTALE: it is the parent's, and this is a child of
 * fork(2). -EEXIST: it is registered with another thread.
 */
static inline int ring_usable(const struct spawnpol_ring *ring)
{
	if (!process_gave(ring->id))
		return -ESTALE;
	/* a thread's pthread_t is the next one's when it has ended */
	if (ring->registered && ring->tid != gettid())
		return -EEXIST;
	return 0;
}

#endif
