/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOLD_SOCKET_H
#define SPAWNPOLD_SOCKET_H

#include <sys/socket.h>
#include <sys/un.h>

/* A socket of the protocol's kind, and the address of path, to connect or bind it to. */
int socket_for(const char *path, struct sockaddr_un *addr);

/*
 * Make such a socket at path, for its owner only, and listen. The socket of a daemon
 * that was killed, which nobody listens at any more, is replaced. Returns the socket.
 * -EADDRINUSE: another daemon or another file is there.
 */
int socket_listen(const char *path);

#endif
