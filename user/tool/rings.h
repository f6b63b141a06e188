/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Borrowing the rings of other processes. */
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

#endif
