/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of open directories (IORING_REGISTER_SPAWN_SEARCH), for the engine's tests. */
#ifndef SPAWNPOL_TESTS_DIRS_H
#define SPAWNPOL_TESTS_DIRS_H

#include "ring.h"

/* A new directory of this test's. The string stays. */
char *new_dir(const char *name);
/* Register a list under a number, or with NULL forget it. How many are open, or -errno. */
int dirs_set(struct tring *r, unsigned int index, const char *list);

#endif
