// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pools: chains that take children from them. */
#include <errno.h>
#include <string.h>

#include "exit_status.h"
#include "pool.h"

/* Children asked for after each launch: more than are taken, so that a pool gets full. */
#define REFILL	2

/* --- building ---------------------------------------------------------------------- */

static bool is_empty(const struct spawnpol_chain *chain)
{
	return !chain->actions.nr && !chain_nr_programs(chain) && !chain->files &&
	       !chain->pooled.pool && args_are_plain(&chain->args);
}

/* The prefix's steps, whose strings stay where they are. */
static int add_prefix(struct spawnpol_chain *chain, const struct spawnpol_chain *prefix)
{
	const unsigned int nr = prefix->actions.nr;

	if (!chain_steps_room(chain, &chain->actions, nr))
		return chain->error;
	if (nr)
		memcpy(chain->actions.v, prefix->actions.v, nr * sizeof(struct step));
	chain->actions.nr = nr;
	chain->step_paths = prefix->step_paths;
	return 0;
}

int spawnpol_chain_pool(struct spawnpol_chain *chain, struct spawnpol_pool *pool)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (!pool || !is_empty(chain))
		return chain_fail(chain, -EINVAL);
	err = add_prefix(chain, pool->prefix);
	if (err)
		return err;
	chain->args = pool->prefix->args;
	atomic_fetch_add(&pool->refs, 1);
	chain->pooled.pool = pool;
	chain->pooled.prefix = pool->prefix->actions.nr;
	err = pool_files(chain, NULL, 0);
	/* it says nothing about files yet */
	chain->pooled.own = NULL;
	return err;
}

/* Whether fd of a step is a descriptor, rather than a field that it has no use for. */
static bool has_descriptor(const struct io_uring_sqe *sqe)
{
	switch (sqe->len) {
	case IORING_CHILD_DUP:
	case IORING_CHILD_CHDIR:
	case IORING_CHILD_FCHDIR:
	case IORING_CHILD_OPEN:
	case IORING_CHILD_CLOSE_RANGE:
	case IORING_CHILD_CHROOT:
	case IORING_CHILD_TCSETPGRP:
	case IORING_CHILD_LANDLOCK:
	case IORING_CHILD_SETNS:
		return !(sqe->flags & IOSQE_FIXED_FILE);
	default:
		return false;
	}
}

/* Would the prefix's steps find another file under this number in a new child? */
static bool is_used(const struct spawnpol_chain *chain, unsigned int number)
{
	for (unsigned int i = 0; i < chain->pooled.prefix; i++) {
		const struct io_uring_sqe *sqe = &chain->actions.v[i].sqe;

		if (sqe->fd == (int)number && has_descriptor(sqe))
			return true;
	}
	return false;
}

static bool is_listed(const struct io_uring_clone_files *list, unsigned int number)
{
	for (unsigned int i = 0; i < list->nr; i++)
		if (list->files[i].number == number)
			return true;
	return false;
}

static struct io_uring_clone_files *new_list(struct spawnpol_chain *chain,
					     const struct io_uring_clone_file *files,
					     size_t nr, size_t room)
{
	struct io_uring_clone_files *list;

	list = chain_room(chain, sizeof(*list) + (nr + room) * sizeof(*files));
	if (!list)
		return NULL;
	*list = (struct io_uring_clone_files) { .nr = nr };
	if (nr)
		memcpy(list->files, files, nr * sizeof(*files));
	return list;
}

/* One list for a child that has the prefix's files, and one for a child that has none. */
int pool_files(struct spawnpol_chain *chain, const struct io_uring_clone_file *files,
	       size_t nr)
{
	const struct io_uring_clone_files *have = chain->pooled.pool->prefix->files;
	struct io_uring_clone_files *own, *all;

	if (have && nr + have->nr > SPAWNPOL_MAX_FILES)
		return chain_fail(chain, -E2BIG);
	for (size_t i = 0; i < nr; i++)
		if (is_used(chain, files[i].number))
			return chain_fail(chain, -EINVAL);
	own = new_list(chain, files, nr, 0);
	all = own ? new_list(chain, files, nr, have ? have->nr : 0) : NULL;
	if (!all)
		return chain->error;
	for (unsigned int i = 0; have && i < have->nr; i++)
		if (!is_listed(own, have->files[i].number))
			all->files[all->nr++] = have->files[i];
	chain->pooled.own = own;
	chain->files = all;
	return 0;
}

