/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of a ring was used so far, as the kernel tells it. */
#ifndef SPAWNPOL_BENCH_RING_USE_H
#define SPAWNPOL_BENCH_RING_USE_H

struct ring_use {
	unsigned int sqes;	/* taken by the kernel */
	unsigned int cqes;	/* posted by it */
};

/* Gives up if /proc/self/fdinfo does not tell. */
void ring_use(int ring_fd, struct ring_use *use);

#endif
