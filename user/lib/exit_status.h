/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for the ends of programs, by IORING_OP_WAITID on the ring that launched them.
 * All functions need ring->lock held.
 */
#ifndef SPAWNPOL_EXIT_STATUS_H
#define SPAWNPOL_EXIT_STATUS_H

#include "internal.h"

/* The program of the chain runs, and its end is another outcome: wait for it. */
void exit_wait(struct spawnpol_ring *ring, struct spawnpol_chain *chain);

/*
 * The request has ended with res. A thread that ends takes its requests along: if that
 * may be why, wait again in this thread. Whether it does.
 */
bool exit_wait_again(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
		     int res);

/*
 * An entry of the SQ for a request of the library's own. NULL: there is no place, or it
 * would be a part of the caller's link.
 */
struct io_uring_sqe *exit_sqe(struct spawnpol_ring *ring);

/* Put the request that the chain waits for into the SQ, now or later. */
void exit_put(struct spawnpol_ring *ring, struct spawnpol_chain *chain);

/* Put requests into the SQ for which there was no place. */
void exit_retry(struct spawnpol_ring *ring);

/*
 * Give the kernel all requests that are to be submitted. Those that it does not take
 * stay, for the next time.
 */
int exit_submit(struct spawnpol_ring *ring);

/* Stop waiting for the end of the chain's program. -EAGAIN: no room in the SQ. */
int exit_cancel(struct spawnpol_ring *ring, struct spawnpol_chain *chain);

/* From the result of the request to the outcome. */
void exit_outcome(const struct spawnpol_chain *chain, int res,
		  struct spawnpol_outcome *out);

#endif
