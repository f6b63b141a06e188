/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests of the library without a kernel: a ring of plain memory that no
 * kernel knows, chains on it, and CQEs made up for them.
 */
#ifndef SPAWNPOL_TESTS_FAKE_RING_H
#define SPAWNPOL_TESTS_FAKE_RING_H

#include "tap.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define ENTRIES	32
#define TAG	0xabcd

struct fake {
	struct io_uring uring;
	struct io_uring_sqe sqes[ENTRIES];
	unsigned int array[ENTRIES];
	unsigned int head, tail, kflags;
	struct spawnpol_ring *ring;
};

static inline void fake_init(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	f->uring.ring_fd = f->uring.enter_ring_fd = -1;
	f->uring.sq.khead = &f->head;
	f->uring.sq.ktail = &f->tail;
	f->uring.sq.kflags = &f->kflags;
	f->uring.sq.array = f->array;
	f->uring.sq.sqes = f->sqes;
	f->uring.sq.ring_entries = ENTRIES;
	f->uring.sq.ring_mask = ENTRIES - 1;
	CHECK_OK(ring_init(&f->ring, &f->uring, TAG));
}

static inline struct spawnpol_chain *new_chain(const char *program)
{
	struct spawnpol_chain *chain;

	CHECK_OK(spawnpol_chain_new(&chain));
	if (program)
		CHECK_OK(spawnpol_chain_program(chain, program));
	return chain;
}

static inline void queue(struct fake *f, struct spawnpol_chain *chain)
{
	CHECK_EQ(spawnpol_queue(f->ring, &chain, 1), 1);
}

static inline int cqe_flags(struct fake *f, struct spawnpol_chain *chain, int index,
		     int res, unsigned int flags, struct spawnpol_outcome *out)
{
	struct io_uring_cqe cqe = {
		.user_data = (uint64_t)TAG << 48 | (uintptr_t)chain | index,
		.res = res,
		.flags = flags,
	};

	return spawnpol_handle_cqe(f->ring, &cqe, out);
}

static inline int cqe(struct fake *f, struct spawnpol_chain *chain, int index, int res,
	       struct spawnpol_outcome *out)
{
	return cqe_flags(f, chain, index, res, 0, out);
}

#endif
