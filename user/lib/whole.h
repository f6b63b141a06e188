/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chains that are submitted as one request, IORING_OP_SPAWN: those that it can express.
 */
#ifndef SPAWNPOL_WHOLE_H
#define SPAWNPOL_WHOLE_H

#include <stdbool.h>
#include <stdint.h>

struct spawnpol_chain;
struct spawnpol_outcome;
struct spawnpol_ring;

/* Is it one on this ring? */
bool chain_is_whole(const struct spawnpol_ring *ring,
		    const struct spawnpol_chain *chain);
/*
 * Make chain->whole.arg of it. plain: the child is one as fork(2) makes. user_data is of
 * the first step, and counts on.
 */
void whole_fill(struct spawnpol_chain *chain, bool plain, uint64_t user_data);
/* What the one CQE tells. */
void whole_note(struct spawnpol_chain *chain, int res, unsigned int flags);
/* What an outcome's path is if it is of an attempt of a search, or NULL. */
const char *whole_path(const struct spawnpol_chain *chain, int step);
/* The number by which the kernel's report knows a step. */
uint32_t whole_report_step(const struct spawnpol_chain *chain, int step);

#endif
