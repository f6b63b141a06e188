// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a ring says its kernel can do. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

int spawnpol_query(int ring_fd, struct io_uring_spawn_query *query)
{
	uint32_t abi;

	memset(query, 0, sizeof(*query));
	if (syscall(__NR_io_uring_register, ring_fd,
		    SPAWNPOL_REGISTER_SPAWN_QUERY, query, 1) < 0)
		return errno == EINVAL ? -EOPNOTSUPP : -errno;
	if (query->abi == IORING_SPAWN_ABI)
		return 0;
	/* behind the first field nothing is known to mean what it meant */
	abi = query->abi;
	memset(query, 0, sizeof(*query));
	query->abi = abi;
	return -EPROTO;
}