int pool_check(const struct spawnpol_chain *chain)
{
	return kept_is_said(&chain->kept) ? -EINVAL : 0;
}

/* --- taking ------------------------------------------------------------------------ */

/* Its pool, if that is one of this ring. */
static struct spawnpol_pool *pool_of(const struct spawnpol_ring *ring,
				     const struct spawnpol_chain *chain)
{
	struct spawnpol_pool *pool = chain->pooled.pool;

	return pool && pool->ring == ring ? pool : NULL;
}

bool pool_is_expected(const struct spawnpol_ring *ring,
		      struct spawnpol_chain *const chains[], unsigned int nr)
{
	const struct spawnpol_pool *pool;

	for (unsigned int i = 0; i < nr && ring->making; i++) {
		pool = chain_is_busy(chains[i]) ? NULL : pool_of(ring, chains[i]);
		/* all nr can be chains of this pool */
		if (pool && pool->stats.waiting < nr && pool->stats.making)
			return true;
	}
	return false;
}

/* Is a child of the pool made as the chain's is to be? */
static bool is_alike(const struct spawnpol_pool *pool, const struct spawnpol_chain *chain)
{
	struct clone_args args = chain->args;

	args.flags &= ~(uint64_t)CLONE_PIDFD;
	args.pidfd = 0;
	return !memcmp(&args, &pool->prefix->args, sizeof(args));
}

void pool_take(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct spawnpol_pool *pool = pool_of(ring, chain);
	struct pool_slot *slot;

	chain->pooled.slot = NULL;
	if (!pool)
		return;
	pool->busy++;
	slot = chain->whole.used && is_alike(pool, chain) ? pool->waiting : NULL;
	if (!slot) {
		pool->stats.misses++;
		return;
	}
	pool->waiting = slot->next;
	pool->stats.waiting--;
	slot->state = SLOT_TAKEN;
	chain->pooled.slot = slot;
}

void pool_give_back(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct spawnpol_pool *pool = pool_of(ring, chain);
	struct pool_slot *slot = chain->pooled.slot;

	if (!pool)
		return;
	pool->busy--;
	if (!slot) {
		pool->stats.misses--;
		return;
	}
	slot->state = SLOT_WAITING;
	slot->next = pool->waiting;
	pool->waiting = slot;
	pool->stats.waiting++;
	chain->pooled.slot = NULL;
}

void pool_fill_hit(struct spawnpol_chain *chain, struct io_uring_spawn *arg)
{
	kept_fill_child(chain, arg, chain->pooled.slot->child);
	arg->nr_steps -= chain->pooled.prefix;
	arg->steps += chain->pooled.prefix * sizeof(struct io_uring_spawn_step);
	arg->files = (uintptr_t)chain->pooled.own;
	if (!chain->pooled.own)
		arg->flags &= ~IORING_SPAWN_FILES;
	chain->whole.skipped = chain->pooled.prefix;
}

/* --- its end ----------------------------------------------------------------------- */

/* Why the chain has not got to the child, or 0. */
static int refusal(const struct story *s)
{
	return s->ran < 0 && s->failed < 0 && s->error == -ECANCELED ? s->clone_res : 0;
}

bool pool_again(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct pool_slot *slot = chain->pooled.slot;

	if (!slot)
		return false;
	switch (refusal(&chain->story)) {
	case -ESTALE:
		pool_stale(slot);
		break;
	case -ESRCH:
	/* somebody has used its number */
	case -EBUSY:
		slot->pool->stats.gone++;
		pool_end_child(slot);
		pool_empty(slot);
		break;
	default:
		return false;
	}
	chain->pooled.slot = NULL;
	slot->pool->stats.misses++;
	if (chain->story.given_up || ring->closing) {
		/* what happened to the child is not what has ended the chain */
		chain->story.clone_res = -ECANCELED;
		return false;
	}
	story_begin(chain);
	chain->story.afresh = true;
	ring->pending += chain->story.pending;
	exit_put(ring, chain);
	return true;
}

void pool_outcome(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct spawnpol_pool *pool = pool_of(ring, chain);

	if (!pool)
		return;
	if (chain->pooled.slot) {
		/* without a program: it may not have got there, and the child waits on */
		if (chain->story.ran < 0)
			pool_end_child(chain->pooled.slot);
		if (!refusal(&chain->story))
			pool->stats.hits++;
		pool_empty(chain->pooled.slot);
		chain->pooled.slot = NULL;
	}
	pool->busy--;
	pool_refill(pool, REFILL);
	pool_put(pool);
}
