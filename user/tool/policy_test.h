/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spawnpol test, for policies. */
#ifndef SPAWNPOL_POLICY_TEST_H
#define SPAWNPOL_POLICY_TEST_H

#include <stdint.h>

struct table;
struct tool;

/*
 * Run the policy, which asks for these events, in the situations of the table, and print
 * what comes of them.
 */
int policy_test_table(struct tool *t, int prog, uint32_t events,
		      const struct table *table);

#endif
