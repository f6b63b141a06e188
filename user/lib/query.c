// SPDX-License-Identifier: LGPL-2.1-or-later
/* Asking a ring what its kernel can do. */
#include <errno.h>
#include <string.h>

#include "common/sized.h"
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

/* What the structure had in the first release. */
#define LEAST \
	(offsetof(struct io_uring_spawn_query, max_delay_ns) + sizeof(__u64))

/* A copy for a caller whose structure is size bytes large. */
static void hand_out(struct io_uring_spawn_query *to, size_t size,
		     const struct io_uring_spawn_query *from)
{
	sized_write(to, size, from, sizeof(*from));
	if (to->size > size)
		to->size = size;
}

int spawnpol_query_sized(int ring_fd, struct io_uring_spawn_query *query,
			 size_t size)
{
	struct io_uring_spawn_query answer;
	int err;

	if (size < LEAST)
		return -EINVAL;
	err = query_ring((struct ring_at) { .fd = ring_fd }, &answer);
	hand_out(query, size, &answer);
	return err;
}

int spawnpol_ring_query_sized(const struct spawnpol_ring *ring,
			      struct io_uring_spawn_query *query, size_t size)
{
	if (size < LEAST)
		return -EINVAL;
	hand_out(query, size, &ring->query);
	return 0;
}
