/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SPAWNs as the kernel takes them, without the library: in children that wait, in
 * copies of them, and what these are compared with.
 */
#ifndef SPAWNPOL_BENCH_REQUEST_H
#define SPAWNPOL_BENCH_REQUEST_H

#include <liburing.h>
#include <spawnpol.h>

/* A ring as the library's users have it. Gives up without children that wait. */
void request_ring(struct io_uring *ring);
/* Queue a SPAWN. It stays the caller's, and must last until its CQE is there. */
void request_add(struct io_uring *ring, const struct io_uring_spawn *spawn,
		 unsigned int user_data);
/* Let the kernel have all that is queued. */
void request_submit(struct io_uring *ring);
/*
 * Wait for the CQEs of nr of them: results[user_data]. One that has failed ends the
 * benchmark.
 */
void request_wait(struct io_uring *ring, int *results, unsigned int nr);
/* All of that, for one. */
int request_run(struct io_uring *ring, const struct io_uring_spawn *spawn);

/* Makes a child that waits, without files. */
extern const struct io_uring_spawn request_keep;
/* Standard input, output and error, and where programs report. */
uint64_t request_files(void);
/* Makes nr children that wait, and tells their numbers. */
void request_keep_many(struct io_uring *ring, int *numbers, unsigned int nr);
/* Ends a child that waits. */
void request_end(struct io_uring *ring, int number);

#endif
