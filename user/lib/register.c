// SPDX-License-Identifier: LGPL-2.1-or-later
/* io_uring_register(2), on rings with and without a descriptor. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* Linux 6.3; in the headers of liburing since 2.4. */
#define USE_REGISTERED_RING	(1U << 31)

struct ring_at ring_at(const struct io_uring *uring)
{
	/* wrapped rings can have both; the descriptor is good in all threads */
	if (uring->ring_fd >= 0)
		return (struct ring_at) { .fd = uring->ring_fd };
	return (struct ring_at) {
		.fd = uring->enter_ring_fd,
		.registered = true,
	};
}

int ring_register(struct ring_at at, unsigned int opcode, void *arg,
		  unsigned int nr)
{
	int ret;

	if (at.registered)
		opcode |= USE_REGISTERED_RING;
	ret = syscall(__NR_io_uring_register, at.fd, opcode, arg, nr);
	return ret < 0 ? -errno : ret;
}
