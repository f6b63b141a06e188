/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole spawn (whole.h) as a chain of links, CLONE and its steps: what holds of kept
 * children holds in either form. With by_links set, these do it by links:
 *
 *	q_spawn(&r, &w, NTH(0));
 *	tring_submit(&r);
 *	EXPECT_EQ(spawn_res(&r, &w, NTH(0)), number);
 *	tring_total(&r, spawn_cqes(&w));
 */
#ifndef SPAWNPOL_TESTS_LINKS_H
#define SPAWNPOL_TESTS_LINKS_H

#include "whole.h"

extern bool by_links;

/* user_data of a step, and of the deadline, of the chain whose CLONE has this. */
#define LINK_OF(user_data, nth) ((user_data) | (uint64_t)((nth) + 1) << 32)
#define LINK_DEADLINE(user_data) LINK_OF(user_data, 4000)

/*
 * Queue it, linked to nothing else. What has no form as links (a search, no step at all
 * and no program) has an EXEC of its path, or a NOP. Returns the SQE of SPAWN or CLONE.
 */
struct io_uring_sqe *q_spawn(struct tring *r, struct whole *w, uint64_t user_data);
/*
 * What SPAWN's CQE says. Of links it is put together of all of theirs, which are
 * checked: each request has one, and after a failure the rest is cancelled. @w is what
 * was queued.
 */
int spawn_res(struct tring *r, struct whole *w, uint64_t user_data);
/* How many CQEs it has. */
unsigned int spawn_cqes(const struct whole *w);
/* As whole_run(). */
int spawn_run(struct tring *r, struct whole *w);

#endif
