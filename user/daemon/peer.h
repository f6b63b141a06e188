/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOLD_PEER_H
#define SPAWNPOLD_PEER_H

#include <stddef.h>

/*
 * May the process at the other end of the socket have programs launched? They
 * have the daemon's rights, so those must not be more than its own. 0, or
 * -EPERM with the cause and the remedy in why.
 */
int peer_check(int socket, char *why, size_t size);

#endif
