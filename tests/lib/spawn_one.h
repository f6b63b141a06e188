/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shortest chain there is to spawn, for tests of who may and who may not:
 *
 *	CHECK_EQ(spawn_exit(&r, &exec), -EPERM);
 */
#ifndef SPAWNPOL_TESTS_SPAWN_ONE_H
#define SPAWNPOL_TESTS_SPAWN_ONE_H

#include "ring.h"

/*
 * CLONE, NOP, EXEC: CLONE's result, and EXEC's if wanted. Nothing of the child
 * is left behind.
 */
int spawn_exit(struct tring *r, int *exec);
/* The same of a chain of one's own, whose last step is step number "last". */
int spawn_queued(struct tring *r, unsigned int last, int *exec);

/* CLONE, a step that fails, EXEC of what exits with 3; all CQEs have come. */
void spawn_failing(struct tring *r);
/* A chain's child was made and is gone, and there is no other. */
void check_no_program(struct tring *r);

#endif
