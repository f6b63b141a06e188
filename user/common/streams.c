// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opening standard streams that are closed when a program starts. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "streams.h"

int streams_reserve(void)
{
	int fd;

	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
		if (fcntl(stream, F_GETFD) >= 0)
			continue;
		/* the lowest number that is free, which is this one */
		fd = open("/dev/null", O_CLOEXEC |
			  (stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
		if (fd < 0)
			return -errno;
	}
	return 0;
}
