/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel can do: spawnpol_probe(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_PROBE_H
#define SPAWNPOL_PART_PROBE_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Ask a ring what its kernel can do, and which numbers its operations and types have. The
 * call writes all of *query; query->size becomes the number of bytes that the kernel
 * knows, the rest is 0. -EOPNOTSUPP: the kernel cannot spawn. -EPROTO: the kernel has
 * another ABI than this library; query->abi is the kernel's, the rest is 0.
 */
int spawnpol_query_sized(int ring_fd, struct io_uring_spawn_query *query,
			 size_t size);
static inline int spawnpol_query(int ring_fd, struct io_uring_spawn_query *query)
{
	return spawnpol_query_sized(ring_fd, query, sizeof(*query));
}

/* What the running kernel can do. */
struct spawnpol_probe {
	int	error;		/* of spawnpol_ring_open(), or 0 */
	int	policy_error;	/* of attaching policies, or 0 */
	uint32_t ring_features;	/* IORING_FEAT_* */
	uint32_t resv;
	uint64_t ops[4];	/* operations of the kernel, one bit each */
	uint64_t child_ops[4];	/* operations that can be steps */
	struct io_uring_spawn_query query;	/* zero if the kernel did not answer */
	char	query_room[512 - sizeof(struct io_uring_spawn_query)];
};

/*
 * Probe the running kernel with a temporary ring. Returns 0 even if the kernel cannot
 * spawn: see probe->error. To check the query's numbers against the kernel's type
 * information, call spawnpol_probe_names() of libspawnpol-bpf.
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
