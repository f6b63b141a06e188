/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a step has set in a child that waits, stays (C3). */
#ifndef SPAWNPOL_TESTS_STAYS_H
#define SPAWNPOL_TESTS_STAYS_H

#include "kept.h"

#include <sys/types.h>

struct stays {
	void (*step)(struct io_uring_spawn_step *step); /* its fields, or NULL */
	void (*change)(void); /* of the launcher, to something else, or NULL */
	void (*check)(pid_t pid); /* that the program has what the step has set */
	unsigned int cmd;
	int fd; /* is 5 in the child */
};

/*
 * As a step of the SPAWN that makes the child, and of a later one; looked at in the child
 * and in copies.
 */
void check_stays(const struct stays *stays);

#endif
