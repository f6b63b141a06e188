/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spawnpol test, for actors. */
#ifndef SPAWNPOL_ACTOR_TEST_H
#define SPAWNPOL_ACTOR_TEST_H

struct table;
struct tool;

/* Run the program in the situations of the table, and print what comes of them. */
int actor_test_table(struct tool *t, int prog, const struct table *table);

#endif
