// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lists of open directories. */
#include "dirs.h"

#include <sys/stat.h>

#include "child.h"

char *new_dir(const char *name)
{
	char *dir = in_dir(name);

	CHECK_SYS(mkdir(dir, 0755));
	return dir;
}

int dirs_set(struct tring *r, unsigned int index, const char *list)
{
	struct io_uring_spawn_search arg = {
		.list	= (uintptr_t)list,
		.index	= index,
	};

	return tring_register(r, SPAWNPOL_REGISTER_SPAWN_SEARCH, &arg, 1);
}
