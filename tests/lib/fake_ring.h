/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests of the library without a kernel: a ring of plain memory that no
 * kernel knows, chains on it, and CQEs made up for them. The kernel that the
 * library asks is a structure, with numbers that no kernel has:
 *
 *	fake_kernel.query.op_exec = 81;
 *	fake_kernel.known = 64;		bytes of it
 *
 * Included by one file of a test program only.
 */
#ifndef SPAWNPOL_TESTS_FAKE_RING_H
#define SPAWNPOL_TESTS_FAKE_RING_H

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#define ENTRIES	32
#define TAG	0xabcd

/* --- the kernel ------------------------------------------------------------ */

enum { FAKE_CLONE = 80, FAKE_EXEC = 81, FAKE_CHILD = 82 };

static struct {
	struct io_uring_spawn_query query;
	size_t known;		/* bytes of the query, or more than it has */
	int error;		/* instead of an answer */
	unsigned int abi_1;	/* answers as ABI 1: this, where the size is */
	unsigned int asked;
	unsigned int cancelled;	/* by IORING_REGISTER_SYNC_CANCEL */
	bool all_rings;		/* also rings that exist are of this kernel */
} fake_kernel = {
	.query = {
		.abi = IORING_SPAWN_ABI,
		.nr_slots = IORING_SPAWN_SLOTS,
		.op_clone = FAKE_CLONE,
		.op_exec = FAKE_EXEC,
		.op_child = FAKE_CHILD,
		.exec_ioprio = IORING_EXEC_SEARCH,
	},
	.known = sizeof(struct io_uring_spawn_query),
};

/* As the header says: at most so many bytes as are known, and zeroes after them. */
static inline void fake_answer(struct io_uring_spawn_query *to)
{
	size_t size = to->size, known = fake_kernel.known;

	memset(to, 0, size);
	if (known > size)
		known = size;
	memcpy(to, &fake_kernel.query,
	       known < sizeof(*to) ? known : sizeof(*to));
	to->size = known;
}

/*
 * In the place of the library's register.c; rings that exist ask their kernel, unless
 * the test says otherwise.
 */
struct ring_at ring_at(const struct io_uring *uring)
{
	return (struct ring_at){ .fd = uring->ring_fd };
}

int ring_register(struct ring_at at, unsigned int opcode, void *arg,
		  unsigned int nr)
{
	if (at.fd >= 0 && !fake_kernel.all_rings) {
		int ret = syscall(__NR_io_uring_register, at.fd, opcode, arg, nr);

		return ret < 0 ? -errno : ret;
	}
	if (opcode == IORING_REGISTER_SYNC_CANCEL) {
		/* Linux: addr, fd, flags, timeout, and then the opcode */
		CHECK_EQ(((const uint8_t *)arg)[32], fake_kernel.query.op_spawn);
		fake_kernel.cancelled++;
		return 0;
	}
	CHECK_EQ(opcode, SPAWNPOL_REGISTER_SPAWN_QUERY);
	CHECK_EQ(nr, 1);
	fake_kernel.asked++;
	if (fake_kernel.error)
		return fake_kernel.error;
	if (fake_kernel.abi_1) {
		/* it knows of no size and writes all that it has */
		memset(arg, 0xff, 200);
		memcpy(arg, &fake_kernel.abi_1, sizeof(fake_kernel.abi_1));
		return 0;
	}
	CHECK_GE(*(uint32_t *)arg, 8);
	fake_answer(arg);
	return 0;
}

/* --- the ring -------------------------------------------------------------- */

struct fake {
	struct io_uring uring;
	struct io_uring_sqe sqes[ENTRIES];
	unsigned int array[ENTRIES];
	unsigned int head, tail, kflags;
	struct io_uring_cqe cqes[ENTRIES];
	unsigned int cq_head, cq_tail;
	struct spawnpol_ring *ring;
};

static inline int fake_wrap(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	f->uring.ring_fd = f->uring.enter_ring_fd = -1;
	f->uring.features = SPAWNPOL_FEAT_SPAWN;
	f->uring.sq.khead = &f->head;
	f->uring.sq.ktail = &f->tail;
	f->uring.sq.kflags = &f->kflags;
	f->uring.sq.array = f->array;
	f->uring.sq.sqes = f->sqes;
	f->uring.sq.ring_entries = ENTRIES;
	f->uring.sq.ring_mask = ENTRIES - 1;
	f->uring.cq.khead = &f->cq_head;
	f->uring.cq.ktail = &f->cq_tail;
	f->uring.cq.cqes = f->cqes;
	f->uring.cq.ring_entries = ENTRIES;
	f->uring.cq.ring_mask = ENTRIES - 1;
	return spawnpol_ring_wrap(&f->ring, &f->uring, TAG);
}

static inline void fake_init(struct fake *f)
{
	CHECK_OK(fake_wrap(f));
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

/* A CQE in the CQ, for calls that look there, which they do on no wrapped ring. */
static inline void fake_post(struct fake *f, uint64_t user_data, int res)
{
	f->cqes[f->cq_tail++ % ENTRIES] = (struct io_uring_cqe) {
		.user_data = user_data,
		.res = res,
	};
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
