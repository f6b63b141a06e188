/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A chain of the soak test: links, or one SPAWN that says the same. */
#ifndef SPAWNPOL_SOAK_CHAIN_H
#define SPAWNPOL_SOAK_CHAIN_H

#include "ring.h"

#include <linux/sched.h>
#include <stdbool.h>
#include <stdint.h>

#define MAX_REQUESTS 6
#define MAX_STEPS 2
#define CANCEL 15 /* in the place of a step's number */

enum kind {
	DIRECT,
	SEARCH, /* IORING_EXEC_SEARCH, or a list of a SPAWN */
	HARD,	/* hard links, or steps that may fail */
	POLICY,
	PIDFD,
	FILES,
	KEPT,	    /* made to wait, then the program */
	KEPT_FAILS, /* the same, with a step in between that fails */
	COPIED,	    /* made to wait, then copied, then ended */
	FAIL_STEP,
	FAIL_EXEC,
	CANCELLED,
	LATE, /* for its deadline */
	NR_KINDS,
};

struct files {
	struct io_uring_clone_files head;
	struct io_uring_clone_file files[3];
};

/* user_data: generation, place among those of the ring, place in the chain. */
struct chain {
	bool busy;
	bool given_up;
	enum kind kind;
	bool loose;    /* under policies that nobody knows */
	bool whole;    /* one SPAWN */
	bool searches; /* if it is one, and fails anyway */
	bool opens;    /* ... in open directories, if it searches */
	uint64_t first;
	unsigned int slot;
	unsigned int nr;
	unsigned int nr_seen;
	unsigned int program; /* the request that a SPAWN's program comes of */
	bool seen[MAX_REQUESTS];
	bool is_exec[MAX_REQUESTS];
	int res[MAX_REQUESTS];
	bool cancelling;
	double cancel_at; /* again, if it was not there to be cancelled */
	double until;
	/* what its requests point to */
	int pidfd;
	struct clone_args args;
	struct files files;
	struct __kernel_timespec ts;
	char byte;
	struct io_uring_spawn arg;
	struct io_uring_spawn_step steps[MAX_STEPS];
};

static inline bool is_kept(const struct chain *c)
{
	return c->kind >= KEPT && c->kind <= COPIED;
}

void chain_queue(struct chain *c, struct tring *r, unsigned int slot);
/* All CQEs are there: queue what comes next. False if that was all. */
bool chain_go_on(struct chain *c, struct tring *r);
void chain_cancel(struct chain *c, struct tring *r);

#endif
