/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chains that are submitted as one request, IORING_OP_SPAWN: those of which it can say
 * all.
 */
#ifndef SPAWNPOL_WHOLE_H
#define SPAWNPOL_WHOLE_H

#include <stdbool.h>

struct spawnpol_chain;
struct spawnpol_ring;

/* Is it one on this ring? */
bool chain_is_whole(const struct spawnpol_ring *ring,
		    const struct spawnpol_chain *chain);
/*
 * Make chain->whole.arg of it; plain: the child is one as fork(2) makes. -ENOMEM, which
 * is no error of the chain's own.
 */
int whole_fill(struct spawnpol_chain *chain, bool plain);
/* What the one CQE tells. */
void whole_note(struct spawnpol_chain *chain, int res, unsigned int flags);

#endif
