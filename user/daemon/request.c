// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a message to a chain. The message comes from outside: nothing in it is
 * believed before it was compared with the bytes that are there.
 */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "env.h"
#include "files.h"
#include "words.h"

/* The part of a message that was not read yet. */
struct cursor {
	const char *at;
	size_t left;
};

/* The next size bytes, or NULL if there are fewer. */
static const void *take(struct cursor *c, size_t size)
{
	const char *at = c->at;

	if (c->left < size)
		return NULL;
	c->at += size;
	c->left -= size;
	return at;
}

/* The next string, or NULL if it has no end. */
static const char *take_string(struct cursor *c)
{
	return take(c, strnlen(c->at, c->left) + 1);
}

/* The program's path and arguments. */
static int take_program(struct cursor *c, uint32_t nr_args,
			struct spawnpol_chain *chain)
{
	const char *argv[SPD_MAX_ARGS + 1] = { NULL };
	const char *path = take_string(c);

	if (!path)
		return -EBADMSG;
	for (uint32_t i = 0; i < nr_args; i++) {
		argv[i] = take_string(c);
		if (!argv[i])
			return -EBADMSG;
	}
	spawnpol_chain_program(chain, path);
	return spawnpol_chain_argv(chain, (char *const *)argv);
}

/* Do the words that are PASSED, or the others. */
static int take_words(struct cursor *c, uint32_t nr_words, struct request *r,
		      bool passed)
{
	const char *word;
	int err = 0;

	for (uint32_t i = 0; i < nr_words && !err; i++) {
		word = take_string(c);
		err = word ? word_do(r, word, passed) : -EBADMSG;
	}
	return err;
}

static int fill_chain(struct cursor *c, struct request *r)
{
	const struct spd_request *head = take(c, sizeof(*head));
	struct cursor again;
	int err;

	if (!head || head->magic != SPD_MAGIC || head->reserved ||
	    !head->nr_args || head->nr_args > SPD_MAX_ARGS ||
	    head->nr_words > SPD_MAX_WORDS)
		return -EBADMSG;
	err = take_program(c, head->nr_args, r->chain);
	again = *c;
	err = err ?: take_words(c, head->nr_words, r, true) ?: files_done(r) ?:
	      take_words(&again, head->nr_words, r, false) ?: env_done(r);
	if (!err && c->left)
		return -EBADMSG;
	return err;
}

static void explain(struct request *r, int error)
{
	struct spawnpol_advice a = spawnpol_advise(SPAWNPOL_TOPIC_CHAIN, error);

	if (r->why[0])
		return;
	if (error == -EBADMSG)
		snprintf(r->why, sizeof(r->why),
			 "this is no request; use the spawnpold-client that was built with this daemon");
	else if (error == -E2BIG)
		snprintf(r->why, sizeof(r->why),
			 "too much for one request; it can have %d actions and programs, and %d variables",
			 SPAWNPOL_MAX_STEPS, SPD_MAX_ENV);
	else
		snprintf(r->why, sizeof(r->why), "%s", a.text);
}

int request_to_chain(const char *message, size_t size, const int *fds,
		     int nr_fds, struct spawnpol_chain **chain, char *why)
{
	struct request r = { .fds = fds, .nr_fds = nr_fds };
	struct cursor cursor = { message, size };
	int err;

	err = spawnpol_chain_new(&r.chain) ?: fill_chain(&cursor, &r);
	if (err) {
		explain(&r, err);
		memcpy(why, r.why, sizeof(r.why));
		spawnpol_chain_free(r.chain);
		return err;
	}
	*chain = r.chain;
	return 0;
}
