// SPDX-License-Identifier: LGPL-2.1-or-later
/* The environment that a request asks for. */
#include "env.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "operand.h"

int env_clear(struct request *r)
{
	r->own_env = true;
	r->nr_env = 0;
	return 0;
}

/* Where the variable of this name is, or the end. */
static size_t find(const struct request *r, const char *variable)
{
	size_t len = strcspn(variable, "=") + 1, i;

	for (i = 0; i < r->nr_env; i++)
		if (!strncmp(r->env[i], variable, len))
			break;
	return i;
}

static int put(struct request *r, const char *variable)
{
	size_t at = find(r, variable);

	if (at == SPD_MAX_ENV)
		return -E2BIG;
	r->env[at] = variable;
	if (at == r->nr_env)
		r->nr_env++;
	return 0;
}

int env_set(struct request *r, const char *variable)
{
	int err = 0;

	for (char **v = environ; !r->own_env && *v && !err; v++)
		err = put(r, *v);
	r->own_env = true;
	return err ?: put(r, variable);
}

int env_done(struct request *r)
{
	if (!r->own_env)
		return 0;
	r->env[r->nr_env] = NULL;
	return spawnpol_chain_envp(r->chain, (char *const *)r->env);
}
