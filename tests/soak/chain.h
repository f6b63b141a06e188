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
	unsigned int nr;
	unsigned int nr_seen;
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

void chain_queue(struct chain *c, struct tring *r, unsigned int slot);
void chain_cancel(struct chain *c, struct tring *r);

#endif
