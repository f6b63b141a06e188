/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rings: spawnpol_ring(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_RING_H
#define SPAWNPOL_PART_RING_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A ring, and what the library knows about it. */
struct spawnpol_ring;

/*
 * Make a ring with room for entries SQEs. A chain needs one SQE if it is submitted as
 * IORING_OP_SPAWN; as links it needs one for CLONE, one for a deadline and one for each
 * step: see spawnpol_ring_nr_sqes(). flags are IORING_SETUP_*; the library adds SUBMIT_ALL
 * and CLAMP. The caller owns *ring: spawnpol_ring_close().
 *
 * -EINVAL	the kernel does not know a flag, or flags has IORING_SETUP_IOPOLL
 * -ENOSYS	the kernel has no io_uring
 * -EOPNOTSUPP	the kernel cannot spawn through io_uring
 * -EPROTO	the kernel can spawn, but has another ABI than this library
 * -EPERM	io_uring is disabled here (sysctl kernel.io_uring_disabled)
 * -ENOMEM, -EMFILE, -ENFILE as io_uring_setup(2)
 */
int spawnpol_ring_open(struct spawnpol_ring **ring, unsigned int entries,
		       unsigned int flags);

/*
 * Make a ring that never has a descriptor, so that other code cannot see, inherit or close
 * one. The ring is registered with the calling thread (IORING_SETUP_REGISTERED_FD_ONLY),
 * and children of fork(2) do not get its memory. Only this thread can submit, collect,
 * cancel and close; the ring ends with the thread. In other threads calls fail with
 * -EEXIST, and spawnpol_ring_close() only frees what was allocated for the ring: calls on
 * chains that are in flight fail with -EBUSY from then on. spawnpol_ring_fd() fails with
 * -EBADF. To attach policies, use spawnpol_ring_attach(); to register files, use
 * spawnpol_ring_register().
 *
 * -EINVAL	the kernel does not know a flag (before 6.5), or entries is 0;
 *		IORING_SETUP_IOPOLL, _CQSIZE, _ATTACH_WQ, _R_DISABLED, _NO_SQARRAY
 * -EBUSY	the thread has 16 registered rings already
 * -ENOMEM	no memory; on kernels that count rings, RLIMIT_MEMLOCK is reached
 * -EFAULT	the kernel could not access all of the ring's memory
 * -ENOSYS, -EOPNOTSUPP, -EPROTO, -EPERM, -ENFILE as above; never -EMFILE
 */
int spawnpol_ring_open_registered(struct spawnpol_ring **ring, unsigned int entries,
			      unsigned int flags);

/* The tag of rings made by spawnpol_ring_open*(). Other rings can use it too. */
#define SPAWNPOL_TAG 0x5350

/*
 * Use a ring that the caller has set up and continues to use. The caller owns uring, must
 * keep it until spawnpol_ring_close(), and passes the CQEs to spawnpol_handle_cqe(). The
 * upper 16 bits of user_data are tag in the library's requests, and must differ from tag
 * in the caller's. spawnpol_queue(), _submit() and _cancel() write to the SQ; the library's
 * lock does not protect the SQ from other threads of the caller.
 *
 * Errors as spawnpol_ring_open().
 */
int spawnpol_ring_wrap(struct spawnpol_ring **ring, struct io_uring *uring,
		       uint16_t tag);

/*
 * Close a ring: cancel the chains that are in flight, wait for them, and free everything.
 * Running programs are left alone. Outcomes that were not collected are lost and their
 * pidfds closed. NULL does nothing.
 *
 * A wrapped ring must have no chain in flight: the call does not touch the io_uring, and
 * calls on a chain that is still in flight fail with -EBUSY from then on.
 *
 * In a child of fork(2), the call frees the child's copy of the memory and its descriptor.
 * The parent's ring and chains stay as they are.
 */
void spawnpol_ring_close(struct spawnpol_ring *ring);

/*
 * Return the ring's descriptor, for poll(2) and for the policy calls. It is readable if
 * there is something to collect, except for outcomes that arrived while
 * spawnpol_child_*() or spawnpol_pool_wait() waited. The ring owns the descriptor. -EBADF:
 * the ring has none. -ESTALE: this is a child of fork(2).
 */
int spawnpol_ring_fd(const struct spawnpol_ring *ring);

/*
 * Call io_uring_register(2) on the ring, which need not have a descriptor. Returns the
 * kernel's result or -errno. -ESTALE, -EEXIST: as spawnpol_submit().
 */
int spawnpol_ring_register(struct spawnpol_ring *ring, unsigned int opcode,
			   void *arg, unsigned int nr_args);

/*
 * Return in *query what the kernel answered when the ring was made: see spawnpol_query().
 */
int spawnpol_ring_query_sized(const struct spawnpol_ring *ring,
			      struct io_uring_spawn_query *query, size_t size);
static inline int spawnpol_ring_query(const struct spawnpol_ring *ring,
				      struct io_uring_spawn_query *query)
{
	return spawnpol_ring_query_sized(ring, query, sizeof(*query));
}

struct spawnpol_chain;

/*
 * Whether this ring submits chains as one request, IORING_OP_SPAWN, with one SQE and one
 * CQE. This is so if the kernel has IORING_OP_SPAWN and spawnpol_ring_use_links() is off.
 * The outcomes are the same as with links. Chains that SPAWN cannot express are always
 * submitted as links: those with spawnpol_chain_close(), with _sqe() of an operation other
 * than CHILD, with several programs, or too large for one request (max_spawn of
 * spawnpol_query()).
 */
bool spawnpol_ring_uses_spawn(const struct spawnpol_ring *ring);

/*
 * If on is true, submit all chains as links from now on; if on is false, the default, use
 * one request where possible. Links are for rings whose restrictions do not allow SPAWN,
 * and for policies that must see each directory of a search as a step. -ESTALE, -EEXIST:
 * as spawnpol_submit().
 */
int spawnpol_ring_use_links(struct spawnpol_ring *ring, bool on);

/*
 * Return the number of SQEs that launching the chain, as it is now, takes on this ring.
 * There are at most as many CQEs. spawnpol_chain_exit_status() adds an SQE and a CQE when
 * the program runs.
 *
 * -EINVAL, -EOPNOTSUPP as spawnpol_submit()
 * -E2BIG	the chain has more than SPAWNPOL_MAX_STEPS steps and has to be links
 *
 * or the error that stuck to the chain.
 */
int spawnpol_ring_nr_sqes(const struct spawnpol_ring *ring,
			  const struct spawnpol_chain *chain);

/*
 * Open the directories of path, a list as in PATH, as list number index (0 to 15) of the
 * ring, for spawnpol_chain_search_open(). The new list replaces the one with that number.
 * Each directory must begin with a slash. path NULL: the system's default path. Returns
 * the number of opened directories. A directory is left out if it does not exist or if
 * opening it fails with another error after which a search goes on.
 *
 * The list does not follow changes: it lacks directories that are made later, and a
 * directory that is moved is searched at its new place. Chains in flight keep the list
 * that they started with.
 *
 * -EINVAL	index is 16 or more; path has an empty or a relative element
 * -ENOENT	no directory could be opened
 * -E2BIG	path has more than 1024 directories or 131071 bytes
 * -EOPNOTSUPP	the kernel has no lists of open directories
 * -EACCES	the ring's restrictions do not allow it
 * -ESTALE, -EEXIST as spawnpol_submit(), and errors of open(2)
 */
int spawnpol_ring_open_search(struct spawnpol_ring *ring, unsigned int index,
			      const char *path);

/*
 * Remove a list. The kernel closes its directories when no chain in flight uses them.
 * -ENXIO: there is no such list. -EINVAL, -EOPNOTSUPP, -EACCES, -ESTALE, -EEXIST: as above.
 */
int spawnpol_ring_forget_search(struct spawnpol_ring *ring, unsigned int index);

#ifdef __cplusplus
}
#endif

#endif
