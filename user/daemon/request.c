// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a message to a chain. The message comes from outside: nothing in it is
 * believed before it was compared with the bytes that are there.
 */
#include "request.h"

#include <errno.h>
#include <string.h>

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

static int take_action(struct cursor *strings, const struct spd_action *action,
		       struct spawnpol_chain *chain)
{
	const char *path = take_string(strings);

	if (!path)
		return -EBADMSG;
	switch (action->kind) {
	case SPD_OPEN:
		return spawnpol_chain_open(chain, action->fd, path,
					   action->flags, action->mode);
	case SPD_CHDIR:
		return spawnpol_chain_chdir(chain, path);
	default:
		return -EBADMSG;
	}
}

static int fill_chain(struct cursor *c, const int fds[SPD_NR_FDS],
		      struct spawnpol_chain *chain)
{
	const struct spd_request *req = take(c, sizeof(*req));
	const struct spd_action *actions;
	int err;

	if (!req || req->magic != SPD_MAGIC || req->reserved || !req->nr_args ||
	    req->nr_args > SPD_MAX_ARGS || req->nr_actions > SPD_MAX_ACTIONS)
		return -EBADMSG;
	actions = take(c, req->nr_actions * sizeof(*actions));
	if (!actions)
		return -EBADMSG;
	err = take_program(c, req->nr_args, chain);
	for (int i = 0; i < SPD_NR_FDS && !err; i++)
		err = spawnpol_chain_dup2(chain, fds[i], i);
	for (uint32_t i = 0; i < req->nr_actions && !err; i++)
		err = take_action(c, &actions[i], chain);
	if (!err && c->left)
		return -EBADMSG;
	return err;
}

int request_to_chain(const char *message, size_t size,
		     const int fds[SPD_NR_FDS], struct spawnpol_chain **chain)
{
	struct cursor cursor = { message, size };
	struct spawnpol_chain *c;
	int err;

	err = spawnpol_chain_new(&c);
	if (err)
		return err;
	err = fill_chain(&cursor, fds, c);
	if (err) {
		spawnpol_chain_free(c);
		return err;
	}
	*chain = c;
	return 0;
}
