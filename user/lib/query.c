// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a ring says its kernel can do. */
#include <errno.h>
#include <string.h>

#include "internal.h"

/*
 * Kernels of ABI 1 ignore the size. They write 200 bytes, the first word of which is
 * their ABI.
 */
#define SIZE_OF_ABI_1	200
_Static_assert(sizeof(struct io_uring_spawn_query) >= SIZE_OF_ABI_1,
	       "there is room for the answer of ABI 1");

/* Every other ABI begins with the same two words. */
#define SIZE_OF_ANY	8

int query_ring(struct ring_at at, struct io_uring_spawn_query *query)
{
	uint32_t abi;
	int err;

	memset(query, 0, sizeof(*query));
	query->size = sizeof(*query);
	err = ring_register(at, SPAWNPOL_REGISTER_SPAWN_QUERY, query, 1);
	if (err < 0) {
		memset(query, 0, sizeof(*query));
		return err == -EINVAL ? -EOPNOTSUPP : err;
	}
	abi = query->size < SIZE_OF_ANY ? query->size : query->abi;
	if (query->size >= SIZE_OF_ANY && abi == IORING_SPAWN_ABI)
		return 0;
	/* nothing else is known to mean what it meant */
	memset(query, 0, sizeof(*query));
	query->abi = abi;
	return -EPROTO;
}

int spawnpol_query(int ring_fd, struct io_uring_spawn_query *query)
{
	return query_ring((struct ring_at) { .fd = ring_fd }, query);
}
