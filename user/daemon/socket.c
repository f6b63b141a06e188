// SPDX-License-Identifier: LGPL-2.1-or-later
/* The socket between daemon and clients. */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG	64

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

/* Is it a socket that nobody listens at? */
static bool is_abandoned(const struct sockaddr_un *addr)
{
	struct stat file;
	bool refused;
	int fd;

	if (lstat(addr->sun_path, &file) || !S_ISSOCK(file.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	refused = connect(fd, (const void *)addr, sizeof(*addr)) &&
		  errno == ECONNREFUSED;
	close(fd);
	return refused;
}

/* The socket's directory, locked. Without that, what is there is left alone. */
static int lock_directory(const struct sockaddr_un *addr)
{
	char path[sizeof(addr->sun_path)];
	int fd;

	strcpy(path, addr->sun_path);
	fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int bind_to(int fd, const struct sockaddr_un *addr)
{
	/*
	 * Between bind() and listen() a socket looks abandoned, and one that is
	 * abandoned could be somebody else's when it is removed: so one at a time.
	 */
	int lock = lock_directory(addr), err = 0;

	if (bind(fd, (const void *)addr, sizeof(*addr)))
		err = -errno;
	if (err == -EADDRINUSE && lock >= 0 && is_abandoned(addr) &&
	    !unlink(addr->sun_path))
		err = bind(fd, (const void *)addr, sizeof(*addr)) ? -errno : 0;
	if (!err && listen(fd, BACKLOG))
		err = -errno;
	if (lock >= 0)
		close(lock);
	return err;
}

int socket_listen(const char *path)
{
	struct sockaddr_un addr;
	mode_t mask;
	int fd, err;

	fd = socket_for(path, &addr);
	if (fd < 0)
		return fd;
	mask = umask(0177);
	err = bind_to(fd, &addr);
	umask(mask);
	if (!err)
		return fd;
	close(fd);
	return err;
}
