/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Situations for dry runs of an actor's program without a ring, as users write them:
 *
 *	[then] EVENT [REQUEST[:RESULT]] [KEY=VALUE...] [expect VERDICT [KEY=VALUE...]]
 */
#ifndef SPAWNPOL_ACTOR_SITUATION_H
#define SPAWNPOL_ACTOR_SITUATION_H

#include <io_uring_spawn.h>
#include <stdbool.h>
#include <stdint.h>

#include "situation_words.h"

struct tool;

#define ACTOR_MAX_LISTED	64	/* requests or CQEs in an expectation */
#define ACTOR_STATE_WORDS	32	/* of the state that a situation can name */

/* A staged request, or a CQE that is posted. */
struct actor_listed {
	uint32_t opcode;
	bool has_tag;
	uint64_t tag;		/* user_data of a CQE */
	int32_t res;		/* of a CQE */
};

/* What is to come of it; what was not given is not compared. */
struct actor_expectation {
	bool given;
	uint32_t verdict;
	char result[WORD_ERRNO_SIZE], fails[WORD_ERRNO_SIZE];
	bool compares_staged, compares_posted;
	unsigned int nr_staged, nr_posted, nr_state;
	struct actor_listed staged[ACTOR_MAX_LISTED], posted[ACTOR_MAX_LISTED];
	uint64_t state[ACTOR_STATE_WORDS];
};

struct actor_situation {
	bool then;			/* goes on where the one before it ended */
	uint32_t given;			/* keys, as bits; private */
	struct bpf_iouring_op_ctx ctx;	/* what was given */
	unsigned int nr_state;		/* 0: the state is not given */
	uint64_t state[ACTOR_STATE_WORDS];
	struct actor_expectation expect;
};

/* Is this about an actor, by its event? */
bool actor_situation_is(char **words, unsigned int nr);

/*
 * Read a situation from its words. -EINVAL, with the cause recorded as a usage error, if
 * they are not understood, or say what never happens.
 */
int actor_situation_read(struct tool *t, struct actor_situation *s, char **words,
			 unsigned int nr);

/* Put what was given into *ctx, which keeps the rest. */
void actor_situation_fill(const struct actor_situation *s,
			  struct bpf_iouring_op_ctx *ctx);

/* Was this field of the context given? */
bool actor_situation_has_tag(const struct actor_situation *s);
bool actor_situation_has_in_flight(const struct actor_situation *s);
bool actor_situation_has_room(const struct actor_situation *s);

#endif
