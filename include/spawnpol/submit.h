/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Launching chains, and outcomes: spawnpol_submit(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_SUBMIT_H
#define SPAWNPOL_PART_SUBMIT_H

#include "chain.h"
#include "ring.h"

#ifdef __cplusplus
extern "C" {
#endif

struct spawnpol_actor;

/*
 * How a spawn ended, or an actor: spawnpol_actor(3). There is one for each chain submitted, and one more for the end of
 * the program if spawnpol_chain_exit_status() asked for that.
 */
struct spawnpol_outcome {
	/*
	 * Idle again: submit it anew, reset or free it. (Not so after the first of two
	 * outcomes.)
	 */
	struct spawnpol_chain *chain;
	void	*user;			/* of spawnpol_chain_user() */

	/*
	 * 0: the program runs, or all steps of a chain without one are done. Else the error of the step that ended the chain
	 * as the policy, if there is one, left it; there is nothing to wait
	 * for, though the child may be on its way out for a moment.
	 * -ETIME	the deadline has passed
	 * -ECANCELED	cancelled, or a policy ended the chain
	 * -ENOLINK	(CLONE) no policy applies, but one was asked for
	 * -ETOOMANYREFS a policy has used up a budget
	 * -EBADRQC	a policy's verdict made no sense
	 *
	 * With SPAWNPOL_KIND_EXIT, why status is not known:
	 * -ECHILD	somebody else has waited for the program, or SIGCHLD is ignored. Some
	 *		kernels say so, too, if the thread that collected ended meanwhile:
	 *		waitpid(2) has the status then
	 * -ECANCELED	cancelled: the program is the caller's to wait for
	 */
	int	error;

	/*
	 * The child in the submitter's pid namespace, to be waited for like any
	 * other if it is a program, unless the library does that. Else it is, or was,
	 * that, or 0 for none.
	 */
	pid_t	pid;

	/* If asked for and error is 0, now the caller's. Else -1. */
	int	pidfd;

	/*
	 * The EXEC that succeeded or the step that ended the chain, counted
	 * from 0, and its kind; -1 with SPAWNPOL_KIND_CLONE, which is also the kind if
	 * there was no error and no program. Policies count alike,
	 * but for directories of a search that is part of one request: to them those
	 * are attempts of one step.
	 */
	int	step;
	enum spawnpol_kind kind;

	/*
	 * The path that step worked on, NULL for none. It is the chain's, and there
	 * until the chain is changed, submitted, reset or freed.
	 */
	const char *path;

	/* With SPAWNPOL_KIND_EXIT, as waitpid(2) tells it: WIFEXITED() and so on. Else 0. */
	int	status;

	/* The number of a child that waits after this: spawnpol_child(3). 0: none does. */
	int	child;

	/*
	 * With SPAWNPOL_KIND_ACTOR: the actor, idle again, and what it has completed with.
	 * chain is NULL. Else NULL and 0.
	 */
	int	result;
	struct spawnpol_actor *actor;
};

/*
 * Launch nr chains; those of one call start in their order. Returns how many
 * were given to the kernel. Fewer than nr is the error of the chain after them,
 * which the next call returns, as this one does when it is the first's:
 *
 * -EINVAL	the chain has no program (but see spawnpol_child(3)), or CLONE or EXEC by spawnpol_chain_sqe()
 * -EBUSY	it is in flight already
 * -E2BIG	it needs more SQEs than the ring has, or, as links, more than
 *		SPAWNPOL_MAX_STEPS steps
 * -EAGAIN	no room: collect outcomes first (or the kernel lacks memory)
 * -EINPROGRESS	a wrapped ring's last request in the SQ is linked to the next one
 * -ESTALE	this is a child of fork(2), and the ring its parent's
 * -EEXIST	the ring is another thread's (a registered one, or SINGLE_ISSUER)
 *
 * or what stuck to the chain, or an error of io_uring_enter(2). A chain that
 * was given to the kernel always has an outcome. Failures of the launch itself
 * are told there, not here.
 */
int spawnpol_submit(struct spawnpol_ring *ring,
		    struct spawnpol_chain *const chains[], unsigned int nr);

/*
 * The same, but only put the requests into the SQ; submitting them is up to
 * the caller, by io_uring_submit() on the wrapped ring or by the next
 * spawnpol_submit(). -EAGAIN: no room in the SQ. nr can be 0: see spawnpol_handle_cqe().
 */
int spawnpol_queue(struct spawnpol_ring *ring,
		   struct spawnpol_chain *const chains[], unsigned int nr);

/*
 * Take outcomes, at most max, in the order in which they got complete. Waits
 * until there are min, or nothing is in flight, or timeout_ms milliseconds have
 * passed (-1: no limit). min 0 does not wait. Returns how many, perhaps 0.
 *
 * -ECHILD	min > 0, but there is nothing in flight
 * -EINTR	a signal came before the first outcome
 * -EINVAL	max is 0 or less than min
 * -EOPNOTSUPP	the ring is a wrapped one
 * -ESTALE, -EEXIST as spawnpol_submit()
 *
 * If several threads collect, one waits for CQEs and the others for it.
 *
 * Where the end of a program is waited for, the library submits requests. An error of
 * io_uring_enter(2) that comes after the first outcome is returned by the next call:
 * a program that waits elsewhere, for the ring's descriptor, first calls this until it
 * returns 0.
 */
int spawnpol_collect_sized(struct spawnpol_ring *ring,
			   struct spawnpol_outcome *out, size_t size,
			   unsigned int max, unsigned int min, int timeout_ms);
static inline int spawnpol_collect(struct spawnpol_ring *ring,
				   struct spawnpol_outcome *out,
				   unsigned int max, unsigned int min,
				   int timeout_ms)
{
	return spawnpol_collect_sized(ring, out, sizeof(*out), max, min,
				      timeout_ms);
}

/*
 * Wait until there is something to collect, and take nothing, for timeout_ms
 * milliseconds (-1: no limit). mask, if it is not NULL, is the thread's signal mask for
 * the time of the wait, as with ppoll(2): a thread that blocks signals has them
 * delivered here and nowhere else. No lock of the ring is held, and nothing of it is
 * touched after a signal handler has run, so that can use the ring, fork(2), and leave by
 * siglongjmp(3).
 *
 * Returns 1, or 0 when the time has passed. 1 can be part of an outcome, or one that
 * another thread takes first: spawnpol_collect() with min 0 then returns 0.
 *
 * -EINTR	a signal was handled
 * -ECHILD	nothing is in flight any more
 * -EOPNOTSUPP	the ring is a wrapped one
 * -ESTALE, -EEXIST as spawnpol_submit()
 */
int spawnpol_ring_wait(struct spawnpol_ring *ring, int timeout_ms,
		       const sigset_t *mask);

enum spawnpol_cqe {
	SPAWNPOL_CQE_FOREIGN	= 0,	/* not the library's */
	SPAWNPOL_CQE_TAKEN	= 1,	/* one of several of a spawn */
	SPAWNPOL_CQE_OUTCOME	= 2,	/* the last of them: *out is filled */
};

/*
 * For wrapped rings: look at one CQE, which stays the caller's to mark as seen.
 * Each of the library's CQEs must be passed here exactly once, in order. Returns an
 * enum spawnpol_cqe, or -ESTALE in a child of fork(2).
 *
 * If a program's end is waited for, there can be a request for that in the SQ
 * afterwards, which the caller submits. (If the SQ was full, it has been submitted.) It
 * never becomes part of a link of the caller's: if the last request in the SQ is linked
 * to the next one, the library's is put there by the first call after the link is
 * complete, or the kernel has taken it. spawnpol_queue(ring, NULL, 0) does only that. The
 * flags of requests that the caller has in the SQ must be set when the library is called.
 */
int spawnpol_handle_cqe_sized(struct spawnpol_ring *ring,
			      const struct io_uring_cqe *cqe,
			      struct spawnpol_outcome *out, size_t size);
static inline int spawnpol_handle_cqe(struct spawnpol_ring *ring,
				      const struct io_uring_cqe *cqe,
				      struct spawnpol_outcome *out)
{
	return spawnpol_handle_cqe_sized(ring, cqe, out, sizeof(*out));
}

/*
 * Kill the child of a chain in flight if it is not the program yet; the
 * outcome comes as always, -ECANCELED unless it was too late. If it is the program, and
 * its end is waited for, that is given up instead, whether or not the outcome of the
 * launch has been collected. -ENOENT: the
 * chain is not in flight on this ring. -EAGAIN: no room in the SQ. -ESTALE, -EEXIST,
 * -EINPROGRESS: as spawnpol_submit().
 */
int spawnpol_cancel(struct spawnpol_ring *ring, struct spawnpol_chain *chain);

#ifdef __cplusplus
}
#endif

#endif
