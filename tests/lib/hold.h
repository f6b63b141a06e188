/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A page of memory that is not there: who reads it waits, in the kernel, until
 * it is filled in (userfaultfd). That holds a request where it reads a path, and
 * EXEC where it copies its arguments, for as long as a test wants.
 */
#ifndef SPAWNPOL_TESTS_HOLD_H
#define SPAWNPOL_TESTS_HOLD_H

#include <stdbool.h>

struct hold {
	int fd;
	char *page;
	bool reached;
};

void hold_init(struct hold *h);
/* The same of a page that is mapped and has not been touched. */
void hold_at(struct hold *h, char *page);
/* Somebody waits for the page, or did. */
bool hold_reached(struct hold *h);
/* Wait until somebody does; fails if nobody comes. */
void hold_wait(struct hold *h);
/* Let them have it, with this text. */
void hold_release(struct hold *h, const char *text);

#endif
