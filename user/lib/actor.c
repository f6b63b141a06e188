// SPDX-License-Identifier: LGPL-2.1-or-later
/* Actors: making and submitting them, and their outcomes. */
#include <stdlib.h>
#include <string.h>

#include "actor.h"
#include "exit_status.h"

int spawnpol_actor_new(struct spawnpol_actor **actor, void *user)
{
	struct spawnpol_actor *a;
	size_t size = (sizeof(*a) + CHAIN_ALIGN - 1) & ~(CHAIN_ALIGN - 1UL);

	a = aligned_alloc(CHAIN_ALIGN, size);
	if (!a)
		return -ENOMEM;
	memset(a, 0, sizeof(*a));
	a->user = user;
	*actor = a;
	return 0;
}

/* What a parent has in flight, its child of fork(2) has not. */
static bool is_busy(const struct spawnpol_actor *actor)
{
	return actor->flight && process_gave(actor->flight);
}

int spawnpol_actor_free(struct spawnpol_actor *actor)
{
	if (actor && is_busy(actor))
		return -EBUSY;
	free(actor);
	return 0;
}

void spawnpol_actor_prep(struct io_uring_sqe *sqe, unsigned int op_bpf,
			 unsigned int slot, const uint64_t args[4])
{
	*sqe = (struct io_uring_sqe) {
		.opcode = op_bpf,
		.len = slot,
		.user_data = sqe->user_data,
	};
	if (!args)
		return;
	sqe->addr = args[0];
	sqe->off = args[1];
	sqe->addr3 = args[2];
	sqe->__pad2[0] = args[3];
}

static uint64_t user_data(const struct spawnpol_ring *ring,
			  const struct spawnpol_actor *actor)
{
	return (uint64_t)ring->tag << 48 | (uintptr_t)actor | INDEX_ACTOR;
}

static int queue_locked(struct spawnpol_ring *ring, struct spawnpol_actor *actor,
			unsigned int slot, const uint64_t args[4])
{
	struct io_uring_sqe *sqe;

	if (!ring->query.op_bpf)
		return -EOPNOTSUPP;
	if (slot >= ring->query.nr_slots)
		return -EINVAL;
	if (is_busy(actor))
		return -EBUSY;
	if (sq_has_open_link(ring))
		return -EINPROGRESS;
	exit_retry(ring);
	sqe = io_uring_get_sqe(ring->uring);
	if (!sqe)
		return -EAGAIN;
	sqe->user_data = user_data(ring, actor);
	spawnpol_actor_prep(sqe, ring->query.op_bpf, slot, args);
	actor->flight = ring->id;
	ring->outcomes++;
	ring->pending++;
	return 0;
}

int spawnpol_actor_queue(struct spawnpol_ring *ring, struct spawnpol_actor *actor,
			 unsigned int slot, const uint64_t args[4])
{
	int err = ring_usable(ring);

	if (err)
		return err;
	pthread_mutex_lock(&ring->lock);
	err = queue_locked(ring, actor, slot, args);
	pthread_mutex_unlock(&ring->lock);
	return err;
}

static int submit_locked(struct spawnpol_ring *ring, struct spawnpol_actor *actor,
			 unsigned int slot, const uint64_t args[4])
{
	unsigned int start;
	int err;

	err = queue_locked(ring, actor, slot, args);
	if (err == -EAGAIN) {
		err = ring_make_room(ring);
		if (!err)
			err = queue_locked(ring, actor, slot, args);
	}
	if (err)
		return err;
	start = ring->uring->sq.sqe_tail - 1;
	err = ring_flush(ring);
	if (!err || !sq_take_back(ring, start))
		return 0;
	actor->flight = 0;
	ring->outcomes--;
	ring->pending--;
	return err;
}

int spawnpol_actor_submit(struct spawnpol_ring *ring, struct spawnpol_actor *actor,
			  unsigned int slot, const uint64_t args[4])
{
	int err = ring_usable(ring);

	if (err)
		return err;
	pthread_mutex_lock(&ring->lock);
	err = submit_locked(ring, actor, slot, args);
	pthread_mutex_unlock(&ring->lock);
	return err;
}

static int cancel_locked(struct spawnpol_ring *ring, struct spawnpol_actor *actor)
{
	struct io_uring_sqe *sqe;

	if (actor->flight != ring->id)
		return -ENOENT;
	if (sq_has_open_link(ring))
		return -EINPROGRESS;
	sqe = io_uring_get_sqe(ring->uring);
	if (!sqe)
		return -EAGAIN;
	io_uring_prep_cancel64(sqe, user_data(ring, actor), 0);
	/* that it has ended meanwhile is fine */
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	sqe->user_data = (uint64_t)ring->tag << 48;
	return ring_flush(ring);
}

int spawnpol_actor_cancel(struct spawnpol_ring *ring, struct spawnpol_actor *actor)
{
	int err = ring_usable(ring);

	if (err)
		return err;
	pthread_mutex_lock(&ring->lock);
	err = cancel_locked(ring, actor);
	pthread_mutex_unlock(&ring->lock);
	return err;
}

void actor_ended(struct spawnpol_ring *ring, struct spawnpol_actor *actor, int res,
		 struct spawnpol_outcome *out)
{
	ring->outcomes--;
	ring->pending--;
	actor->flight = 0;
	*out = (struct spawnpol_outcome) {
		.user = actor->user,
		.error = res < 0 ? res : 0,
		.pidfd = -1,
		.step = -1,
		.kind = SPAWNPOL_KIND_ACTOR,
		.result = res,
		.actor = actor,
	};
}
