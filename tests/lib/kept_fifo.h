/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One kept child (kept_one.h), and a FIFO that a step of it can wait for. */
#ifndef SPAWNPOL_TESTS_KEPT_FIFO_H
#define SPAWNPOL_TESTS_KEPT_FIFO_H

#include "kept_one.h"

#include <sys/stat.h>

static char *fifo;

/* The child is made as by_links says. */
static inline void start_with_fifo(unsigned int ring_flags)
{
	start_on(ring_flags);
	if (!fifo) {
		fifo = in_dir("fifo");
		CHECK_SYS(mkfifo(fifo, 0600));
	}
}

/* On each kind of ring there is such a child, and what is done with it is a SPAWN, or links. */
static inline void in_either_form(void (*test)(void))
{
	unsigned int i;

	for (i = 0; i < 2 * tring_nr_kinds; i++) {
		by_links = i % 2;
		DIAG("%s, %s", tring_kinds[i / 2].name, by_links ? "links" : "SPAWN");
		start_with_fifo(tring_kinds[i / 2].flags);
		test();
	}
	by_links = false;
}

#endif
