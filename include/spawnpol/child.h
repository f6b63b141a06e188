/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kept children: spawnpol_child(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_CHILD_H
#define SPAWNPOL_PART_CHILD_H

#include "submit.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A child can wait in the kernel between chains. The ring knows it by a number, which no
 * other child of the ring gets. Chains use it by these attributes:
 *
 *	keep			a new child runs the steps and waits; it has no program
 *	in_child, keep		the child runs the steps, and the program if there is one. If
 *				one of them fails, the child waits again
 *	in_child		the same, but if there is no program, or something fails, the
 *				child ends
 *	copy_of			a copy of the kept child runs the steps and the program
 *	copy_of, keep		a copy of the kept child runs the steps and waits; it has no
 *				program
 *
 * In the outcome, child is the number of the child that waits afterwards, or 0. An outcome
 * of kind SPAWNPOL_KIND_CLONE without an error belongs to a chain without a program. A
 * child waits until a chain ends it, its ring is closed, or the thread that had it made
 * ends. The kernel reaps it.
 *
 * The attributes go with those of spawnpol_chain(3), with these exceptions, for which
 * spawnpol_submit() fails with -EINVAL: keep with a program, unless the chain has in_child;
 * in_child with an attribute of new children other than spawnpol_chain_pidfd(); copy_of
 * with any attribute of new children. spawnpol_submit() fails with -EOPNOTSUPP if the
 * kernel has no kept children; a kernel can lack them for links only
 * (spawnpol_ring_uses_spawn()).
 *
 * Outcomes of kind SPAWNPOL_KIND_CLONE can have these errors (SPAWNPOL_TOPIC_CHILD):
 *
 * -ESRCH	no child of the ring has that number: it has ended, is a program, or never
 *		existed. Make another
 * -EBUSY	another chain runs in the child, or copies of it are yet to be made. Collect
 *		their outcomes first
 * -ESTALE	since the child was made, the launcher has changed: credentials, namespaces,
 *		cgroup, session, seccomp filters, scheduling, and what else
 *		spawnpol_child(3) lists. End the child and make another
 * -EPERM	another process that shares the ring has made the child
 * -EAGAIN	(keep) the ring has max_kept children (spawnpol_query()), or the kernel could
 *		not make a process
 */

/*
 * Let the child wait after the chain. A new child has the files of
 * spawnpol_chain_files(), and none without that call.
 */
int spawnpol_chain_keep(struct spawnpol_chain *chain, bool on);

/* End the child when it has waited for ns nanoseconds; 0: never. */
int spawnpol_chain_keep_time(struct spawnpol_chain *chain, uint64_t ns);

/*
 * Run the chain in kept child number child, or in a copy of it; 0: in a new child. The
 * last of these calls applies. The files of spawnpol_chain_files() are added to those of
 * the child. -EINVAL: child is negative.
 */
int spawnpol_chain_in_child(struct spawnpol_chain *chain, int child);
int spawnpol_chain_copy_of(struct spawnpol_chain *chain, int child);

/*
 * Step by step: each of these calls submits a chain and waits for its outcome. Other
 * outcomes that arrive meanwhile stay for spawnpol_collect(). If another thread collects,
 * the calls wait for that thread first.
 *
 * The calls set the attributes above in the chain. The caller owns the chain and can use
 * it again after spawnpol_chain_reset(). NULL is an empty chain. If out is not NULL, the
 * calls store the outcome there.
 *
 * They fail with the error of the outcome, with an error of spawnpol_submit(), or with
 *
 * -ENOMEM	chain is NULL, and there is no memory for a chain
 * -EINVAL	child is not above 0
 * -EOPNOTSUPP	the ring is a wrapped one, or as above
 *
 * or with an error of io_uring_enter(2). If this error comes after the chain was submitted,
 * the chain is still in flight, and spawnpol_collect() returns its outcome.
 */

/* Make a child that runs the steps and waits. Returns its number; out has its pid. */
int spawnpol_child_new_sized(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
			     struct spawnpol_outcome *out, size_t size);
static inline int spawnpol_child_new(struct spawnpol_ring *ring,
				     struct spawnpol_chain *chain,
				     struct spawnpol_outcome *out)
{
	return spawnpol_child_new_sized(ring, chain, out, sizeof(*out));
}

/*
 * Run steps, or steps and a program, in the child. Returns the child's number if all steps
 * are done and it waits again, or 0 if it is the program now, whose pid is in out. After an
 * error the child waits again unless out->child is 0, and keeps what earlier steps did.
 */
int spawnpol_child_run_sized(struct spawnpol_ring *ring, int child,
			     struct spawnpol_chain *chain, struct spawnpol_outcome *out,
			     size_t size);
static inline int spawnpol_child_run(struct spawnpol_ring *ring, int child,
				     struct spawnpol_chain *chain,
				     struct spawnpol_outcome *out)
{
	return spawnpol_child_run_sized(ring, child, chain, out, sizeof(*out));
}

/*
 * Run steps, or steps and a program, in a copy of the child, which stays as it is. Returns
 * the number of the copy, or 0 if there was a program. After an error there is no copy.
 */
int spawnpol_child_copy_sized(struct spawnpol_ring *ring, int child,
			      struct spawnpol_chain *chain, struct spawnpol_outcome *out,
			      size_t size);
static inline int spawnpol_child_copy(struct spawnpol_ring *ring, int child,
				      struct spawnpol_chain *chain,
				      struct spawnpol_outcome *out)
{
	return spawnpol_child_copy_sized(ring, child, chain, out, sizeof(*out));
}

/* End the child. */
int spawnpol_child_end(struct spawnpol_ring *ring, int child);

#ifdef __cplusplus
}
#endif

#endif
