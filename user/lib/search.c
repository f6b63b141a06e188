// SPDX-License-Identifier: LGPL-2.1-or-later
/* Building a chain: a program that is searched for in directories. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define LIST_MOST	131071	/* bytes: what the kernel takes */

/* The length of the directory at the start of a list. */
static size_t first_len(const char *list)
{
	return strchrnul(list, ':') - list;
}

/* "DIR/NAME" at to, where DIR has len bytes; nothing is "NAME". The end of it. */
static char *join(char *to, const char *dir, size_t len, const char *name)
{
	if (len) {
		to = mempcpy(to, dir, len);
		*to++ = '/';
	}
	return stpcpy(to, name);
}

size_t search_candidate(const struct search *search, unsigned int nr, char *to)
{
	const char *dir = search->list;

	while (nr--)
		dir += first_len(dir) + 1;
	return join(to, dir, first_len(dir), search->name) - to;
}

/* --- attempts ------------------------------------------------------------------ */

/* Room for them, so that they can be made when no memory is to be had. */
static int reserve_attempts(struct spawnpol_chain *chain, struct search *search)
{
	if (search->nr > SPAWNPOL_MAX_STEPS)
		return 0;
	/* each directory with its colon, or the list's end, makes room for '/' */
	search->paths = chain_room(chain, search->list_size +
				   search->nr * (strlen(search->name) + 1));
	if (!search->paths)
		return chain->error;
	return chain_steps_room(chain, &chain->programs,
				chain->programs.nr + search->nr) ? 0 : chain->error;
}

static int make_attempts(struct spawnpol_chain *chain, const struct search *search)
{
	struct steps *programs = &chain->programs;
	const char *dir = search->list;
	char *to = search->paths;

	if (!to || chain->actions.nr + programs->nr + search->nr > SPAWNPOL_MAX_STEPS)
		return -E2BIG;
	for (unsigned int i = 0; i < search->nr; i++) {
		programs->v[programs->nr++] = (struct step) {
			.kind = SPAWNPOL_KIND_EXEC,
			.sqe = {
				.fd = AT_FDCWD,
				.addr = (uintptr_t)to,
				.ioprio = IORING_EXEC_SEARCH,
			},
		};
		to = join(to, dir, first_len(dir), search->name) + 1;
		dir += first_len(dir) + 1;
	}
	return 0;
}

int search_attempts(struct spawnpol_chain *chain)
{
	/* it is the only program, if there is a search */
	if (!chain->search.list || chain->programs.nr)
		return 0;
	return make_attempts(chain, &chain->search);
}

int search_dissolve(struct spawnpol_chain *chain)
{
	int err = chain->opened.used ? -EINVAL : search_attempts(chain);

	if (err)
		return chain_fail(chain, err);
	chain->search = (struct search) { };
	return 0;
}

/* --- making one ------------------------------------------------------------------ */

/*
 * A copy of a list, without directories whose names are too long for any path. Returns
 * how many it has: 0 is that none was left, which the empty list does not mean.
 */
static unsigned int copy_list(char *to, const char *list)
{
	unsigned int nr = 0;
	size_t len;

	for (;; list += len + 1) {
		len = first_len(list);
		if (len < PATH_MAX) {
			if (nr++)
				*to++ = ':';
			to = mempcpy(to, list, len);
		}
		if (!list[len])
			break;
	}
	*to = '\0';
	return nr;
}

static int begin_search(struct spawnpol_chain *chain, struct search *search)
{
	int err = search_dissolve(chain) ?: reserve_attempts(chain, search);

	if (err)
		return err;
	if (!chain->default_argv[0])
		chain->default_argv[0] = (char *)search->name;
	if (!chain->programs.nr && chain_nr_steps(chain) < SPAWNPOL_MAX_STEPS) {
		chain->search = *search;
		return 0;
	}
	err = make_attempts(chain, search);
	return err ? chain_fail(chain, err) : 0;
}

static int add_search(struct spawnpol_chain *chain, const char *name,
		      const char *path)
{
	size_t name_size = strlen(name) + 1;
	char *kept = chain_room(chain, name_size);
	char *list = chain_room(chain, strlen(path) + 1);
	struct search search = { .name = kept, .list = list };

	if (!kept || !list)
		return chain->error;
	memcpy(kept, name, name_size);
	search.nr = copy_list(list, path);
	if (!search.nr)
		return chain_fail(chain, -ENAMETOOLONG);
	/* the kernel takes no list of nothing: that is a path, and begins where the child is */
	if (!*list)
		return chain_add_exec(chain, AT_FDCWD, kept, 0, IORING_EXEC_SEARCH);
	search.list_size = strlen(list) + 1;
	return begin_search(chain, &search);
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
	if (path && strlen(path) > LIST_MOST)
		return chain_fail(chain, -E2BIG);
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
	return add_search(chain, name, path);
}
