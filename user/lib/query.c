// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a ring says its kernel can do. */
#include <errno.h>
#include <string.h>

#include "internal.h"

int query_ring(struct ring_at at, struct io_uring_spawn_query *query)
{
	uint32_t abi;
	int err;

	memset(query, 0, sizeof(*query));
	err = ring_register(at, SPAWNPOL_REGISTER_SPAWN_QUERY, query, 1);
	if (err < 0)
		return err == -EINVAL ? -EOPNOTSUPP : err;
	if (query->abi == IORING_SPAWN_ABI)
		return 0;
	/* behind the first field nothing is known to mean what it meant */
	abi = query->abi;
	memset(query, 0, sizeof(*query));
	query->abi = abi;
	return -EPROTO;
}

int spawnpol_query(int ring_fd, struct io_uring_spawn_query *query)
{
	return query_ring((struct ring_at) { .fd = ring_fd }, query);
}
