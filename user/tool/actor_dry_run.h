/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running an actor's program without a ring. */
#ifndef SPAWNPOL_ACTOR_DRY_RUN_H
#define SPAWNPOL_ACTOR_DRY_RUN_H

#include <spawnpol.h>
#include <stdbool.h>
#include <stdint.h>

struct actor_situation;

/* A request that was staged, and whose last completion was not told. */
struct actor_request {
	uint32_t opcode;
	uint64_t tag;
};

#define ACTOR_MAX_REQUESTS	1024

/* One run, and what it has come to. */
struct actor_run {
	struct bpf_iouring_op_ctx ctx;
	char impossible[256];		/* why the kernel would not run it so, or "" */
	/* two, as the state that one has left is what the next begins with */
	struct spawnpol_actor_dry_run runs[2], *last;

	bool known;			/* what is in flight: the start was seen */
	bool ended, cancelled;
	unsigned int nr_requests;
	struct actor_request requests[ACTOR_MAX_REQUESTS];
};

/* Before any; it is large: free() it. NULL: no memory. */
struct actor_run *actor_run_new(void);

/*
 * Run the program in this situation, which for "then" follows from what is in *run, and
 * put what comes of it there. 0, or the error of BPF_PROG_TEST_RUN.
 */
int actor_run(struct actor_run *run, int prog_fd, const struct actor_situation *s);

/* The error that the actor would complete with, whatever the program says; 0: none. */
int actor_run_fails(const struct actor_run *run);

/* Word nr of the state as the run has left it; 0 beyond its end. */
uint64_t actor_run_state(const struct actor_run *run, unsigned int nr);
/* Words up to the last one that is not 0. */
unsigned int actor_run_nr_state(const struct actor_run *run);

#endif
