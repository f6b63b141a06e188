/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of IORING_OP_BPF: attached to rings, and the requests that run them. */
#ifndef SPAWNPOL_BENCH_ACTOR_PROGRAM_H
#define SPAWNPOL_BENCH_ACTOR_PROGRAM_H

#include <liburing.h>
#include <stdint.h>

#define ACTOR_ARGS	4

/*
 * SINGLE_ISSUER and DEFER_TASKRUN, and known to the kernel by its registered number;
 * with room for so many requests, and CQEs. Gives up without IORING_OP_BPF.
 */
void actor_ring(struct io_uring *ring, unsigned int entries, unsigned int cqes);
/*
 * Load a program of an object below the build directory ("bench/actor"), and put it into
 * slot 0 of the ring, where it stays as long as this process. program NULL: the only one.
 */
void actor_attach(struct io_uring *ring, const char *object, const char *program);
/* Queue the request that runs the program of slot 0. */
void actor_add(struct io_uring *ring, const uint64_t args[ACTOR_ARGS]);
/* What the actors of a ring have in flight, as the kernel tells it in fdinfo. */
unsigned int actor_in_flight(const struct io_uring *ring);
/* Submit what is queued, wait for one CQE, and tell its result. */
int actor_wait_one(struct io_uring *ring);

#endif
