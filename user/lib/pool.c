// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pools: having one, and being rid of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/sized.h"
#include "exit_status.h"
#include "pool.h"

/* What the structures had in the first release. */
#define LEAST_OPTS \
	(offsetof(struct spawnpol_pool_opts, keep_ns) + sizeof(uint64_t))

/* --- its beginning -------------------------------------------------------------------- */

/* Can it be done before it is known what for, and whether done ahead or not? */
static bool is_prefix(const struct spawnpol_chain *chain, bool copied)
{
	if (chain_nr_programs(chain) || kept_is_said(&chain->kept) ||
	    chain->pooled.pool || chain->want_exit || chain->args.set_tid_size ||
	    chain->args.flags & CLONE_PIDFD)
		return false;
	for (unsigned int i = 0; i < chain->actions.nr; i++) {
		switch (chain->actions.v[i].kind) {
		case SPAWNPOL_KIND_OPEN:
		case SPAWNPOL_KIND_DUP:
		case SPAWNPOL_KIND_INSTALL:
		case SPAWNPOL_KIND_CLOSE:
		case SPAWNPOL_KIND_CLOEXEC:
		case SPAWNPOL_KIND_CLOSE_RANGE:
		case SPAWNPOL_KIND_CLOSE_EXCEPT:
		case SPAWNPOL_KIND_SQE:
			return false;
		/* a copy would be in the group and session of the first, and lead none */
		case SPAWNPOL_KIND_SETSID:
		case SPAWNPOL_KIND_SETPGID:
			if (copied)
				return false;
			break;
		default:
			break;
		}
	}
	return true;
}

static int check_new(const struct spawnpol_ring *ring, const struct spawnpol_chain *prefix,
		     unsigned int nr, const struct spawnpol_pool_opts *opts)
{
	if (ring_usable(ring))
		return ring_usable(ring);
	if (chain_is_busy(prefix))
		return -EBUSY;
	if (prefix->error)
		return prefix->error;
	if (!nr || nr > SPAWNPOL_MAX_POOL || opts->flags & ~SPAWNPOL_POOL_COPY ||
	    opts->resv || !is_prefix(prefix, opts->flags & SPAWNPOL_POOL_COPY))
		return -EINVAL;
	return 0;
}

static struct spawnpol_pool *make(unsigned int nr, bool copies)
{
	struct spawnpol_pool *pool = calloc(1, sizeof(*pool));
	size_t size = (nr + copies) * sizeof(struct pool_slot);

	if (!pool)
		return NULL;
	pool->slots = aligned_alloc(CHAIN_ALIGN, size);
	if (!pool->slots) {
		free(pool);
		return NULL;
	}
	memset(pool->slots, 0, size);
	pool->nr = nr + copies;
	if (copies) {
		pool->model = &pool->slots[nr];
		pool->model->pool = pool;
	}
	while (nr--) {
		pool->slots[nr].pool = pool;
		pool_empty(&pool->slots[nr]);
	}
	return pool;
}

int spawnpol_pool_new(struct spawnpol_pool **pool, struct spawnpol_ring *ring,
		      struct spawnpol_chain *prefix, unsigned int nr,
		      const struct spawnpol_pool_opts *opts)
{
	struct spawnpol_pool_opts o = { .sz = sizeof(o) };
	struct spawnpol_pool *p;
	int err;

	if (opts) {
		err = sized_read_opts(&o, sizeof(o), opts, LEAST_OPTS);
		if (err)
			return err;
	}
	err = check_new(ring, prefix, nr, &o);
	if (err)
		return err;
	p = make(nr, o.flags & SPAWNPOL_POOL_COPY);
	if (!p)
		return -ENOMEM;
	atomic_init(&p->refs, 1);
	p->ring = ring;
	p->prefix = prefix;
	p->keep_ns = o.keep_ns;
	*pool = p;
	return 0;
}

/* --- its end -------------------------------------------------------------------------- */

static void free_pool(struct spawnpol_pool *pool)
{
	spawnpol_chain_free(pool->prefix);
	free(pool->slots);
	free(pool);
}

void pool_unref(struct spawnpol_pool *pool)
{
	if (pool && atomic_fetch_sub(&pool->refs, 1) == 1)
		free_pool(pool);
}

void pool_put(struct spawnpol_pool *pool)
{
	if (!pool->closing || pool->gone || pool->busy || pool->stats.making)
		return;
	pool->gone = true;
	pool_unref(pool);
}

/* Those that are being made end as well, and tell. */
static void end_all(struct spawnpol_pool *pool)
{
	for (unsigned int i = 0; i < pool->nr; i++)
		if (pool->slots[i].state == SLOT_WAITING ||
		    pool->slots[i].state == SLOT_MAKING)
			pool_end_child(&pool->slots[i]);
}

void spawnpol_pool_close(struct spawnpol_pool *pool)
{
	struct spawnpol_ring *ring;

	if (!pool)
		return;
	ring = pool->ring;
	/* the children are the parent's */
	if (!process_gave(ring->id)) {
		pool_unref(pool);
		return;
	}
	pthread_mutex_lock(&ring->lock);
	pool->closing = true;
	end_all(pool);
	pool_put(pool);
	pthread_mutex_unlock(&ring->lock);
}

/* --- in between ----------------------------------------------------------------------- */

int spawnpol_pool_fill(struct spawnpol_pool *pool)
{
	struct spawnpol_ring *ring = pool->ring;
	int err = ring_usable(ring), nr = 0;

	if (err)
		return err;
	pthread_mutex_lock(&ring->lock);
	exit_retry(ring);
	if (!pool_can_make(pool))
		err = -EOPNOTSUPP;
	else if (sq_has_open_link(ring))
		err = -EINPROGRESS;
	else
		nr = pool_refill(pool, UINT_MAX);
	if (nr && !ring->wrapped)
		err = ring_flush(ring);
	pthread_mutex_unlock(&ring->lock);
	return err ? err : nr;
}

static void look_at(struct spawnpol_pool *pool, struct spawnpol_pool_stats *stats)
{
	/* in a child of fork(2) a thread that is not there may have the lock */
	bool ours = process_gave(pool->ring->id);

	if (ours)
		pthread_mutex_lock(&pool->ring->lock);
	*stats = pool->stats;
	if (ours)
		pthread_mutex_unlock(&pool->ring->lock);
}

int spawnpol_pool_wait(struct spawnpol_pool *pool)
{
	struct spawnpol_ring *ring = pool->ring;
	struct spawnpol_pool_stats stats;
	int ret = ring_usable(ring);

	if (ret)
		return ret;
	if (ring->wrapped)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&ring->collecting);
	do {
		ret = collect_look(ring, NULL, NULL);
		look_at(pool, &stats);
		if (!ret && stats.making)
			ret = ring_enter(ring, 1, -1, NULL);
	} while (stats.making && (ret >= 0 || ret == -EINTR));
	pthread_mutex_unlock(&ring->collecting);
	return ret < 0 ? ret : (int)stats.waiting;
}

void spawnpol_pool_stats_sized(struct spawnpol_pool *pool,
			       struct spawnpol_pool_stats *stats, size_t size)
{
	struct spawnpol_pool_stats now;

	look_at(pool, &now);
	sized_write(stats, size, &now, sizeof(now));
}
