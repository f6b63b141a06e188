/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library's files share. */
#ifndef SPAWNPOL_INTERNAL_H
#define SPAWNPOL_INTERNAL_H

#include <liburing.h>
#include <linux/sched.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "spawnpol.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct spawnpol_ring {
	struct io_uring *uring;		/* &own or the caller's */
	struct io_uring own;
	bool wrapped;
	bool registered;			/* without descriptor; see ring_registered.c */
	pid_t owner;			/* the one thread that can then use it */
	uint16_t tag;
	struct io_uring_spawn_query query; /* the answer of its kernel */

	pthread_mutex_t lock;		/* both queues and all that follows */
	unsigned int in_flight;		/* chains */
	unsigned int pending;		/* CQEs that will come for them */

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
_Static_assert(INDEX_STEP + SPAWNPOL_MAX_STEPS <= CHAIN_ALIGN,
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
	char data[];
};

/* What the CQEs seen so far have told. */
struct story {
	unsigned int pending;	/* CQEs to come */
	unsigned int sq_start;	/* where in the SQ the chain begins */
	unsigned int torn_at;	/* steps from here on the kernel never took */
	bool late;		/* the deadline has passed */
	int clone_res;
	int ran;		/* the EXEC that succeeded, or -1 */
	int failed;		/* the step that ended the chain, or -1 */
	int error;		/* of it */
};

struct spawnpol_chain {
	struct spawnpol_ring *ring;	/* where it is in flight, or NULL */
	int error;			/* the first of the builder */
	void *user;

	struct steps actions;
	struct steps programs;		/* EXECs; they follow the actions */
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

	struct story story;
};

/* chain.c */
/* As new, with the memory that it had; it is in no ring. */
void chain_clear(struct spawnpol_chain *chain);
int chain_editable(struct spawnpol_chain *chain);
int chain_fail(struct spawnpol_chain *chain, int error);
void *chain_block(struct spawnpol_chain *chain, const void *data, size_t size);
struct step *chain_step(struct spawnpol_chain *chain, struct steps *steps);
/* Steps of all kinds, in the order in which they run. */
unsigned int chain_nr_steps(const struct spawnpol_chain *chain);
const struct step *chain_nth_step(const struct spawnpol_chain *chain,
				  unsigned int nr);

/*
 * An EXEC of path, which has to stay where it is, among the programs. at_flags are
 * AT_*, flags IORING_EXEC_*.
 */
int chain_add_exec(struct spawnpol_chain *chain, int fd, const char *path,
		   unsigned int at_flags, unsigned int flags);

/* search.c: is this an error (negative) after which execvp(3) searches on? */
bool search_goes_on(int error);

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
};
int policy_numbers(int ring_fd, struct policy_numbers *numbers);

/* attach.c: IORING_ATTACH_BPF, the events being said */
int attach_to_ring(struct ring_at at, int prog_fd,
		   const struct spawnpol_attach_opts *opts);

/* ring_registered.c: what liburing's io_uring_queue_init() and _exit() are for others */
int registered_init(struct io_uring *uring, unsigned int entries,
		unsigned int flags);
void registered_exit(struct io_uring *uring);

/* submit.c */
void sqe_to_nop(struct spawnpol_ring *ring, unsigned int from, unsigned int to);

/* collect.c */
void story_begin(struct spawnpol_chain *chain);

/* ring.c: a ring around any struct io_uring, whose kernel is not asked yet */
int ring_init(struct spawnpol_ring **ring, struct io_uring *uring, uint16_t tag);
/* Free it without touching its memory maps, which this process has not. */
void ring_forget(struct spawnpol_ring *ring);

#endif
