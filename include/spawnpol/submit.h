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
 * How a spawn or an actor (spawnpol_actor(3)) ended. Each submitted chain has one outcome,
 * and with spawnpol_chain_exit_status() a second one when the program ends.
 */
struct spawnpol_outcome {
	/*
	 * The chain, no longer in flight: submit it again, reset or free it. After the
	 * first of two outcomes it is still in flight.
	 */
	struct spawnpol_chain *chain;
	void	*user;			/* of spawnpol_chain_user(), spawnpol_actor_new() */

	/*
	 * 0: the program runs, or all steps of a chain without a program are done. Else
	 * the error of the step that ended the chain, as a policy left it. There is no
	 * child to wait for then, though it can take a moment to exit.
	 * -ETIME	the deadline has passed
	 * -ECANCELED	the chain was cancelled, or a policy ended it
	 * -ENOLINK	(CLONE) no policy applies, but the chain requires one
	 * -ETOOMANYREFS a policy has exceeded a budget
	 * -EBADRQC	a policy's verdict could not be followed
	 *
	 * With SPAWNPOL_KIND_EXIT, why status is not known:
	 * -ECHILD	other code has waited for the program, or SIGCHLD is ignored. Some
	 *		kernels also report this if the thread that collected ended meanwhile:
	 *		then waitpid(2) has the status
	 * -ECANCELED	the wait was cancelled: the caller must wait for the program
	 */
	int	error;

	/*
	 * The child's pid in the submitter's pid namespace; 0 if there was no child. If
	 * the child is a program, the caller must wait for it, unless the library does
	 * (spawnpol_chain_exit_status()). Otherwise the child can be gone: use the pid
	 * for messages only.
	 */
	pid_t	pid;

	/* If requested and error is 0: the pidfd, owned by the caller. Else -1. */
	int	pidfd;

	/*
	 * The EXEC that succeeded or the step that ended the chain, counted from 0, and
	 * its kind. step is -1 with SPAWNPOL_KIND_CLONE; without an error, this kind means
	 * that there was no program. Policies count alike, except for the directories of a
	 * search that is part of one request: policies see these as attempts of one step.
	 */
	int	step;
	enum spawnpol_kind kind;

	/*
	 * The path of this step, or NULL. The chain owns the string, which is valid until
	 * the chain is changed, submitted, reset or freed.
	 */
	const char *path;

	/* With SPAWNPOL_KIND_EXIT, the wait status: see waitpid(2). Else 0. */
	int	status;

	/* The number of the child that waits now: spawnpol_child(3). 0: no child waits. */
	int	child;

	/*
	 * With SPAWNPOL_KIND_ACTOR: the actor, no longer in flight, and its result; chain
	 * is NULL. Else NULL and 0.
	 */
	int	result;
	struct spawnpol_actor *actor;
};

/*
 * Launch nr chains, which start in this order. Returns how many chains were given to the
 * kernel. If it is fewer than nr, the next chain has an error, which the next call
 * returns; if the first chain has an error, this call returns it:
 *
 * -EINVAL	the chain has no program (but see spawnpol_child(3)), or has a CLONE or EXEC
 *		from spawnpol_chain_sqe()
 * -EBUSY	the chain is in flight already
 * -E2BIG	the chain needs more SQEs than the ring has, or, as links, more than
 *		SPAWNPOL_MAX_STEPS steps
 * -EOPNOTSUPP	the kernel lacks what the chain uses: open directories
 *		(spawnpol_chain_search_open(), never with links) or kept children
 * -EAGAIN	no room: collect outcomes first (or the kernel lacks memory)
 * -EINPROGRESS	the last request in a wrapped ring's SQ is linked to the next one
 * -ESTALE	this is a child of fork(2), and the ring is its parent's
 * -EEXIST	the ring belongs to another thread (a registered one, or SINGLE_ISSUER)
 *
 * or the error that stuck to the chain, or an error of io_uring_enter(2). A chain that was
 * given to the kernel always has an outcome, which reports failures of the launch itself.
 */
