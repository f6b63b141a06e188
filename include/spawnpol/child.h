/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kept children: spawnpol_child(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_CHILD_H
#define SPAWNPOL_PART_CHILD_H

#include "submit.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A child can wait in the kernel between chains. It is known by a number of its ring,
 * which no other child gets, and used by chains that say so:
 *
 *	keep			a new child runs the steps and waits; it has no program
 *	in_child, keep		the child runs the steps, and the program if there is one. If
 *				one of them fails, it waits again
 *	in_child		the same, but it does not wait: if there is no program, or
 *				something fails, it ends
 *	copy_of			a new child that is as the kept one is runs steps and program
 *	copy_of, keep		... and waits, without a program
 *
 * In the outcome, child is the number of the one that waits afterwards, 0 if there is
 * none. An outcome of kind SPAWNPOL_KIND_CLONE without an error is that of a chain
 * without a program. A child that waits is the launcher's until its ring is closed, the
 * thread that had it made ends, or a chain ends it. It leaves no zombie.
 *
 * These are attributes of chains, as those of spawnpol_chain(3). spawnpol_submit() returns
 * -EOPNOTSUPP where the kernel has no kept children, and where it has none for links and the
 * chain would be that (spawnpol_ring_uses_spawn()). It returns -EINVAL if keep goes with a
 * program, but for in_child; in_child goes with attributes of new children other than
 * spawnpol_chain_pidfd(), copy_of with any.
 *
 * In the outcome, as an error of kind SPAWNPOL_KIND_CLONE (SPAWNPOL_TOPIC_CHILD):
 *
 * -ESRCH	no child of the ring has that number: it has ended, is a program, or never
 *		was. Make another
 * -EBUSY	another chain runs in it, or copies of it are yet to be made. Collect their
 *		outcomes first
 * -ESTALE	the launcher is not what it was when the child was made: credentials,
 *		namespaces, cgroup, session, seccomp filters, scheduling, and what else
 *		spawnpol_child(3) lists. End the child and make another
 * -EPERM	another process, which shares the ring, has made it
 * -EAGAIN	(keep) the ring has max_kept of them (spawnpol_query()), or no process could
 *		be made
 */

/*
 * The child waits afterwards. A new one has the files of spawnpol_chain_files(), and none
 * if that was not called.
 */
int spawnpol_chain_keep(struct spawnpol_chain *chain, bool on);

/* A child that has waited for ns nanoseconds ends; 0: it waits for ever. */
int spawnpol_chain_keep_time(struct spawnpol_chain *chain, uint64_t ns);

/*
 * The chain is for kept child number child, and not for a new one; 0: for a new one. The
 * last call of these two counts. The files of spawnpol_chain_files() are added to those
 * that the child has. -EINVAL: child is negative.
 */
int spawnpol_chain_in_child(struct spawnpol_chain *chain, int child);
int spawnpol_chain_copy_of(struct spawnpol_chain *chain, int child);

/*
 * Step by step: each call submits, waits for its outcome and returns. Other outcomes that
 * come meanwhile are there for spawnpol_collect(), and the ring's descriptor is not readable
 * for them. A thread that collects is waited for.
 *
 * They set what is said above in the chain, which is the caller's, can be used for the next
 * call after spawnpol_chain_reset(), and NULL if it would be empty. out, if it is not NULL,
 * is the outcome.
 *
 * They return an error of the outcome, of spawnpol_submit(), or
 *
 * -ENOMEM	chain is NULL, and there is no memory for one
 * -EOPNOTSUPP	the ring is a wrapped one, or see above
 *
 * and an error of io_uring_enter(2) that is not the launch's. If that comes after the
 * chain was submitted, it is still in flight, and its outcome is spawnpol_collect()'s.
 */

/* Make one: its number. Its pid is in out. */
int spawnpol_child_new_sized(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
			     struct spawnpol_outcome *out, size_t size);
static inline int spawnpol_child_new(struct spawnpol_ring *ring,
				     struct spawnpol_chain *chain,
				     struct spawnpol_outcome *out)
{
	return spawnpol_child_new_sized(ring, chain, out, sizeof(*out));
}

/*
 * Run steps, or steps and a program, in the child. Returns its number if it waits again: all
 * steps are done. Returns 0 if it is the program now, whose pid is in out. After an error
 * it waits as well, with what was done before, unless out->child is 0.
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
 * The same in a copy of the child, which itself stays as it is. Returns the number of the
 * copy, or 0 if there was a program. After an error there is no copy.
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

/* End it. */
int spawnpol_child_end(struct spawnpol_ring *ring, int child);

#ifdef __cplusplus
}
#endif

#endif
