// SPDX-License-Identifier: LGPL-2.1-or-later
/* Kept children, step by step: each call waits for its outcome. */
#include <errno.h>

#include "common/sized.h"
#include "internal.h"

static int submit_and_wait(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
			   struct spawnpol_outcome *out)
{
	int ret;

	/* before it is submitted: nobody else is to take its outcome */
	pthread_mutex_lock(&ring->collecting);
	ret = spawnpol_submit(ring, &chain, 1);
	if (ret == 1)
		ret = collect_one(ring, chain, out);
	pthread_mutex_unlock(&ring->collecting);
	return ret < 0 ? ret : out->error;
}

/* What the outcome says, in a number. */
static int run(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
	       struct spawnpol_outcome *to, size_t size)
{
	struct spawnpol_outcome out = { .pidfd = -1 };
	int err = ring_usable(ring);

	if (!err && ring->wrapped)
		err = -EOPNOTSUPP;
	if (!err)
		err = submit_and_wait(ring, chain, &out);
	if (err && !out.error)
		out = (struct spawnpol_outcome) {
			.chain = chain,
			.user = chain->user,
			.pidfd = -1,
			.step = -1,
			.error = err,
		};
	if (to)
		sized_write(to, size, &out, sizeof(out));
	else if (out.pidfd >= 0)
		close(out.pidfd);
	return err ? err : out.child;
}

/* The same with a chain that is not the caller's, nor part of what he is told. */
static int run_own(struct spawnpol_ring *ring, const struct kept *kept,
		   struct spawnpol_outcome *to, size_t size)
{
	struct spawnpol_outcome out;
	struct spawnpol_chain *chain;
	int ret = spawnpol_chain_new(&chain);

	if (ret)
		return ret;
	chain->kept = *kept;
	ret = run(ring, chain, &out, sizeof(out));
	spawnpol_chain_free(chain);
	out.chain = NULL;
	if (to)
		sized_write(to, size, &out, sizeof(out));
	return ret;
}

static int run_for(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
		   const struct kept *kept, struct spawnpol_outcome *out, size_t size)
{
	int err;

	if (out && size < OUTCOME_LEAST)
		return -EINVAL;
	if (!chain)
		return run_own(ring, kept, out, size);
	err = chain_editable(chain);
	if (err)
		return err;
	chain->kept.keep = kept->keep;
	chain->kept.child = kept->child;
	chain->kept.copy = kept->copy;
	return run(ring, chain, out, size);
}

int spawnpol_child_new_sized(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
			     struct spawnpol_outcome *out, size_t size)
{
	const struct kept kept = { .keep = true };

	return run_for(ring, chain, &kept, out, size);
}

int spawnpol_child_run_sized(struct spawnpol_ring *ring, int child,
			     struct spawnpol_chain *chain, struct spawnpol_outcome *out,
			     size_t size)
{
	const struct kept kept = { .keep = true, .child = child };

	if (child <= 0)
		return -EINVAL;
	return run_for(ring, chain, &kept, out, size);
}

int spawnpol_child_copy_sized(struct spawnpol_ring *ring, int child,
			      struct spawnpol_chain *chain, struct spawnpol_outcome *out,
			      size_t size)
{
	const struct kept kept = {
		.keep = !chain || !chain_nr_programs(chain),
		.child = child,
		.copy = true,
	};

	if (child <= 0)
		return -EINVAL;
	return run_for(ring, chain, &kept, out, size);
}

int spawnpol_child_end(struct spawnpol_ring *ring, int child)
{
	const struct kept kept = { .child = child };

	if (child <= 0)
		return -EINVAL;
	return run_for(ring, NULL, &kept, NULL, 0);
}
