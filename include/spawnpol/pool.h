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
 * Children of a ring that wait with the steps of a prefix done:
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
 * A chain of the pool is submitted and collected as any other, and has the same outcome
 * with a child of the pool (a hit) as with a new one, which runs the prefix's steps first
 * (a miss): if none waits, if the one that was taken has ended or the launcher has changed
 * since it was made, if the chain cannot be one request, or says of how a child is made
 * what the prefix does not (but for spawnpol_chain_pidfd()), and on kernels without kept
 * children.
 *
 * The pool has no thread and no timer. When the outcome of one of its chains comes, it
 * asks the kernel for up to two children that it lacks, by requests that are in the SQ
 * afterwards as those for the end of a program are: see spawnpol_handle_cqe(). They have
 * no outcome, and nobody waits for them. Calls on a pool are calls on its ring.
 */
struct spawnpol_pool;

enum spawnpol_pool_flags {
	/*
	 * Run the prefix in a child that is never taken, and make the others as copies of it
	 * once it is there: for a prefix that costs more than a copy (namespaces, many
	 * steps). A copy leads no session or process group: no setsid() or setpgid().
	 */
	SPAWNPOL_POOL_COPY	= 1U << 0,
};

struct spawnpol_pool_opts {
	size_t	sz;		/* of this structure: see SPAWNPOL_OPTS() */
	uint32_t flags;		/* SPAWNPOL_POOL_* */
	uint32_t resv;		/* 0 */
	uint64_t keep_ns;	/* a child that waits for so long ends; 0: none does */
};

/* Children that one pool can have: more than a ring can keep. */
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
 * End the children that wait and free the pool, as soon as what it has asked the kernel for
 * has ended. Chains of the pool must have been reset or freed, or be in flight; the
 * ring is closed later. NULL does nothing.
 */
void spawnpol_pool_close(struct spawnpol_pool *pool);

/*
 * Ask for all children that the pool lacks, and do not wait for them. Returns for how
 * many. On a wrapped ring the requests are put into the SQ, which is submitted whenever it
 * is full.
 *
 * -EOPNOTSUPP	the kernel has no kept children, or the ring submits links only
 * -EINPROGRESS, -ESTALE, -EEXIST, and errors of io_uring_enter(2), as spawnpol_submit()
 */
int spawnpol_pool_fill(struct spawnpol_pool *pool);

/*
 * Wait until no child is being made. Returns how many wait for a chain. Outcomes that come
 * meanwhile are there for spawnpol_collect(), and the ring's descriptor is not readable for
 * them. -EOPNOTSUPP: the ring is a wrapped one.
 */
int spawnpol_pool_wait(struct spawnpol_pool *pool);

struct spawnpol_pool_stats {
	uint64_t hits;		/* launches with a child that had been made ahead */
	uint64_t misses;	/* launches without */
	uint64_t made;		/* children */
	uint64_t failed;	/* requests to make one */
	uint64_t stale;		/* children that were ended because the launcher had changed */
	uint64_t gone;		/* children that had ended when they were to be taken */
	uint32_t waiting;	/* children now, for all the library knows */
	uint32_t making;	/* ... and requests */
	int32_t	error;		/* of the last request that failed, or 0 */
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
 * The chain takes a child of the pool where it can. This goes before all other calls on a
 * new chain, or one that was reset: its first steps are the prefix's, and count in
 * outcomes. The files of spawnpol_chain_files() are in addition to those of the prefix,
 * and in place of what has their numbers. On another ring than the pool's every launch is
 * a miss.
 *
 * -EINVAL	pool is NULL, or the chain is not empty: it has steps, a program, files, a
 *		pool, or says how its child is made. spawnpol_chain_files(): a number is
 *		that of a descriptor that a step of the prefix uses. spawnpol_chain_may_fail():
 *		the last step is one of the prefix. spawnpol_submit(): what spawnpol_child(3)
 *		is about
 */
int spawnpol_chain_pool(struct spawnpol_chain *chain, struct spawnpol_pool *pool);

#ifdef __cplusplus
}
#endif

#endif
