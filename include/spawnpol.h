/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libspawnpol: launch programs by chains of io_uring requests, under BPF
 * policies that decide about the steps that fail.
 *
 *	struct spawnpol_ring *ring;
 *	struct spawnpol_chain *chain;
 *	struct spawnpol_outcome out;
 *
 *	spawnpol_ring_open(&ring, 64, 0);
 *	spawnpol_chain_new(&chain);
 *	spawnpol_chain_open(chain, 1, "/tmp/log", O_WRONLY | O_CREAT, 0644);
 *	spawnpol_chain_program(chain, "/usr/bin/id");
 *	spawnpol_submit(ring, &chain, 1);
 *	spawnpol_collect(ring, &out, 1, 1, -1);
 *	if (!out.error)
 *		waitpid(out.pid, &status, 0);
 *
 * Calls that can fail return a negative errno value (errno itself says nothing);
 * spawnpol_advise() says in words what such an error means and what helps.
 * A call that failed has done nothing, if not said otherwise.
 *
 * Calls on one ring can be made from several threads at once (one lock per ring),
 * unless the ring was set up for a single issuer. A chain is used by one thread at a
 * time. A thread that ends cancels what it has submitted. After the builder nothing
 * allocates memory.
 *
 * A ring belongs to the process that made it. In a child of fork(2) calls on it fail
 * with -ESTALE, except for spawnpol_ring_close(), which frees the child's copy; chains
 * are in flight in the parent only, and can be changed, freed and submitted to rings
 * of the child's own. (A child that shares its parent's memory, as after vfork(2), must
 * not use the library.)
 *
 * The process has no state of the library but the numbers by which the kernel knows
 * policies, which are asked for once, and one page by which copies made by fork(2) are
 * told from the original.
 *
 * See libspawnpol(3).
 */
#ifndef SPAWNPOL_H
#define SPAWNPOL_H

#include "spawnpol/base.h"

#include "spawnpol/action.h"
#include "spawnpol/actor.h"
#include "spawnpol/advise.h"
#include "spawnpol/chain.h"
#include "spawnpol/child.h"
#include "spawnpol/policy.h"
#include "spawnpol/pool.h"
#include "spawnpol/probe.h"
#include "spawnpol/ring.h"
#include "spawnpol/submit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header. SPAWNPOL_VERSION orders releases: compare it with SPAWNPOL_RELEASE(). */
#define SPAWNPOL_VERSION_MAJOR	0
#define SPAWNPOL_VERSION_MINOR	1
#define SPAWNPOL_VERSION_PATCH	0
#define SPAWNPOL_RELEASE(major, minor, patch) \
	((major) << 16 | (minor) << 8 | (patch))
#define SPAWNPOL_VERSION \
	SPAWNPOL_RELEASE(SPAWNPOL_VERSION_MAJOR, SPAWNPOL_VERSION_MINOR, \
			 SPAWNPOL_VERSION_PATCH)

/*
 * Of the library that is linked, which can be another: the value that SPAWNPOL_VERSION
 * had when it was built, and the same as "MAJOR.MINOR.PATCH", constant.
 */
unsigned int spawnpol_version(void);
const char *spawnpol_version_text(void);

#ifdef __cplusplus
}
#endif

#endif
