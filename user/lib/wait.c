// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sleeping until a ring has something to tell. */
#include <errno.h>
#include <time.h>

#include "internal.h"

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

int spawnpol_ring_wait(struct spawnpol_ring *ring, int timeout_ms,
		       const sigset_t *mask)
{
	int64_t until = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	int ret = ring_usable(ring);
	unsigned int left;

	if (ret)
		return ret;
	if (ring->wrapped)
		return -EOPNOTSUPP;
	if (io_uring_cq_ready(ring->uring))
		return 1;
	pthread_mutex_lock(&ring->lock);
	left = ring->outcomes;
	pthread_mutex_unlock(&ring->lock);
	if (!left)
		return -ECHILD;
	/* nothing of the ring is touched after this: it may not be ours any more */
	ret = ring_enter(ring, 1, until, mask);
	return ret == -ETIME ? 0 : ret < 0 ? ret : 1;
}
