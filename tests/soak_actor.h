/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What actors of the soak test do, as their first argument says. */
#ifndef SPAWNPOL_TESTS_SOAK_ACTOR_H
#define SPAWNPOL_TESTS_SOAK_ACTOR_H

enum soak_actor {
	ACTOR_COUNTS,	/* argument 1: NOPs, some at a time; the result is their number */
	ACTOR_TICKS,	/* a multishot TIMEOUT (1: timespec, 2: how often); likewise */
	ACTOR_SPAWNS,	/* a SPAWN (1: io_uring_spawn, 2: its size), and WAITID */
	ACTOR_WAITS,	/* for a READ (1: descriptor, 2: buffer) and a TIMEOUT (3: timespec) */
	NR_ACTORS,
};

/* Results of ACTOR_SPAWNS: the program has ended with status 0, or there was none. */
#define ACTOR_EXITED 0
#define ACTOR_NO_PROGRAM 1

#endif
