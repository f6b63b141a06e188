/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rings of other processes. */
#ifndef SPAWNPOL_RINGS_H
#define SPAWNPOL_RINGS_H

#include <stdint.h>

struct tool;

/*
 * A descriptor of our own for the ring that process pid has as fd, or, if fd
 * is NOT_GIVEN, for its only ring. The caller closes it. *fd is set to the
 * number in the process.
 */
int rings_take(struct tool *t, uint32_t pid, uint32_t *fd);

/* A ring seen in a process. */
struct ring_seen {
	uint32_t pid, fd;
	uint64_t ring_id;
};

/*
 * Call each() for every ring with an id, wherever it is open, that may be seen.
 * Only process pid's, if that is not 0.
 */
void rings_each(uint32_t pid,
		void (*each)(const struct ring_seen *seen, void *data),
		void *data);

#endif
