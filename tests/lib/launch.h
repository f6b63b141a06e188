/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the library share. */
#ifndef SPAWNPOL_TESTS_LAUNCH_H
#define SPAWNPOL_TESTS_LAUNCH_H

#include "tap.h"

#include <spawnpol.h>
#include <sys/wait.h>

#include "child.h"

#define LONG (20000 * tap_slowness()) /* milliseconds nothing should take */

static inline struct spawnpol_ring *ring_of(unsigned int entries,
					    unsigned int flags)
{
	struct spawnpol_ring *ring;

	CHECK_OK(spawnpol_ring_open(&ring, entries, flags));
	return ring;
}

static inline struct spawnpol_chain *chain_of(const char *program)
{
	struct spawnpol_chain *chain;

	CHECK_OK(spawnpol_chain_new(&chain));
	CHECK_OK(spawnpol_chain_program(chain, program));
	return chain;
}

/*
 * There is no zombie and no program. Waits, because a child that failed can
 * still be on its way out when its outcome has come.
 */
static inline void check_none_stays(void)
{
	CHECK_SYS_ERR(waitpid(-1, NULL, __WALL), ECHILD);
}

#endif
