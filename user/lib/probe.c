// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the running kernel can do, without a ring of the caller's. */
#include <errno.h>
#include <string.h>

#include "common/sized.h"
#include "internal.h"

static void probe_ops(struct spawnpol_probe *probe, struct io_uring *uring)
{
	struct io_uring_probe *ops = io_uring_get_probe_ring(uring);

	if (!ops)
		return;
	for (unsigned int i = 0; i < ops->ops_len; i++) {
		uint64_t bit = 1ULL << ops->ops[i].op % 64;
		unsigned int word = ops->ops[i].op / 64;

		if (ops->ops[i].flags & IO_URING_OP_SUPPORTED)
			probe->ops[word] |= bit;
		if (ops->ops[i].flags & SPAWNPOL_OP_IN_CHILD)
			probe->child_ops[word] |= bit;
	}
	io_uring_free_probe(ops);
}

static int probe_ring(struct spawnpol_probe *probe)
{
	struct io_uring uring;
	int err;

	err = io_uring_queue_init(2, &uring, 0);
	if (err)
		return err;
	probe->ring_features = uring.features;
	probe_ops(probe, &uring);
	err = -EOPNOTSUPP;
	if (uring.features & SPAWNPOL_FEAT_SPAWN)
		err = spawnpol_query(uring.ring_fd, &probe->query);
	io_uring_queue_exit(&uring);
	return err;
}

/* What the structure had in the first release, in which the query had 512 bytes. */
#define LEAST	(offsetof(struct spawnpol_probe, query) + 512)

int spawnpol_probe_sized(struct spawnpol_probe *probe, size_t size)
{
	struct spawnpol_probe p;

	if (size < LEAST)
		return -EINVAL;
	memset(&p, 0, sizeof(p));
	p.error = probe_ring(&p);
	p.policy_error = p.error;
	if (!p.error && !(p.query.features & IORING_SPAWN_FEAT_POLICY))
		p.policy_error = -EOPNOTSUPP;
	sized_write(probe, size, &p, sizeof(p));
	return 0;
}
