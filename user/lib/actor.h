/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actors in flight on a ring. All functions need ring->lock held. */
#ifndef SPAWNPOL_ACTOR_H
#define SPAWNPOL_ACTOR_H

#include "internal.h"

/* Aligned as chains are: see CHAIN_ALIGN. */
struct spawnpol_actor {
	uint64_t flight;		/* id of the ring where it is in flight, or 0 */
	void *user;
	struct stashed stashed;
};

/* Its request has ended with res. */
void actor_ended(struct spawnpol_ring *ring, struct spawnpol_actor *actor, int res,
		 struct spawnpol_outcome *out);

#endif
