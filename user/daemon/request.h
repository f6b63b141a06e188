/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOLD_REQUEST_H
#define SPAWNPOLD_REQUEST_H

#include <spawnpol.h>
#include <stddef.h>

#include "proto.h"

/*
 * Turn a message of size bytes and the nr_fds descriptors that came with it into
 * a chain, which the caller then owns, and which takes a child of pool if that is not
 * NULL; the descriptors stay the caller's and must
 * be open until the outcome. An error is explained in why, of SPD_MAX_TEXT bytes.
 */
int request_to_chain(const char *message, size_t size, const int *fds,
		     int nr_fds, struct spawnpol_pool *pool,
		     struct spawnpol_chain **chain, char *why);

#endif
