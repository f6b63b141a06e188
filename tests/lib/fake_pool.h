/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pools on a ring that no kernel knows, for tests of the library: what is put into the
 * SQ, and answers of the kernel to that.
 *
 *	begin(1);
 *	CHECK_EQ(spawnpol_pool_fill(pool), 1);
 *	make(9);
 *	queue(&fake, chain());
 *	CHECK_EQ(answer(taken(), 55, 1, &out), SPAWNPOL_CQE_OUTCOME);
 *
 * Included by one file of a test program only.
 */
#ifndef SPAWNPOL_TESTS_FAKE_POOL_H
#define SPAWNPOL_TESTS_FAKE_POOL_H

#include "fake_ring.h"

static struct fake fake;
static struct spawnpol_pool *pool;
static unsigned int next;	/* in the SQ */

static inline struct spawnpol_chain *prefix(void)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_setsid(c));
	CHECK_OK(spawnpol_chain_umask(c, 027));
	return c;
}

/* Copies cannot lead a session. */
static inline struct spawnpol_chain *prefix_for_copies(void)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_umask(c, 027));
	return c;
}

static inline void begin_with(struct spawnpol_chain *c, unsigned int nr, unsigned int flags)
{
	SPAWNPOL_OPTS(spawnpol_pool_opts, opts, .flags = flags, .keep_ns = 7);

	fake_kernel.query.op_spawn = 83;
	fake_kernel.query.max_spawn = 512 << 10;
	fake_kernel.query.spawn_flags = IORING_SPAWN_FILES | IORING_SPAWN_KEEP;
	fake_init(&fake);
	next = 0;
	CHECK_OK(spawnpol_pool_new(&pool, fake.ring, c, nr, &opts));
}

static inline void begin(unsigned int nr)
{
	begin_with(prefix(), nr, 0);
}

static inline struct spawnpol_pool_stats stats(void)
{
	struct spawnpol_pool_stats s;

	spawnpol_pool_stats(pool, &s);
	return s;
}

static inline unsigned int nr_queued(void)
{
	return fake.uring.sq.sqe_tail - next;
}

/* The next request in the SQ, which the kernel takes. */
static inline const struct io_uring_sqe *taken(void)
{
	CHECK(nr_queued());
	fake.head = next + 1;
	return &fake.sqes[next++ % ENTRIES];
}

static inline const struct io_uring_spawn *said(const struct io_uring_sqe *sqe)
{
	CHECK_EQ(sqe->opcode, 83);
	return (void *)(uintptr_t)sqe->addr;
}

static inline int answer(const struct io_uring_sqe *sqe, int res, unsigned int step,
			 struct spawnpol_outcome *out)
{
	struct io_uring_cqe cqe = {
		.user_data = sqe->user_data,
		.res = res,
		.flags = step << IORING_SPAWN_STEP_SHIFT,
	};

	return spawnpol_handle_cqe(fake.ring, &cqe, out);
}

/* A child of the pool is there, under this number. */
static inline void make(int number)
{
	struct spawnpol_outcome out;

	CHECK_EQ(answer(taken(), number, 0, &out), SPAWNPOL_CQE_TAKEN);
}

static inline struct spawnpol_chain *chain(void)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_pool(c, pool));
	CHECK_OK(spawnpol_chain_nice(c, 3));
	CHECK_OK(spawnpol_chain_program(c, "/bin/x"));
	return c;
}

/* A pool of one child, number 9, and a chain in the SQ that has taken it. */
static inline struct spawnpol_chain *begin_hit(void)
{
	struct spawnpol_chain *c;

	begin(1);
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	make(9);
	c = chain();
	queue(&fake, c);
	return c;
}

static inline uint64_t step_of(const struct io_uring_spawn *arg, unsigned int nr)
{
	return ((struct io_uring_spawn_step *)(uintptr_t)arg->steps)[nr].cmd;
}

#endif
