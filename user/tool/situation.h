/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Situations for dry runs of a policy without a spawn, as users write them:
 *
 *	[then] EVENT STEP[:RESULT] [KEY=VALUE...] [expect VERDICT [KEY=VALUE...]]
 */
#ifndef SPAWNPOL_SITUATION_H
#define SPAWNPOL_SITUATION_H

#include <io_uring_spawn.h>
#include <stdbool.h>
#include <stdint.h>

#include "situation_data.h"
#include "situation_words.h"
#include "time_text.h"

struct tool;

#define SITUATION_MAX_STAGED	16	/* in an expectation */
#define SITUATION_SCRATCH	8	/* words of bpf_iouring_ctx::scratch */
#define SITUATION_ERRNO_SIZE	WORD_ERRNO_SIZE

/*
 * What is to come of it. Texts are as verdict_text.h makes them of a run; an empty one
 * is not compared.
 */
struct expectation {
	bool given;
	uint32_t verdict;
	char result[SITUATION_ERRNO_SIZE];
	char delay[TIME_TEXT_SIZE];
	char fails[SITUATION_ERRNO_SIZE];
	bool compares_staged;
	unsigned int nr_staged, nr_scratch;
	const char *staged[SITUATION_MAX_STAGED];
	uint64_t scratch[SITUATION_SCRATCH];
};

struct situation {
	bool then;			/* goes on where the one before it ended */
	uint32_t given;			/* keys, as bits; private */
	/* the operations of ctx as common/commands.h numbers them, whatever the kernel */
	uint32_t op, request_op;
	bool has_result;		/* one was given with the step */
	/* NULL: not given; without a length likewise */
	const char *name, *path;
	struct situation_head head;
	struct bpf_iouring_ctx ctx;	/* what was given */
	struct expectation expect;
};

/*
 * Read a situation from its words, which must stay. -EINVAL, with the cause recorded as a
 * usage error, if they are not understood, or say what never happens.
 */
int situation_read(struct tool *t, struct situation *s, char **words,
		   unsigned int nr);

/*
 * Make the context of s in *ctx, and what goes with it in *data. For "then", they are
 * what the run before has left; otherwise both are set anew.
 */
void situation_context(const struct situation *s, struct bpf_iouring_ctx *ctx,
		       struct situation_data *data);

/* Was this field of the context given? */
bool situation_has_attempt(const struct situation *s);
bool situation_has_off(const struct situation *s);
bool situation_has_request(const struct situation *s);
bool situation_has_search(const struct situation *s);
bool situation_has_step(const struct situation *s);

#endif
