// SPDX-License-Identifier: LGPL-2.1-or-later
/* The environment of the launched program. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "launch_internal.h"

int launch_env_clear(struct launch *l)
{
	l->own_env = true;
	l->nr_env = 0;
	return 0;
}

/* Where the variable of this name is, or the end. */
static size_t find(const struct launch *l, const char *variable)
{
	size_t len = strcspn(variable, "=") + 1, i;

	for (i = 0; i < l->nr_env; i++)
		if (!strncmp(l->env[i], variable, len))
			break;
	return i;
}

static int put(struct launch *l, const char *variable)
{
	size_t at = find(l, variable);

	if (at == LAUNCH_MAX_ENV)
		return launch_complain(l, -E2BIG,
				       "more than %d variables in the environment",
				       LAUNCH_MAX_ENV);
	l->env[at] = variable;
	if (at == l->nr_env)
		l->nr_env++;
	return 0;
}

int launch_env_set(struct launch *l, const char *variable)
{
	int err = 0;

	for (char **v = environ; !l->own_env && *v && !err; v++)
		err = put(l, *v);
	l->own_env = true;
	return err ?: put(l, variable);
}

int launch_env_done(struct launch *l)
{
	if (!l->own_env)
		return 0;
	l->env[l->nr_env] = NULL;
	return spawnpol_chain_envp(l->chain, (char *const *)l->env);
}
