/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which process is this? A ring, and a chain in flight, belong to the process that
 * made or submitted it; a child of fork(2) has copies of the structures, but neither
 * the kernel's task that is served nor, in general, the memory of the queues.
 *
 * Processes are told apart by a generation: a number in a page that the kernel gives to
 * copies of the memory empty (MADV_WIPEONFORK). That sees every kind of fork, those that
 * run no handler of pthread_atfork(3) included, and costs a load in each call.
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
