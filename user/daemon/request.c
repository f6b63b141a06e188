// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a message to a chain. The message is untrusted: each value is checked against
 * the bytes that were received before it is used.
 */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/launch.h"

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

/* Returns false if there are fewer strings than nr. */
static bool take_strings(struct cursor *c, const char **to, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		to[i] = take_string(c);
		if (!to[i])
			return false;
	}
	return true;
}

/* All of the message is looked at before anything is made of it. */
static int fill(struct cursor *c, struct launch *l)
{
	static const char *argv[SPD_MAX_ARGS + 1], *options[SPD_MAX_OPTIONS];
	const struct spd_request *head = take(c, sizeof(*head));
	const char *path;
	int err = 0;

	if (!head || head->magic != SPD_MAGIC || head->reserved ||
	    !head->nr_args || head->nr_args > SPD_MAX_ARGS ||
	    head->nr_options > SPD_MAX_OPTIONS)
		return -EBADMSG;
	path = take_string(c);
	if (!path || !take_strings(c, argv, head->nr_args) ||
	    !take_strings(c, options, head->nr_options) || c->left)
		return -EBADMSG;
	argv[head->nr_args] = NULL;
	for (int i = 0; i < SPD_NR_STREAMS && !err; i++)
		err = launch_give(l, l->fds[i], i);
	return err ?: launch_program(l, path, (char *const *)argv) ?:
	       launch_apply(l, options, head->nr_options);
}

static void explain(const struct launch *l, int error, char *why)
{
	struct spawnpol_advice a = spawnpol_advise(SPAWNPOL_TOPIC_CHAIN, error);

	if (l->why[0])
		snprintf(why, SPD_MAX_TEXT, "%s", l->why);
	else if (error == -EBADMSG)
		snprintf(why, SPD_MAX_TEXT,
			 "this is not a request; use the spawnpold-client that was built with this daemon");
	else
		snprintf(why, SPD_MAX_TEXT, "%s", a.text);
}

int request_to_chain(const char *message, size_t size, const int *fds,
		     int nr_fds, struct spawnpol_pool *pool,
		     struct spawnpol_chain **chain, char *why)
{
	struct cursor cursor = { message, size };
	struct launch launch;
	int err;

	*chain = NULL;
	err = spawnpol_chain_new(chain);
	if (!err && pool)
		err = spawnpol_chain_pool(*chain, pool);
	launch_init(&launch, *chain, fds, nr_fds);
	if (!err)
		err = fill(&cursor, &launch);
	if (err) {
		explain(&launch, err, why);
		spawnpol_chain_free(*chain);
	}
	launch_free(&launch);
	return err;
}
