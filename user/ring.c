// SPDX-License-Identifier: LGPL-2.1-or-later
/* Setting a ring up and taking it down. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

/* Not in the headers of liburing 2.3. */
#define SETUP_NO_SQARRAY	(1U << 16)

/* Of no use without a descriptor, or not known to the code that fills the SQ. */
#define NOT_REGISTERED	(IORING_SETUP_CQSIZE | IORING_SETUP_ATTACH_WQ | \
			 IORING_SETUP_R_DISABLED | SETUP_NO_SQARRAY)

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

/* Can this ring spawn, the way this library thinks it does? */
static int ring_check(struct spawnpol_ring *ring)
{
	struct io_uring_spawn_query *query = &ring->query;
	int err;

	if (ring->uring->flags & IORING_SETUP_IOPOLL)
		return -EINVAL;
	if (!(ring->uring->features & SPAWNPOL_FEAT_SPAWN))
		return -EOPNOTSUPP;
	err = query_ring(ring_at(ring->uring), query);
	if (err)
		return err;
	return query->op_clone && query->op_exec && query->op_child ?
	       0 : -EOPNOTSUPP;
}

static int uring_init(struct spawnpol_ring *ring, unsigned int entries,
		      unsigned int flags)
{
	/*
	 * SUBMIT_ALL: a request that is refused must not keep the chains
	 * behind it from being submitted.
	 */
	flags |= IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP;
	return ring->registered ? registered_init(ring->uring, entries, flags) :
			      io_uring_queue_init(entries, ring->uring, flags);
}

static void uring_exit(struct spawnpol_ring *ring)
{
	if (ring->registered)
		registered_exit(ring->uring);
	else
		io_uring_queue_exit(ring->uring);
}

static int ring_open(struct spawnpol_ring **ring, unsigned int entries,
		     unsigned int flags, bool registered)
{
	struct spawnpol_ring *r;
	int err;

	if (flags & IORING_SETUP_IOPOLL)
		return -EINVAL;
	err = ring_init(&r, NULL, SPAWNPOL_TAG);
	if (err)
		return err;
	r->registered = registered;
	r->owner = gettid();
	err = uring_init(r, entries, flags);
	if (err)
		goto forget_ring;
	err = ring_check(r);
	if (err)
		goto exit_ring;
	*ring = r;
	return 0;
exit_ring:
	uring_exit(r);
forget_ring:
	ring_forget(r);
	return err;
}

int spawnpol_ring_open(struct spawnpol_ring **ring, unsigned int entries,
		       unsigned int flags)
{
	return ring_open(ring, entries, flags, false);
}

int spawnpol_ring_open_registered(struct spawnpol_ring **ring, unsigned int entries,
			      unsigned int flags)
{
	return flags & NOT_REGISTERED ? -EINVAL :
				    ring_open(ring, entries, flags, true);
}

int spawnpol_ring_wrap(struct spawnpol_ring **ring, struct io_uring *uring,
		       uint16_t tag)
{
	struct spawnpol_ring *r;
	int err;

	err = ring_init(&r, uring, tag);
	if (err)
		return err;
	err = ring_check(r);
	if (err) {
		ring_forget(r);
		return err;
	}
	*ring = r;
	return 0;
}

/* Chains that were queued and never submitted must not start now. */
static void drop_queued(struct io_uring *uring, struct spawnpol_ring *ring)
{
	unsigned int from = uring->flags & IORING_SETUP_SQPOLL ?
			    uring->sq.sqe_head : *uring->sq.khead;

	sqe_to_nop(ring, from, uring->sq.sqe_tail);
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

/*
 * A registered ring cannot be reached by other threads and is not even mapped in
 * children of fork(2), where ids can be the same in a new pid namespace.
 */
static bool is_within_reach(const struct spawnpol_ring *ring)
{
	const struct io_uring_sq *sq = &ring->uring->sq;

	return !ring->registered ||
	       (ring->owner == gettid() &&
		!madvise(sq->ring_ptr, sq->ring_sz, MADV_NORMAL));
}

void spawnpol_ring_close(struct spawnpol_ring *ring)
{
	if (!ring)
		return;
	if (!ring->wrapped && is_within_reach(ring)) {
		ring_drain(ring);
		uring_exit(ring);
	}
	ring_forget(ring);
}

int spawnpol_ring_fd(const struct spawnpol_ring *ring)
{
	return ring->registered ? -EBADF : ring->uring->ring_fd;
}
