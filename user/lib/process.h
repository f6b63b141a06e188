/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which process is this? A ring belongs to the process that made it, a chain in flight
 * to the one that submitted it. A child of fork(2) has copies of the structures, but
 * neither the task that the kernel serves nor, in general, the memory of the queues.
 *
 * A generation tells processes apart: a number in a page that the kernel clears in
 * copies of the memory (MADV_WIPEONFORK). This works for every kind of fork, also those
 * that run no handler of pthread_atfork(3), and costs one load in each call.
 */
#ifndef SPAWNPOL_PROCESS_H
#define SPAWNPOL_PROCESS_H

#include <stdatomic.h>
#include <stdint.h>

extern _Atomic(atomic_uint *) process_page;

/* This process's generation, never 0; 0 if it has none. */
static inline uint32_t process_generation(void)
{
	atomic_uint *page = atomic_load_explicit(&process_page,
						 memory_order_acquire);

	return page ? atomic_load_explicit(page, memory_order_relaxed) : 0;
}

/*
 * The identity of a new ring: the generation in the upper half, given to this process
 * if it has none, and a serial number. It never comes again. -ENOMEM: no memory.
 */
int process_new_id(uint64_t *id);

/* Was this identity given by this process? */
static inline int process_gave(uint64_t id)
{
	return id >> 32 == process_generation();
}

#endif
