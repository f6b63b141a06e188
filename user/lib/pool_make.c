// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pools: making children ahead, and ending them. */
#include <errno.h>
#include <stddef.h>

#include "exit_status.h"
#include "pool.h"
#include "whole.h"

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

bool pool_can_make(const struct spawnpol_pool *pool)
{
	return pool->ring->query.spawn_flags & IORING_SPAWN_KEEP &&
	       spawnpol_ring_uses_spawn(pool->ring) &&
	       !pool->closing && !pool->ring->closing;
}

unsigned int pool_refill(struct spawnpol_pool *pool, unsigned int most)
{
	struct pool_slot *model = pool->model, *slot;
	unsigned int nr = 0;

	if (!pool_can_make(pool))
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

	if (res != -EAGAIN || !pool->ended || !pool_can_make(pool) || !put(slot))
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
