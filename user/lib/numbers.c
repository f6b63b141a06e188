// SPDX-License-Identifier: LGPL-2.1-or-later
/* The running kernel's numbers of the attach and link types, for bpf(2). */
#include <errno.h>
#include <stdatomic.h>

#include "internal.h"

/*
 * They are the kernel's and stay the same, so they are asked for once in a process:
 * link_type in the upper half, then attach_op and attach_spawn; 0: not asked yet.
 */
static atomic_uint_least64_t known;

static int ask_temporary(struct io_uring_spawn_query *query)
{
	struct spawnpol_ring *ring;
	int err;

	err = spawnpol_ring_open(&ring, 2, 0);
	if (err)
		return err;
	*query = ring->query;
	spawnpol_ring_close(ring);
	return 0;
}

/*
 * The ring ring_fd is asked only where no other can be made: if it is another
 * process's, that may not be allowed, and lasts until its owner lets go of it.
 */
static int ask(int ring_fd, struct io_uring_spawn_query *query)
{
	int err = ask_temporary(query);

	if (err && ring_fd >= 0 && !spawnpol_query(ring_fd, query))
		return 0;
	return err;
}

/* An older kernel names the attach type of actors, too, and has none. */
static uint64_t pack(const struct io_uring_spawn_query *query)
{
	uint64_t op = query->features & IORING_SPAWN_FEAT_OP ? query->attach_op : 0;

	return (uint64_t)query->link_type << 32 | op << 16 | query->attach_spawn;
}

int policy_numbers(int ring_fd, struct policy_numbers *numbers)
{
	uint64_t all = atomic_load_explicit(&known, memory_order_relaxed);
	struct io_uring_spawn_query query;
	int err;

	if (!all) {
		err = ask(ring_fd, &query);
		if (err)
			return err;
		if (!query.attach_spawn || !query.link_type)
			return -EOPNOTSUPP;
		all = pack(&query);
		atomic_store_explicit(&known, all, memory_order_relaxed);
	}
	numbers->link_type = all >> 32;
	numbers->attach_op = (uint16_t)(all >> 16);
	numbers->attach_spawn = (uint16_t)all;
	return 0;
}
