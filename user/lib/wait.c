// SPDX-License-Identifier: LGPL-2.1-or-later
/* Waiting until a ring has something to collect. */
#include <errno.h>
#include <sys/single_threaded.h>
#include <time.h>

#include "exit_status.h"
#include "internal.h"

/* How long a wait goes on at most without a look at what other threads have done. */
#define LOOK_AGAIN_MS	1000

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

int ring_enter(struct spawnpol_ring *ring, unsigned int nr, int64_t until,
	       const sigset_t *mask)
{
	struct __kernel_timespec ts;
	struct io_uring_getevents_arg arg = {
		.sigmask = (uintptr_t)mask,
		.sigmask_sz = _NSIG / 8,
	};
	unsigned int flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
	int fd = ring->uring->ring_fd;
	int64_t left;

	if (until >= 0) {
		left = until - now_ms();
		if (left < 0)
			left = 0;
		ts.tv_sec = left / 1000;
		ts.tv_nsec = left % 1000 * 1000000;
		arg.ts = (uintptr_t)&ts;
	}
	if (ring->registered) {
		fd = ring->uring->enter_ring_fd;
		flags |= IORING_ENTER_REGISTERED_RING;
	}
	return io_uring_enter2(fd, 0, nr, flags, (void *)&arg, sizeof(arg));
}

/* 0: there is something to wait for. Else what spawnpol_ring_wait() returns. */
static int look(struct spawnpol_ring *ring)
{
	int ret = ring_usable(ring);

	if (ret)
		return ret;
	if (ring->wrapped)
		return -EOPNOTSUPP;
	if (io_uring_cq_ready(ring->uring))
		return 1;
	pthread_mutex_lock(&ring->lock);
	ret = exit_submit(ring);
	if (!ret && ring->stash)
		ret = 1;
	else if (!ret && !ring->outcomes)
		ret = -ECHILD;
	pthread_mutex_unlock(&ring->lock);
	return ret;
}

/*
 * Can another thread collect in between the look and the system call? The kernel wakes
 * for what comes after the call only, and that could be nothing.
 */
static bool others_may_collect(const struct spawnpol_ring *ring)
{
	return !__libc_single_threaded && !ring->registered &&
	       !(ring->uring->flags & IORING_SETUP_SINGLE_ISSUER);
}

static int64_t next_look(int64_t until)
{
	int64_t look_at = now_ms() + LOOK_AGAIN_MS;

	return until < 0 || until > look_at ? look_at : until;
}

/*
 * No lock can be held while the thread sleeps, for a signal handler may leave by
 * longjmp(3). Where the wait has timed out there was no handler. In all other cases the
 * ring may not be ours any more.
 */
int spawnpol_ring_wait(struct spawnpol_ring *ring, int timeout_ms,
		       const sigset_t *mask)
{
	int64_t until = timeout_ms < 0 ? -1 : now_ms() + timeout_ms, end;
	int ret;

	do {
		ret = look(ring);
		if (ret)
			return ret;
		end = others_may_collect(ring) ? next_look(until) : until;
		ret = ring_enter(ring, 1, end, mask);
	} while (ret == -ETIME && end != until);
	return ret == -ETIME ? 0 : ret < 0 ? ret : 1;
}
