/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of children that are made ahead: spawnpol_pool(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_POOL_H
#define SPAWNPOL_PART_POOL_H

#include "chain.h"
#include "ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A pool: children of a ring that have run the steps of a prefix and wait.
 *
 *	spawnpol_chain_new(&prefix);
 *	spawnpol_chain_setsid(prefix);
 *	spawnpol_pool_new(&pool, ring, prefix, 8, NULL);
 *	spawnpol_pool_fill(pool);
 *	...
 *	spawnpol_chain_new(&chain);
 *	spawnpol_chain_pool(chain, pool);
 *	spawnpol_chain_program(chain, "/usr/bin/id");
 *	spawnpol_submit(ring, &chain, 1);
 *
 * Submit and collect a chain of the pool like any other. The launch uses a child of the
 * pool (a hit) or a new child, which runs the prefix's steps first (a miss). The outcome is
 * the same. A launch is a miss if
 *
 *	- no child waits;
 *	- the child that it takes has ended, or the launcher has changed since that child
 *	  was made;
 *	- the chain cannot be one request;
 *	- the chain has attributes of new children that the prefix does not have, except
 *	  spawnpol_chain_pidfd();
 *	- the kernel has no kept children.
 *
 * The pool has no thread and no timer. When an outcome of one of its chains comes, the pool
 * puts requests for up to two missing children into the SQ, as the library does for the end
 * of a program: see spawnpol_handle_cqe(). They have no outcome, and no call waits for them.
 * Calls on a pool are calls on its ring.
 */
struct spawnpol_pool;

enum spawnpol_pool_flags {
	/*
	 * Run the prefix in one child, which chains never take, and once it waits make
	 * the others as copies of it. Use this for a prefix that costs more than a copy
	 * (namespaces, many steps). A copy leads no session or process group: with
	 * setsid() or setpgid() in the prefix, spawnpol_pool_new() fails with -EINVAL.
	 */
	SPAWNPOL_POOL_COPY	= 1U << 0,
};

struct spawnpol_pool_opts {
	size_t	sz;		/* of this structure: see SPAWNPOL_OPTS() */
	uint32_t flags;		/* SPAWNPOL_POOL_* */
	uint32_t resv;		/* 0 */
	uint64_t keep_ns;	/* how long a child waits before it ends; 0: no limit */
};

/* Children of a pool at most; more than a ring can keep. */
#define SPAWNPOL_MAX_POOL 65536

/*
 * A pool of nr children that do the steps of prefix, and are made as its attributes say,
 * with its files. Nothing is made before spawnpol_pool_fill() or the first outcome. The
 * pool has the chain from here on; the caller does not touch it again. opts can be NULL.
 * Slot, cookie, deadline and spawnpol_chain_need_policy() of prefix are for the requests that
 * make children; each chain of the pool has its own.
 *
 * -EINVAL	nr is 0 or above SPAWNPOL_MAX_POOL; unknown flags; prefix has a program, a
 *		pidfd, chosen pids, spawnpol_chain_exit_status(), what spawnpol_child(3) is
 *		about, or actions on descriptors or by spawnpol_chain_sqe(): those come with
 *		each chain
 * -E2BIG	opts has a member that this library does not know
 * -EBUSY	prefix is in flight
 * -ENOMEM	no memory
 * -ESTALE, -EEXIST as spawnpol_ring_fd() and spawnpol_submit()
 *
 * or what stuck to prefix; the chain is still the caller's then.
 */
int spawnpol_pool_new(struct spawnpol_pool **pool, struct spawnpol_ring *ring,
		      struct spawnpol_chain *prefix, unsigned int nr,
		      const struct spawnpol_pool_opts *opts);

/*
 * Close a pool: end the children that wait, and free the pool when the requests that it
 * has submitted have ended. Before, reset or free the chains of the pool, except for those
 * in flight. Close the ring later. NULL does nothing.
 */
void spawnpol_pool_close(struct spawnpol_pool *pool);

/*
 * Request all children that the pool lacks, without waiting for them. Returns the number
 * of requests. On a wrapped ring the call puts the requests into the SQ, and submits the SQ
 * whenever it is full.
 *
 * -EOPNOTSUPP	the kernel has no kept children, or the ring submits links only
 * -EINPROGRESS, -ESTALE, -EEXIST, and errors of io_uring_enter(2), as spawnpol_submit()
 */
int spawnpol_pool_fill(struct spawnpol_pool *pool);

/*
 * Wait until no child is being made. Returns the number of children that wait for a chain.
 * Outcomes that arrive meanwhile stay for spawnpol_collect(); they do not make the ring's
 * descriptor readable. -EOPNOTSUPP: the ring is a wrapped one.
 */
int spawnpol_pool_wait(struct spawnpol_pool *pool);

struct spawnpol_pool_stats {
	uint64_t hits;		/* launches with a child of the pool */
	uint64_t misses;	/* launches with a new child */
	uint64_t made;		/* children that were made */
	uint64_t failed;	/* requests for a child that failed */
	uint64_t stale;		/* children ended because the launcher had changed */
	uint64_t gone;		/* children that had ended before a chain took them */
	uint32_t waiting;	/* children that wait, as far as the library knows */
	uint32_t making;	/* requests for children that have not completed */
	int32_t	error;		/* of the last failed request, or 0 */
	uint32_t resv;
};

void spawnpol_pool_stats_sized(struct spawnpol_pool *pool,
			       struct spawnpol_pool_stats *stats, size_t size);
static inline void spawnpol_pool_stats(struct spawnpol_pool *pool,
				       struct spawnpol_pool_stats *stats)
{
	spawnpol_pool_stats_sized(pool, stats, sizeof(*stats));
}

/*
 * Let the chain take a child of the pool if possible. Make this call before all others on
 * a new chain, or on a chain after spawnpol_chain_reset(). The chain's first steps are the
 * prefix's, and count in outcomes. The files of spawnpol_chain_files() are added to those
 * of the prefix, and replace files with the same numbers. On a ring other than the pool's
 * every launch is a miss.
 *
 * -EINVAL	pool is NULL, or the chain is not empty: it has steps, a program, files, a
 *		pool, or attributes of its child
 *
 * For such a chain, these calls also fail with -EINVAL: spawnpol_chain_files(), if a number
 * is that of a descriptor that a step of the prefix uses; spawnpol_chain_may_fail(), if the
 * last step is one of the prefix; spawnpol_submit(), if the chain has an attribute of
 * spawnpol_child(3).
 */
int spawnpol_chain_pool(struct spawnpol_chain *chain, struct spawnpol_pool *pool);

#ifdef __cplusplus
}
#endif

#endif
