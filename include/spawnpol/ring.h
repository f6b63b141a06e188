/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rings: spawnpol_ring(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_RING_H
#define SPAWNPOL_PART_RING_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A ring and what the library knows about it. */
struct spawnpol_ring;

/*
 * Make a ring with room for entries SQEs. A chain needs one where the kernel has
 * IORING_OP_SPAWN, or, as links, one for CLONE, one for a deadline and one for each
 * step: spawnpol_ring_nr_sqes() tells. flags are IORING_SETUP_*; the library adds
 * SUBMIT_ALL and CLAMP. The caller owns *ring: spawnpol_ring_close().
 *
 * -EINVAL	the kernel knows no such flags, or IORING_SETUP_IOPOLL
 * -ENOSYS	the kernel has no io_uring
 * -EOPNOTSUPP	the kernel cannot spawn through io_uring
 * -EPROTO	it can, but with another ABI than this library's
 * -EPERM	io_uring is disabled here (sysctl kernel.io_uring_disabled)
 * -ENOMEM, -EMFILE, -ENFILE as io_uring_setup(2)
 */
int spawnpol_ring_open(struct spawnpol_ring **ring, unsigned int entries,
		       unsigned int flags);

/*
 * The same without a descriptor, not even for a moment, so that nobody sees,
 * inherits or closes it. The ring is registered with the calling thread
 * (IORING_SETUP_REGISTERED_FD_ONLY) and its memory kept from children of fork(2).
 * Only this thread can submit, collect, cancel and close; when it ends, the ring
 * does. Calls from other threads fail with -EEXIST; there, spawnpol_ring_close() only
 * frees what was allocated for it, and chains in flight stay so for good.
 * spawnpol_ring_fd() is -EBADF: spawnpol_ring_attach() attaches policies and
 * spawnpol_ring_register() registers files.
 *
 * -EINVAL	the kernel knows no such flags (before 6.5), or entries is 0;
 *		IORING_SETUP_IOPOLL, _CQSIZE, _ATTACH_WQ, _R_DISABLED, _NO_SQARRAY
 * -EBUSY	the thread has 16 registered rings already
 * -ENOMEM	no memory; on kernels that count rings, RLIMIT_MEMLOCK is reached
 * -EFAULT	the kernel could not have all of the ring's memory
 * -ENOSYS, -EOPNOTSUPP, -EPROTO, -EPERM, -ENFILE as above; never -EMFILE
 */
int spawnpol_ring_open_registered(struct spawnpol_ring **ring, unsigned int entries,
			      unsigned int flags);

/* The tag of rings made by spawnpol_ring_open*(); free to be used for others. */
#define SPAWNPOL_TAG 0x5350

/*
 * Use a ring that the caller has set up and goes on using. The caller keeps
 * uring, must keep it alive until spawnpol_ring_close(), and hands the CQEs to
 * spawnpol_handle_cqe(). tag tells the library's requests from the caller's:
 * it becomes the upper 16 bits of their user_data, so the caller's must differ
 * there. spawnpol_queue(), _submit() and _cancel() touch the SQ; the library's
 * lock does not protect it from the caller's other threads.
 *
 * Errors as spawnpol_ring_open().
 */
int spawnpol_ring_wrap(struct spawnpol_ring **ring, struct io_uring *uring,
		       uint16_t tag);

/*
 * Cancel the chains still in flight, wait for them, and free everything.
 * Programs already running are left alone; outcomes not collected are lost and
 * their pidfds closed. NULL does nothing. With a wrapped ring the caller must
 * have had the outcomes of all chains before; the io_uring is not touched, and chains
 * that are still in flight stay so for good (-EBUSY).
 *
 * In a child of fork(2): free what the child has a copy of, its memory and its
 * descriptor. The parent's ring and chains stay as they are.
 */
void spawnpol_ring_close(struct spawnpol_ring *ring);

/*
 * The ring's descriptor: for poll(2), where readable means that collect has
 * work to do, and for the policy calls below. Outcomes that have come while
 * spawnpol_child_*() or spawnpol_pool_wait() waited do not make it readable. Still
 * owned by the ring. -EBADF: it has none. -ESTALE: this is a child of fork(2).
 */
int spawnpol_ring_fd(const struct spawnpol_ring *ring);

/*
 * io_uring_register(2) on the ring, which need not have a descriptor. Returns what the
 * kernel does, -errno included. -ESTALE, -EEXIST: as above.
 */
int spawnpol_ring_register(struct spawnpol_ring *ring, unsigned int opcode,
			   void *arg, unsigned int nr_args);

/* What the ring's kernel answered when the ring was made: see spawnpol_query(). */
int spawnpol_ring_query_sized(const struct spawnpol_ring *ring,
			      struct io_uring_spawn_query *query, size_t size);
static inline int spawnpol_ring_query(const struct spawnpol_ring *ring,
				      struct io_uring_spawn_query *query)
{
	return spawnpol_ring_query_sized(ring, query, sizeof(*query));
}

struct spawnpol_chain;

/*
 * Does a chain become one request on this ring, IORING_OP_SPAWN, with one SQE and one CQE?
 * So it does where the kernel has SPAWN, unless spawnpol_ring_use_links() says otherwise.
 * The outcomes are the same. Chains of which SPAWN cannot say all stay links of requests
 * also then: those with spawnpol_chain_close(), _sqe() of another operation than CHILD,
 * several programs, or too much for one request (max_spawn of spawnpol_query()).
 */
bool spawnpol_ring_uses_spawn(const struct spawnpol_ring *ring);

/*
 * From here on submit all chains as links of requests, or those that need not be as one
 * request again (off, as on a new ring). For rings whose restrictions do not allow SPAWN,
 * and for policies that are to see each directory of a search as a step. -ESTALE,
 * -EEXIST: as above.
 */
int spawnpol_ring_use_links(struct spawnpol_ring *ring, bool on);

/*
 * SQEs that the launch of a chain, as it is now, takes on this ring. It has as many CQEs
 * at most; spawnpol_chain_exit_status() adds an SQE and a CQE when the program runs.
 *
 * -EINVAL	as spawnpol_submit()
 * -E2BIG	as links it has more than SPAWNPOL_MAX_STEPS steps
 *
 * or what stuck to the chain.
 */
int spawnpol_ring_nr_sqes(const struct spawnpol_ring *ring,
			  const struct spawnpol_chain *chain);

/*
 * Open the directories of path, a list as in PATH, for spawnpol_chain_search_open(), as
 * list number index (0 to 15) of the ring; a list that the number had is replaced. Each
 * begins with a slash. path NULL: the system's default one. Returns how many are open:
 * those that do not exist, or cannot be opened for another reason after which a search goes
 * on, are left out.
 *
 * The list stays what it is: a directory that is made later is not searched, one that is
 * moved is searched where it is. Chains in flight go on with the list that they began with.
 *
 * -EINVAL	index is 16 or more; path has an empty or a relative element
 * -ENOENT	none of them could be opened
 * -E2BIG	more than 1024, or a list of more than 131071 bytes
 * -EOPNOTSUPP	the kernel has no lists of open directories
 * -EACCES	the ring's restrictions do not allow it
 * -ESTALE, -EEXIST as above, and errors of open(2)
 */
int spawnpol_ring_open_search(struct spawnpol_ring *ring, unsigned int index,
			      const char *path);

/* Forget a list, and close its directories when no chain in flight has it. -ENXIO: none. */
int spawnpol_ring_forget_search(struct spawnpol_ring *ring, unsigned int index);

#ifdef __cplusplus
}
#endif

#endif