int spawnpol_submit(struct spawnpol_ring *ring,
		    struct spawnpol_chain *const chains[], unsigned int nr);

/*
 * Only put the requests of nr chains into the SQ. To submit them, call io_uring_submit()
 * on the wrapped ring, or spawnpol_submit(). Returns and fails as spawnpol_submit(), with
 * -EAGAIN if the SQ has no room. nr can be 0: see spawnpol_handle_cqe().
 */
int spawnpol_queue(struct spawnpol_ring *ring,
		   struct spawnpol_chain *const chains[], unsigned int nr);

/*
 * Take up to max outcomes, in the order in which they became complete. Waits until there
 * are min outcomes, nothing is in flight, or timeout_ms milliseconds have passed (-1: no
 * limit). If min is 0, does not wait. Returns the number of outcomes, which can be 0.
 *
 * -ECHILD	min > 0, but nothing is in flight
 * -EINTR	a signal came before the first outcome
 * -EINVAL	max is 0 or less than min
 * -EOPNOTSUPP	the ring is a wrapped one
 * -ESTALE, -EEXIST as spawnpol_submit()
 *
 * If several threads collect, one waits for CQEs, and the others wait for this one.
 *
 * To wait for the ends of programs, the library submits requests. If io_uring_enter(2)
 * fails after the first outcome, the next call returns the error. So before a launcher
 * waits for the ring's descriptor, it calls this function until it returns 0.
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
 * Wait until there is something to collect, for at most timeout_ms milliseconds (-1: no
 * limit), and take nothing. If mask is not NULL, it is the thread's signal mask during
 * the wait, as with ppoll(2): signals that the thread blocks otherwise are delivered only
 * here. The call holds no lock of the ring while it waits, and does not use the ring after
 * a signal handler has run. So the handler can use the ring, call fork(2), and leave by
 * siglongjmp(3).
 *
 * Returns 1, or 0 when the time has passed. After 1, spawnpol_collect() with min 0 can
 * still return 0: only a part of an outcome has come, or another thread has taken it.
 *
 * -EINTR	a signal was handled
 * -ECHILD	nothing is in flight any more
 * -EOPNOTSUPP	the ring is a wrapped one
 * -ESTALE, -EEXIST as spawnpol_submit()
 */
int spawnpol_ring_wait(struct spawnpol_ring *ring, int timeout_ms,
		       const sigset_t *mask);

enum spawnpol_cqe {
	SPAWNPOL_CQE_FOREIGN	= 0,	/* a CQE of the caller's */
	SPAWNPOL_CQE_TAKEN	= 1,	/* a CQE of the library, without an outcome */
	SPAWNPOL_CQE_OUTCOME	= 2,	/* the last CQE of an outcome, which is in *out */
};

/*
 * Handle one CQE of a wrapped ring. The caller marks the CQE as seen, and must pass each
 * of the library's CQEs exactly once, in order. Returns an enum spawnpol_cqe, or -ESTALE
 * in a child of fork(2).
 *
 * To wait for the end of a program or to fill a pool, the library can put requests into
 * the SQ, which the caller submits. (If the SQ is full, the library submits it first.) The
 * library's requests never become part of a link of the caller's: if the last request in
 * the SQ is linked to the next one, the library waits for the first call after the link
 * is complete or the kernel has taken it. spawnpol_queue(ring, NULL, 0) is such a call and
 * does nothing else. Set the flags of your requests in the SQ before you call the library.
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
 * Cancel a chain in flight. If the child has not become the program, the kernel kills it,
 * and the outcome is -ECANCELED unless the cancellation comes too late. If the program
 * runs and the library waits for its end, the library stops waiting, whether or not the
 * outcome of the launch was collected. -ENOENT: the chain is not in flight on this ring.
 * -EAGAIN: no room in the SQ. -ESTALE, -EEXIST, -EINPROGRESS: as spawnpol_submit().
 */
int spawnpol_cancel(struct spawnpol_ring *ring, struct spawnpol_chain *chain);

#ifdef __cplusplus
}
#endif

#endif
