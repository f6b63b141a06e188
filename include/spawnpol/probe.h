/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel can do: spawnpol_probe(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_PROBE_H
#define SPAWNPOL_PART_PROBE_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Ask a ring what its kernel can do, and by which numbers it calls the operations and
 * types. All of *query is written; query->size becomes the bytes that the kernel
 * knows of, the rest is 0. -EOPNOTSUPP: it cannot spawn. -EPROTO: it can, but with
 * another ABI; query->abi then tells which, the rest is 0.
 */
int spawnpol_query_sized(int ring_fd, struct io_uring_spawn_query *query,
			 size_t size);
static inline int spawnpol_query(int ring_fd, struct io_uring_spawn_query *query)
{
	return spawnpol_query_sized(ring_fd, query, sizeof(*query));
}

/* What the running kernel can do. */
struct spawnpol_probe {
	int	error;		/* why spawnpol_ring_open() fails, or 0 */
	int	policy_error;	/* why policies cannot be used, or 0 */
	uint32_t ring_features;	/* IORING_FEAT_* */
	uint32_t resv;
	uint64_t ops[4];	/* operations the kernel has */
	uint64_t child_ops[4];	/* those that can be steps */
	struct io_uring_spawn_query query;	/* zero if there was no answer */
	char	query_room[512 - sizeof(struct io_uring_spawn_query)];
};

/*
 * Look at the running kernel. Returns 0 also when it can do nothing: see
 * probe->error. Takes a temporary ring. Whether the kernel's type information knows
 * the numbers of the query, too, says spawnpol_probe_names() of libspawnpol-bpf.
 */
int spawnpol_probe_sized(struct spawnpol_probe *probe, size_t size);
static inline int spawnpol_probe(struct spawnpol_probe *probe)
{
	return spawnpol_probe_sized(probe, sizeof(*probe));
}

#ifdef __cplusplus
}
#endif

#endif
