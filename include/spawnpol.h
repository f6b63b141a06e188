/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libspawnpol: launch programs by chains of io_uring requests. A BPF policy attached
 * to the ring decides about steps that fail.
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
 * A call that fails returns a negative errno value and has no effect unless its
 * description says otherwise; ignore errno. spawnpol_advise() explains an error and names
 * a remedy.
 *
 * Several threads can use one ring at the same time (each ring has a lock), unless the
 * ring was set up for a single issuer. Only one thread at a time can use a chain. When a
 * thread ends, the kernel cancels the chains that it has submitted. Submitting and
 * collecting allocate no memory.
 *
 * A ring belongs to the process that made it. In a child of fork(2), calls on the ring
 * fail with -ESTALE, except for spawnpol_ring_close(), which frees the child's copy.
 * Chains in flight are in flight in the parent only: the child can change and free its
 * copies, and submit them to its own rings. A child that shares its parent's memory, as
 * after vfork(2), must not use the library.
 *
 * Apart from rings, chains, pools and actors, the library keeps two things for a process:
 * the numbers by which the kernel knows policies, read once, and one page that tells the
 * process from copies made by fork(2).
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

/*
 * The version of this header. SPAWNPOL_VERSION orders releases: compare it with
 * SPAWNPOL_RELEASE().
 */
#define SPAWNPOL_VERSION_MAJOR	0
#define SPAWNPOL_VERSION_MINOR	1
#define SPAWNPOL_VERSION_PATCH	0
#define SPAWNPOL_RELEASE(major, minor, patch) \
	((major) << 16 | (minor) << 8 | (patch))
#define SPAWNPOL_VERSION \
	SPAWNPOL_RELEASE(SPAWNPOL_VERSION_MAJOR, SPAWNPOL_VERSION_MINOR, \
			 SPAWNPOL_VERSION_PATCH)

/*
 * The version of the linked library, which can differ from the header's: as a number
 * (SPAWNPOL_VERSION of its own header) and as a constant string, "MAJOR.MINOR.PATCH".
 */
unsigned int spawnpol_version(void);
const char *spawnpol_version_text(void);

#ifdef __cplusplus
}
#endif

#endif
