/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pools: pool_make.c makes children and ends them, pool_take.c has what chains do with them,
 * pool.c what the caller does with a pool. All functions need ring->lock held, unless their
 * description says otherwise.
 */
#ifndef SPAWNPOL_POOL_H
#define SPAWNPOL_POOL_H

#include <stdatomic.h>

#include "internal.h"

enum slot_state {
	SLOT_EMPTY,
	SLOT_MAKING,		/* the request is in flight */
	SLOT_WAITING,
	SLOT_TAKEN,		/* by a chain in flight */
};

/*
 * One child, and the request that makes it. Aligned as chains are: its address is the
 * request's user_data, by which the child can be ended, too.
 */
struct pool_slot {
	_Alignas(CHAIN_ALIGN) struct io_uring_spawn arg;
	struct spawnpol_pool *pool;
	struct pool_slot *next;		/* of pool->empty or pool->waiting */
	enum slot_state state;
	int child;
};

struct spawnpol_pool {
	struct spawnpol_ring *ring;
	struct spawnpol_chain *prefix;
	uint64_t keep_ns;
	struct pool_slot *slots;
	unsigned int nr;		/* of slots, the model's included */
	struct pool_slot *model;	/* what others are copies of, or NULL */
	struct pool_slot *empty, *waiting;
	struct spawnpol_pool_stats stats;
	unsigned int busy;		/* chains in flight */
	unsigned int ended;		/* children that the kernel may count, still */
	bool filled;			/* the prefix, as a request */
	bool closing;			/* to go once nothing is in flight ... */
	bool gone;			/* ... and that is so */
	/* the caller's, and each chain's, which has the prefix's paths: without the lock */
	atomic_uint refs;
};

/* pool_make.c */
/* Are children made at all? */
bool pool_can_make(const struct spawnpol_pool *pool);
/* Ask for so many children at most. How many that were. */
unsigned int pool_refill(struct spawnpol_pool *pool, unsigned int most);
/* The request of a slot has ended. */
void pool_made(struct pool_slot *slot, int res);
/* It has no child any more. */
void pool_empty(struct pool_slot *slot);
/* The launcher is not what it was when the slot's child was made. */
void pool_stale(struct pool_slot *slot);
/* Its child ends if it waits, as does what is making one. */
void pool_end_child(struct pool_slot *slot);

/* pool.c */
/* The pool goes if it is closed, and nothing is in flight. */
void pool_put(struct spawnpol_pool *pool);
/* One reference less. pool can be a null pointer. */
void pool_unref(struct spawnpol_pool *pool);

/* pool_take.c */
/* -EINVAL: the chain says something about kept children itself. */
int pool_check(const struct spawnpol_chain *chain);
/* The files of a chain of a pool. */
int pool_files(struct spawnpol_chain *chain, const struct io_uring_clone_file *files,
	       size_t nr);
/* Are there chains that could have a child if one looked what has come? */
bool pool_is_expected(const struct spawnpol_ring *ring,
		      struct spawnpol_chain *const chains[], unsigned int nr);
/* The chain goes into the SQ: with a child, if one waits. */
void pool_take(struct spawnpol_ring *ring, struct spawnpol_chain *chain);
/* It has been taken out again. */
void pool_give_back(struct spawnpol_ring *ring, struct spawnpol_chain *chain);
/* Its one request is for the child that was taken. */
void pool_fill_hit(struct spawnpol_chain *chain, struct io_uring_spawn *arg);
/* Has the child been of no use, so that the chain is to be submitted again, without? */
bool pool_again(struct spawnpol_ring *ring, struct spawnpol_chain *chain);
/* The outcome of the launch has come. */
void pool_outcome(struct spawnpol_ring *ring, struct spawnpol_chain *chain);

#endif
