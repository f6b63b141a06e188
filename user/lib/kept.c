// SPDX-License-Identifier: LGPL-2.1-or-later
/* Chains for children that wait between spawns. */
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
	return ring->query.spawn_flags & IORING_SPAWN_KEEP &&
	       chain_is_whole(ring, chain) ? 0 : -EOPNOTSUPP;
}

void kept_fill_child(struct spawnpol_chain *chain, struct io_uring_spawn *arg, int child)
{
	arg->child = child;
	arg->clone_args = arg->clone_args_size = 0;
	if (chain->kept.copy) {
		arg->flags |= IORING_SPAWN_COPY;
		return;
	}
	arg->flags |= IORING_SPAWN_CHILD;
	if (!(chain->args.flags & CLONE_PIDFD))
		return;
	chain->whole.args = (struct clone_args) {
		.flags = CLONE_PIDFD,
		.pidfd = chain->args.pidfd,
	};
	arg->clone_args = (uintptr_t)&chain->whole.args;
	arg->clone_args_size = sizeof(chain->whole.args);
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

	if (!kept->child || kept->copy || error == -ESRCH)
		return 0;
	/* refused, so that it is as it was */
	if (!said && (!report->end || !report->pid))
		return kept->child;
	return kept->keep && can_go_on(report->end) ? kept->child : 0;
}
