// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Searches in directories that the kernel has open: lists of a ring, and chains that
 * use them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "whole.h"

static bool knows_lists(const struct spawnpol_ring *ring)
{
	return ring->query.spawn_flags & IORING_SPAWN_REGISTERED;
}

/* --- the ring's lists ------------------------------------------------------------ */

static int register_list(struct spawnpol_ring *ring, unsigned int index,
			 const char *list)
{
	struct io_uring_spawn_search arg = {
		.list = (uintptr_t)list,
		.index = index,
	};
	int err = ring_usable(ring);

	if (err)
		return err;
	/* it would say -EINVAL, which means other things as well */
	if (!knows_lists(ring))
		return -EOPNOTSUPP;
	return ring_register(ring_at(ring->uring), SPAWNPOL_REGISTER_SPAWN_SEARCH,
			     &arg, 1);
}

int spawnpol_ring_open_search(struct spawnpol_ring *ring, unsigned int index,
			      const char *path)
{
	char standard[PATH_MAX] = "";

	if (!path) {
		confstr(_CS_PATH, standard, sizeof(standard));
		path = standard;
	}
	return register_list(ring, index, path);
}

int spawnpol_ring_forget_search(struct spawnpol_ring *ring, unsigned int index)
{
	return register_list(ring, index, NULL);
}

/* --- a chain's search --------------------------------------------------------------- */

int spawnpol_chain_search_open(struct spawnpol_chain *chain, const char *name,
			       unsigned int index)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (!name || index >= IORING_SPAWN_SEARCHES || chain_nr_programs(chain))
		return chain_fail(chain, -EINVAL);
	if (!*name)
		return chain_fail(chain, -ENOENT);
	if (strchr(name, '/'))
		return spawnpol_chain_program(chain, name);
	if (strlen(name) > NAME_MAX)
		return chain_fail(chain, -ENAMETOOLONG);
	name = chain_keep(chain, name, strlen(name) + 1);
	if (!name)
		return chain->error;
	/* one program, whose path is the name */
	err = chain_add_exec(chain, AT_FDCWD, name, 0, IORING_EXEC_SEARCH);
	if (err)
		return err;
	chain->opened = (struct opened) { .used = true, .index = index };
	return 0;
}

int search_open_check(const struct spawnpol_ring *ring,
		      const struct spawnpol_chain *chain)
{
	if (!chain->opened.used)
		return 0;
	return knows_lists(ring) && chain_is_whole(ring, chain) ? 0 : -EOPNOTSUPP;
}
