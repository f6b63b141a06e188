// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pools: making children ahead, and ending them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/sized.h"
#include "exit_status.h"
#include "pool.h"
#include "whole.h"

/* What the structures had in the first release. */
#define LEAST_OPTS \
	(offsetof(struct spawnpol_pool_opts, keep_ns) + sizeof(uint64_t))

/* --- requests ---------------------------------------------------------------------- */

static uint64_t slot_data(const struct pool_slot *slot)
{
	return (uint64_t)slot->pool->ring->tag << 48 | (uintptr_t)slot | INDEX_SLOT;
}

/* As Linux has it since 6.6; liburing of Debian 12 does not. */
#define CANCEL_USERDATA (1U << 4)
#define CANCEL_OP (1U << 5)

/*
 * Whatever waits under this user_data, a child or a SPAWN: no place in the SQ is needed
 * for that. A child is found by its operation only. The opcode is the byte after timeout.
 */
void pool_end_child(struct pool_slot *slot)
{
	const size_t opcode = offsetof(struct io_uring_sync_cancel_reg, timeout) +
			      sizeof(struct __kernel_timespec);
	struct spawnpol_ring *ring = slot->pool->ring;
	struct io_uring_sync_cancel_reg arg = {
		.addr = slot_data(slot),
		.flags = IORING_ASYNC_CANCEL_ALL | CANCEL_USERDATA | CANCEL_OP,
		.timeout = { -1, -1 },
	};

	_Static_assert(sizeof(arg) == 64, "the kernel's");
	((uint8_t *)&arg)[opcode] = ring->query.op_spawn;
	ring_register(ring_at(ring->uring), IORING_REGISTER_SYNC_CANCEL, &arg, 1);
}

/* The prefix, once: an SQ thread may be reading the steps for another slot. */
static void fill_first(struct pool_slot *slot)
{
	struct spawnpol_pool *pool = slot->pool;

	if (!pool->filled)
		whole_fill(pool->prefix, false, slot_data(slot));
	pool->filled = true;
	slot->arg = pool->prefix->whole.arg;
	slot->arg.flags |= IORING_SPAWN_KEEP | IORING_SPAWN_FILES;
	/* one report cannot be of several requests */
	slot->arg.report = 0;
}

/* Without steps, but under the same policies, and in the same time. */
static void fill_copy(struct pool_slot *slot)
{
	const struct io_uring_spawn *first = &slot->pool->prefix->whole.arg;

	slot->arg = (struct io_uring_spawn) {
		.flags = IORING_SPAWN_KEEP | IORING_SPAWN_COPY |
			 (first->flags & IORING_SPAWN_NEED_POLICY),
		.slot = first->slot,
		.cookie = first->cookie,
		.timeout_ns = first->timeout_ns,
		.child = slot->pool->model->child,
	};
}

static void fill(struct pool_slot *slot)
{
	struct spawnpol_pool *pool = slot->pool;
	struct pool_slot *model = pool->model;

	if (model && model != slot && model->state == SLOT_WAITING)
		fill_copy(slot);
	else
		fill_first(slot);
	if (slot != model)
		slot->arg.keep_ns = pool->keep_ns;
}

static bool put(struct pool_slot *slot)
{
	struct spawnpol_ring *ring = slot->pool->ring;
	struct io_uring_sqe *sqe = exit_sqe(ring);

	if (!sqe)
		return false;
	fill(slot);
	*sqe = (struct io_uring_sqe) {
		.opcode = ring->query.op_spawn,
		.addr = (uintptr_t)&slot->arg,
		.len = sizeof(slot->arg),
		.user_data = slot_data(slot),
	};
	slot->state = SLOT_MAKING;
	slot->pool->stats.making++;
	ring->making++;
	ring->to_submit = true;
	return true;
}

static bool can_make(const struct spawnpol_pool *pool)
{
	return pool->ring->query.spawn_flags & IORING_SPAWN_KEEP &&
	       spawnpol_ring_uses_spawn(pool->ring) &&
	       !pool->closing && !pool->ring->closing;
}

unsigned int pool_refill(struct spawnpol_pool *pool, unsigned int most)
{
	struct pool_slot *model = pool->model, *slot;
	unsigned int nr = 0;

	if (!can_make(pool))
		return 0;
	if (model && model->state == SLOT_EMPTY && put(model))
		nr++;
	while (nr < most && (slot = pool->empty) && put(slot)) {
		pool->empty = slot->next;
		nr++;
	}
	return nr;
}

/* --- what becomes of them ------------------------------------------------------------ */

void pool_empty(struct pool_slot *slot)
{
	struct spawnpol_pool *pool = slot->pool;

	slot->state = SLOT_EMPTY;
	if (slot == pool->model)
		return;
	slot->next = pool->empty;
	pool->empty = slot;
}

static void wait_in(struct pool_slot *slot, int child)
{
	struct spawnpol_pool *pool = slot->pool;

	slot->state = SLOT_WAITING;
	slot->child = child;
	if (slot == pool->model)
		return;
	slot->next = pool->waiting;
	pool->waiting = slot;
	pool->stats.waiting++;
}

static void drop_stale(struct pool_slot *slot)
{
	pool_end_child(slot);
	pool_empty(slot);
	slot->pool->stats.stale++;
	slot->pool->ended++;
}

static void drop_model(struct spawnpol_pool *pool)
{
	if (pool->model && pool->model->state == SLOT_WAITING)
		drop_stale(pool->model);
}

/* What has changed has changed for those that wait, too. */
void pool_stale(struct pool_slot *slot)
{
	struct spawnpol_pool *pool = slot->pool;

	drop_stale(slot);
	while ((slot = pool->waiting)) {
		pool->waiting = slot->next;
		pool->stats.waiting--;
		drop_stale(slot);
	}
	drop_model(pool);
}

/* A copy was not made: the fault may be that of what was to be copied. */
static void copy_failed(struct pool_slot *slot, int res)
{
	struct pool_slot *model = slot->pool->model;

	if (!model || model->state != SLOT_WAITING ||
	    slot->arg.child != (unsigned int)model->child)
		return;
	if (res == -ESTALE) {
		drop_stale(model);
	} else if (res == -ESRCH || res == -EINVAL) {
		pool_end_child(model);
		pool_empty(model);
	}
}

/*
 * There was no room for the child: that of one that was stale may not be free yet. Each of
 * those is reason enough to ask once more.
 */
static bool made_again(struct pool_slot *slot, int res)
{
	struct spawnpol_pool *pool = slot->pool;

	if (res != -EAGAIN || !pool->ended || !can_make(pool) || !put(slot))
		return false;
	pool->ended--;
	return true;
}

void pool_made(struct pool_slot *slot, int res)
{
	struct spawnpol_pool *pool = slot->pool;

	pool->stats.making--;
	pool->ring->making--;
	if (made_again(slot, res))
		return;
	if (res > 0 && !pool->closing) {
		pool->stats.made++;
		wait_in(slot, res);
		return;
	}
	if (res > 0) {
		pool_end_child(slot);
	} else {
		pool->stats.failed++;
		pool->stats.error = res;
		if (slot->arg.flags & IORING_SPAWN_COPY)
			copy_failed(slot, res);
	}
	pool_empty(slot);
	pool_put(pool);
}

/* --- the pool ------------------------------------------------------------------------- */

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

int spawnpol_pool_fill(struct spawnpol_pool *pool)
{
	struct spawnpol_ring *ring = pool->ring;
	int err = ring_usable(ring), nr = 0;

	if (err)
		return err;
	pthread_mutex_lock(&ring->lock);
	exit_retry(ring);
	if (!can_make(pool))
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
