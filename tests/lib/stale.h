/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Children that wait, and a launcher that changes meanwhile (C3):
 *
 *	check_word(set_nice, set_nice_back);
 */
#ifndef SPAWNPOL_TESTS_STALE_H
#define SPAWNPOL_TESTS_STALE_H

#include "kept.h"

/* One that waits, a copy of it, and the ring whose they are. */
struct waiting {
	struct tring r;
	struct whole w;
	int number;
	int copy;
};

void waiting_make(struct waiting *waiting);
void waiting_end(struct waiting *waiting);
/* Using either, and copying, is refused; they are there as before. */
void check_stale(struct waiting *waiting);
/* Each of that works. */
void check_good(struct waiting *waiting);

/* This makes them stale, and that good again; NULL: nothing does. */
void check_word(void (*change)(void), void (*back)(void));
/* A call that this kernel, or this machine, may not have. */
void may_lack(long ret);

#endif
