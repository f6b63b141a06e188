/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOLD_REQUEST_H
#define SPAWNPOLD_REQUEST_H

#include <spawnpol.h>
#include <stddef.h>

#include "proto.h"

/*
 * Turn a message of size bytes and the descriptors that came with it into a
 * chain, which the caller then owns; the descriptors stay the caller's and must
 * be open until the outcome. -EBADMSG: not a request. Else as the builder.
 */
int request_to_chain(const char *message, size_t size,
		     const int fds[SPD_NR_FDS], struct spawnpol_chain **chain);

#endif
