// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opening and closing a ring. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* A ring around any struct io_uring, whose kernel is not asked yet. */
static int ring_init(struct spawnpol_ring **ring, struct io_uring *uring,
		     uint16_t tag)
{
	struct spawnpol_ring *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	err = process_new_id(&r->id);
	if (err) {
		free(r);
		return err;
	}
	pthread_mutex_init(&r->lock, NULL);
	pthread_mutex_init(&r->collecting, NULL);
	r->wrapped = uring;
	r->uring = uring ? uring : &r->own;
	r->tag = tag;
	*ring = r;
	return 0;
}

static void ring_free(struct spawnpol_ring *ring)
{
	/* in a child of fork(2) a lock may be held by a thread that is not there */
	if (process_gave(ring->id)) {
		pthread_mutex_destroy(&ring->collecting);
		pthread_mutex_destroy(&ring->lock);
	}
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

/* So that in a child of fork(2) its copy of the descriptor can be told from others. */
static int note_identity(struct spawnpol_ring *ring)
{
	struct stat st;

	if (ring->registered)
		return 0;
	if (fstat(ring->uring->ring_fd, &st))
		return -errno;
	ring->dev = st.st_dev;
	ring->ino = st.st_ino;
	return 0;
}

static int uring_init(struct spawnpol_ring *ring, unsigned int entries,
		      unsigned int flags)
{
	/*
	 * SUBMIT_ALL: a request that is refused must not keep the chains
	 * after it from being submitted.
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
	r->tid = gettid();
	err = uring_init(r, entries, flags);
	if (err)
		goto free_ring;
	err = ring_check(r) ?: note_identity(r);
	if (err)
		goto exit_ring;
	*ring = r;
	return 0;
exit_ring:
	uring_exit(r);
free_ring:
	ring_free(r);
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
	return ring_open(ring, entries, flags, true);
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
		ring_free(r);
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

	ring->closing = true;
	drop_queued(ring->uring, ring);
	while ((ring->outcomes || ring->making || ring->stash) && (ret >= 0 || ret == -EINTR)) {
		cancel_all(ring->uring, ring->tag);
		while ((ret = spawnpol_collect(ring, &out, 1, 1, 20)) > 0)
			if (out.pidfd >= 0)
				close(out.pidfd);
	}
}

/*
 * In a child of fork(2) the queues are the parent's: they are unmapped, not touched, and
 * the descriptor is closed unless its number is another file's by now. The memory of a
 * registered ring is not in the child at all.
 */
static void uring_abandon(struct spawnpol_ring *ring)
{
	struct stat st;

	if (ring->registered)
		return;
	if (fstat(ring->own.ring_fd, &st) || st.st_dev != ring->dev ||
	    st.st_ino != ring->ino)
		ring->own.ring_fd = -1;
	io_uring_queue_exit(&ring->own);
}

void spawnpol_ring_close(struct spawnpol_ring *ring)
{
	if (!ring)
		return;
	if (ring->wrapped)
		;
	else if (!process_gave(ring->id)) {
		uring_abandon(ring);
	} else if (!ring_usable(ring)) {
		ring_drain(ring);
		uring_exit(ring);
	}
	ring_free(ring);
}

int spawnpol_ring_fd(const struct spawnpol_ring *ring)
{
	if (!process_gave(ring->id))
		return -ESTALE;
	return ring->registered ? -EBADF : ring->uring->ring_fd;
}

int spawnpol_ring_register(struct spawnpol_ring *ring, unsigned int opcode,
			   void *arg, unsigned int nr_args)
{
	int err = ring_usable(ring);

	return err ? err : ring_register(ring_at(ring->uring), opcode, arg,
					 nr_args);
}

int spawnpol_ring_use_links(struct spawnpol_ring *ring, bool on)
{
	int err = ring_usable(ring);

	if (err)
		return err;
	ring->links = on;
	return 0;
}

bool spawnpol_ring_uses_spawn(const struct spawnpol_ring *ring)
{
	return ring->query.op_spawn && !ring->links;
}
