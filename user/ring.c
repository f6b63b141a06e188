// SPDX-License-Identifier: LGPL-2.1-or-later
/* Setting a ring up and taking it down. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* Since Linux 6.3; not in the headers of liburing 2.3. */
#define FEAT_REG_REG_RING	(1U << 13)
#define USE_REGISTERED_RING	(1U << 31)

int ring_init(struct spawnpol_ring **ring, struct io_uring *uring, uint16_t tag)
{
	struct spawnpol_ring *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	pthread_mutex_init(&r->lock, NULL);
	pthread_mutex_init(&r->collecting, NULL);
	r->wrapped = uring;
	r->uring = uring ? uring : &r->own;
	r->tag = tag;
	*ring = r;
	return 0;
}

void ring_forget(struct spawnpol_ring *ring)
{
	pthread_mutex_destroy(&ring->collecting);
	pthread_mutex_destroy(&ring->lock);
	free(ring);
}

/* Can rings of this kernel spawn, the way this library thinks they do? */
static int ring_check(struct io_uring *uring)
{
	struct io_uring_spawn_query query;

	if (uring->flags & IORING_SETUP_IOPOLL)
		return -EINVAL;
	if (!(uring->features & SPAWNPOL_FEAT_SPAWN))
		return -EOPNOTSUPP;
	return spawnpol_query(uring->ring_fd, &query);
}

int spawnpol_ring_open(struct spawnpol_ring **ring, unsigned int entries,
		       unsigned int flags)
{
	struct spawnpol_ring *r;
	int err;

	if (flags & IORING_SETUP_IOPOLL)
		return -EINVAL;
	err = ring_init(&r, NULL, SPAWNPOL_TAG);
	if (err)
		return err;
	/*
	 * SUBMIT_ALL: a request that is refused must not keep the chains
	 * behind it from being submitted.
	 */
	err = io_uring_queue_init(entries, r->uring, flags |
				  IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP);
	if (err)
		goto forget_ring;
	err = ring_check(r->uring);
	if (err)
		goto exit_ring;
	*ring = r;
	return 0;
exit_ring:
	io_uring_queue_exit(r->uring);
forget_ring:
	ring_forget(r);
	return err;
}

int spawnpol_ring_wrap(struct spawnpol_ring **ring, struct io_uring *uring,
		       uint16_t tag)
{
	int err = ring_check(uring);

	if (err)
		return err;
	return ring_init(ring, uring, tag);
}

/* Chains that were queued and never submitted must not start now. */
static void drop_queued(struct io_uring *uring, struct spawnpol_ring *ring)
{
	unsigned int from = uring->flags & IORING_SETUP_SQPOLL ?
			    uring->sq.sqe_head : *uring->sq.khead;

	defuse(ring, from, uring->sq.sqe_tail);
	io_uring_submit(uring);
}

static void cancel_all(struct io_uring *uring, uint16_t tag)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);

	if (!sqe)
		return;
	io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY |
			       IORING_ASYNC_CANCEL_ALL);
	sqe->user_data = (uint64_t)tag << 48;
	io_uring_submit(uring);
}

/*
 * Children that are no programs yet read the memory of chains, which their
 * owners free once the ring is closed: wait for the end of all of them. A
 * cancellation may come before its chain is there (SQPOLL), so try again. An
 * error ends it: this thread may not use the ring (SINGLE_ISSUER).
 */
static void ring_drain(struct spawnpol_ring *ring)
{
	struct spawnpol_outcome out;
	int ret = 0;

	drop_queued(ring->uring, ring);
	while (ring->in_flight && (ret >= 0 || ret == -EINTR)) {
		cancel_all(ring->uring, ring->tag);
		while ((ret = spawnpol_collect(ring, &out, 1, 1, 20)) > 0)
			if (out.pidfd >= 0)
				close(out.pidfd);
	}
}

/* liburing up to 2.3 would want the descriptor for it. */
static void unregister(struct io_uring *uring)
{
	struct io_uring_rsrc_update at = { .offset = uring->enter_ring_fd };

	syscall(__NR_io_uring_register, uring->enter_ring_fd,
		IORING_UNREGISTER_RING_FDS | USE_REGISTERED_RING, &at, 1);
	uring->int_flags = 0;
}

/*
 * A hidden ring cannot be reached by other threads and is not even mapped in
 * children of fork(2), where ids can be the same in a new pid namespace.
 */
static bool is_within_reach(const struct spawnpol_ring *ring)
{
	const struct io_uring_sq *sq = &ring->uring->sq;

	return !ring->hidden ||
	       (ring->owner == gettid() &&
		!madvise(sq->ring_ptr, sq->ring_sz, MADV_NORMAL));
}

void spawnpol_ring_close(struct spawnpol_ring *ring)
{
	if (!ring)
		return;
	if (!ring->wrapped && is_within_reach(ring)) {
		ring_drain(ring);
		if (ring->hidden)
			unregister(ring->uring);
		io_uring_queue_exit(ring->uring);
	}
	ring_forget(ring);
}

int spawnpol_ring_fd(const struct spawnpol_ring *ring)
{
	return ring->hidden ? -EBADF : ring->uring->ring_fd;
}

int spawnpol_ring_hide(struct spawnpol_ring *ring)
{
	struct io_uring *uring = ring->uring;
	int ret;

	if (ring->hidden)
		return 0;
	if (ring->wrapped || !(uring->features & FEAT_REG_REG_RING))
		return -EOPNOTSUPP;
	ret = io_uring_ring_dontfork(uring);
	if (ret)
		return ret;
	ret = io_uring_register_ring_fd(uring);
	if (ret < 0)
		return ret;
	close(uring->ring_fd);
	uring->ring_fd = -1;
	ring->owner = gettid();
	ring->hidden = true;
	return 0;
}
