/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two halves of the harness share. */
#ifndef SPAWNPOL_TESTS_TAP_PRIVATE_H
#define SPAWNPOL_TESTS_TAP_PRIVATE_H

#define TAP_EXIT_SKIP 77

/* One test's state, in memory that every process it forks shares. */
struct tap_shared {
	unsigned int failures;
	char skip[256];
	char dir[256];
};

extern struct tap_shared *tap_shared;

#endif
