/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a loaded program is a policy or an actor's. */
#ifndef SPAWNPOL_PROG_KIND_H
#define SPAWNPOL_PROG_KIND_H

#include <stdbool.h>

/*
 * Is the program one of IORING_OP_BPF? The kernel does not tell what a program is for; but
 * it attaches only those to a slot for actors, so that is tried on a ring of our own.
 */
bool prog_is_actor(int prog_fd);

/* "actor" or "policy". */
const char *prog_kind(bool actor);

#endif
