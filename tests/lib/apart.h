/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process of its own has to do, as it changes itself for good, and a
 * number that it tells:
 *
 *	struct apart apart;
 *
 *	if (apart_begin(&apart))
 *		apart_end(&apart, spawn_without_rights());
 *	EXPECT_EQ(apart_result(&apart), -EPERM);
 */
#ifndef SPAWNPOL_TESTS_APART_H
#define SPAWNPOL_TESTS_APART_H

#include <stdbool.h>
#include <sys/types.h>

struct apart {
	pid_t pid;
	int fds[2];
};

/* Fork: true in the new process. */
bool apart_begin(struct apart *a);
/* End the new process with this number. */
__attribute__((noreturn)) void apart_end(struct apart *a, int result);
/* Wait for its end, which must be a good one: the number. */
int apart_result(struct apart *a);

#endif
