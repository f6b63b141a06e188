// SPDX-License-Identifier: LGPL-2.1-or-later
/* Chains for kept children. */
#include <errno.h>

#include "internal.h"
#include "pool.h"
#include "whole.h"

/* --- building ---------------------------------------------------------------------- */

int spawnpol_chain_keep(struct spawnpol_chain *chain, bool on)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	chain->kept.keep = on;
	return 0;
}

int spawnpol_chain_keep_time(struct spawnpol_chain *chain, uint64_t ns)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	chain->kept.ns = ns;
	return 0;
}

static int set_child(struct spawnpol_chain *chain, int child, bool copy)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (child < 0)
		return chain_fail(chain, -EINVAL);
	chain->kept.child = child;
	chain->kept.copy = child && copy;
	return 0;
}

int spawnpol_chain_in_child(struct spawnpol_chain *chain, int child)
{
	return set_child(chain, child, false);
}

int spawnpol_chain_copy_of(struct spawnpol_chain *chain, int child)
{
	return set_child(chain, child, true);
}

/* --- submitting -------------------------------------------------------------------- */

/* A child that is there is what it is. */
static bool asks_for_new_child(const struct spawnpol_chain *chain)
{
	struct clone_args args = chain->args;

	if (!chain->kept.copy) {
		args.flags &= ~(uint64_t)CLONE_PIDFD;
		args.pidfd = 0;
	}
	return !args_are_plain(&args);
}

/* As one request, or as links. */
static bool knows_kept(const struct spawnpol_ring *ring,
		       const struct spawnpol_chain *chain)
{
	return chain_is_whole(ring, chain) ?
	       ring->query.spawn_flags & IORING_SPAWN_KEEP :
	       ring->query.sqe_clone_flags & IORING_CLONE_KEEP;
}

int kept_check(const struct spawnpol_ring *ring, const struct spawnpol_chain *chain)
{
	const struct kept *kept = &chain->kept;

	if (chain->pooled.pool)
		return pool_check(chain);
	if (!kept->keep && !kept->child)
		return 0;
	if (kept->child && asks_for_new_child(chain))
		return -EINVAL;
	if (kept->keep && chain_nr_programs(chain) && (!kept->child || kept->copy))
		return -EINVAL;
	return knows_kept(ring, chain) ? 0 : -EOPNOTSUPP;
}

/* All that can be asked of a child that is there is a descriptor. */
static void fill_args(struct spawnpol_chain *chain, __u64 *args, __u32 *size)
{
	*args = *size = 0;
	if (chain->kept.copy || !(chain->args.flags & CLONE_PIDFD))
		return;
	chain->whole.args = (struct clone_args) {
		.flags = CLONE_PIDFD,
		.pidfd = chain->args.pidfd,
	};
	*args = (uintptr_t)&chain->whole.args;
	*size = sizeof(chain->whole.args);
}

void kept_fill_child(struct spawnpol_chain *chain, struct io_uring_spawn *arg, int child)
{
	arg->child = child;
	arg->flags |= chain->kept.copy ? IORING_SPAWN_COPY : IORING_SPAWN_CHILD;
	fill_args(chain, &arg->clone_args, &arg->clone_args_size);
}

void kept_fill(struct spawnpol_chain *chain, struct io_uring_spawn *arg)
{
	const struct kept *kept = &chain->kept;

	if (kept->child)
		kept_fill_child(chain, arg, kept->child);
	if (!kept->keep)
		return;
	arg->flags |= IORING_SPAWN_KEEP;
	arg->keep_ns = kept->ns;
	/* the kernel keeps no copy of a whole table */
	if (!kept->child)
		arg->flags |= IORING_SPAWN_FILES;
}

void kept_fill_clone(struct spawnpol_chain *chain, struct io_uring_sqe *sqe)
{
	struct kept *kept = &chain->kept;

	if (!kept->keep && !kept->child)
		return;
	kept->clone = (struct io_uring_clone_kept) {
		.clone_args = sqe->addr,
		.clone_args_size = sqe->len,
		.child = kept->child,
	};
	if (kept->child) {
		sqe->rw_flags |= kept->copy ? IORING_CLONE_COPY : IORING_CLONE_CHILD;
		fill_args(chain, &kept->clone.clone_args, &kept->clone.clone_args_size);
	}
	if (kept->keep) {
		kept->clone.keep_ns = kept->ns;
		sqe->rw_flags |= IORING_CLONE_KEEP;
		if (!kept->child)
			sqe->rw_flags |= IORING_CLONE_FILES;
	}
	sqe->addr = (uintptr_t)&kept->clone;
	sqe->len = sizeof(kept->clone);
}

/* --- the end ----------------------------------------------------------------------- */

/* Has the chain, which was not cancelled, ended before the child did something for good? */
static bool can_go_on(enum io_uring_spawn_end end)
{
	switch (end) {
	case IORING_END_CLONE:
	case IORING_END_STEP:
	case IORING_END_VERDICT:
	case IORING_END_REFUSED:
	case IORING_END_BUDGET:
	case IORING_END_NO_POLICY:
		return true;
	default:
		return false;
	}
}

int kept_after_failure(const struct spawnpol_chain *chain, int error, unsigned int said)
{
	const struct io_uring_spawn_report *report = &chain->told.report;
	const struct kept *kept = &chain->kept;

	if (!kept_is_there(kept))
		return 0;
	/* of a step, it is another's error */
	if (!said && error == -ESRCH)
		return 0;
	/* refused, so that it is as it was */
	if (!said && (!report->end || !report->pid))
		return kept->child;
	return kept->keep && can_go_on(report->end) ? kept->child : 0;
}

void kept_note_links(struct spawnpol_chain *chain)
{
	const struct io_uring_spawn_report *report = &chain->told.report;
	const struct kept *kept = &chain->kept;
	struct story *s = &chain->story;
	const bool begun = s->clone_res > 0;

	if (!kept->keep && !kept->child)
		return;
	if (kept->keep && begun && report->end == IORING_END_KEPT)
		s->child = s->clone_res;
	else if (s->error || s->late)
		s->child = kept_after_failure(chain, begun ? s->error : s->clone_res,
					      begun);
	/* CLONE has told the number */
	if (kept->keep && begun)
		s->clone_res = report->pid;
}
