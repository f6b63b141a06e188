// SPDX-License-Identifier: LGPL-2.1-or-later
/* The socket between daemon and clients. */
#include "socket.h"

#include <errno.h>
#include <string.h>

int socket_for(const char *path, struct sockaddr_un *addr)
{
	int fd;

	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(addr->sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}
