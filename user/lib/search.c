// SPDX-License-Identifier: LGPL-2.1-or-later
/* Building a chain: a program that is looked for in directories. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static size_t nr_elements(const char *path)
{
	size_t nr = 1;

	for (; *path; path++)
		nr += *path == ':';
	return nr;
}

/* "DIR/NAME" at to, where DIR has len bytes; nothing is "NAME". The end of it. */
static char *join(char *to, const char *dir, size_t len, const char *name)
{
	if (len) {
		to = mempcpy(to, dir, len);
		*to++ = '/';
	}
	return stpcpy(to, name) + 1;
}

static int add_attempts(struct spawnpol_chain *chain, const char *name,
			const char *path)
{
	size_t name_size = strlen(name) + 1, len;
	char *to, *next, *list;
	int err = 0;

	/* each element with its colon, or the string's end, makes room for '/' */
	to = chain_room(chain, strlen(path) + 1 + name_size +
			 nr_elements(path) * name_size);
	list = chain_keep(chain, path, strlen(path) + 1);
	if (!to || !list)
		return chain->error;
	chain->search.name = memcpy(to, name, name_size);
	/* "" has an element, and is no list */
	chain->search.list = *list ? list : NULL;
	if (!chain->default_argv[0])
		chain->default_argv[0] = memcpy(to, name, name_size);
	to += name_size;
	for (; !err; path += len + 1) {
		len = strchrnul(path, ':') - path;
		if (len < PATH_MAX) {
			next = join(to, path, len, name);
			err = chain_add_exec(chain, AT_FDCWD, to, 0,
					     IORING_EXEC_SEARCH);
			chain->search.nr++;
			to = next;
		}
		if (!path[len])
			break;
	}
	return err;
}

int spawnpol_chain_search(struct spawnpol_chain *chain, const char *name,
			  const char *path)
{
	char standard[PATH_MAX] = "";
	int err = chain_editable(chain);

	if (err)
		return err;
	if (!name)
		return chain_fail(chain, -EINVAL);
	if (!*name)
		return chain_fail(chain, -ENOENT);
	if (strchr(name, '/'))
		return spawnpol_chain_program(chain, name);
	if (strlen(name) > NAME_MAX)
		return chain_fail(chain, -ENAMETOOLONG);
	if (!path) {
		confstr(_CS_PATH, standard, sizeof(standard));
		path = standard;
	}
	return add_attempts(chain, name, path);
}
