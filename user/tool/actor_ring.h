/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ring for one actor, for commands that are its launcher: the ring, the program, its
 * CQEs, and signals that arrive meanwhile.
 */
#ifndef SPAWNPOL_ACTOR_RING_H
#define SPAWNPOL_ACTOR_RING_H

#include <liburing.h>
#include <stdint.h>

#include "libbpf/object.h"

struct tool;

struct actor_ring {
	struct io_uring uring;
	struct object object;
	int link;
	int signals;			/* descriptor they are read from */
};

enum actor_news_kind {
	ACTOR_POSTED,			/* a CQE of the program */
	ACTOR_ENDED,			/* the actor itself */
	ACTOR_SIGNAL,			/* a signal */
};

struct actor_news {
	enum actor_news_kind kind;
	uint64_t user_data;		/* as posted: below 2^63 */
	int32_t res;
	uint32_t flags;
	int signal;
	int32_t signal_code;		/* si_code */
};

/*
 * Load the actor that is installed as name, and make a ring for it with room for cqes
 * CQEs, on which one actor has in_flight requests in flight at most (0: what the program
 * says). signals is a descriptor of signals that does not block. An error is recorded, and
 * nothing is left to be closed then.
 */
int actor_ring_open(struct tool *t, struct actor_ring *r, const char *name,
		    unsigned int cqes, unsigned int in_flight, int signals);
/* Once the actor has ended, or will never be waited for. */
void actor_ring_close(struct actor_ring *r);

/* Run the actor. What args point to stays until it has ended. */
int actor_ring_start(struct tool *t, struct actor_ring *r, const uint64_t args[4]);
/* Cancel it: it ends as always. */
int actor_ring_cancel(struct tool *t, struct actor_ring *r);
/* Wait for what happens next. */
int actor_ring_next(struct tool *t, struct actor_ring *r, struct actor_news *news);

#endif
