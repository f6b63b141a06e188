// SPDX-License-Identifier: LGPL-2.1-or-later
/* Borrowing the rings of other processes. */
#include <dirent.h>
#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/parse.h"
#include "ring_scan.h"
#include "rings.h"
#include "tool.h"

#define MAX_RINGS	16

struct found {
	uint32_t fd[MAX_RINGS];
	unsigned int nr;
};

/* A duplicate of a descriptor is no other ring; unknown counts as another. */
static bool same_ring(uint32_t pid, uint32_t a, uint32_t b)
{
	return !syscall(SYS_kcmp, pid, pid, KCMP_FILE, a, b);
}

static void add(struct found *found, uint32_t pid, uint32_t fd)
{
	unsigned int i;

	for (i = 0; i < found->nr; i++)
		if (same_ring(pid, found->fd[i], fd))
			return;
	if (found->nr < MAX_RINGS)
		found->fd[found->nr++] = fd;
}

static int no_process(struct tool *t, uint32_t pid, int err)
{
	int ret;

	if (err == ENOENT || err == ESRCH)
		return fail(t, ESRCH, "there is no process %u", pid);
	ret = fail(t, err, "cannot look at the descriptors of process %u", pid);
	if (err == EACCES || err == EPERM)
		advise(t, "run %s as root, or as the process's user with CAP_SYS_PTRACE",
		       TOOL_NAME);
	return ret;
}

static int scan(struct tool *t, uint32_t pid, struct found *found)
{
	struct dirent *entry;
	char path[64];
	uint32_t fd;
	DIR *dir;

	found->nr = 0;
	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	if (!dir)
		return no_process(t, pid, errno);
	while ((entry = readdir(dir)))
		if (!parse_number(entry->d_name, 0, INT32_MAX, &fd) &&
		    ring_scan_is_ring(pid, fd))
			add(found, pid, fd);
	closedir(dir);
	return 0;
}

static int several(struct tool *t, uint32_t pid, const struct found *found)
{
	char list[16 * MAX_RINGS] = "";
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < found->nr; i++)
		len += snprintf(list + len, sizeof(list) - len, "%s%u",
				i ? ", " : "", found->fd[i]);
	refuse(t, "process %u has %u rings, as descriptors %s", pid, found->nr,
	       list);
	advise(t, "--fd with one of them");
	return -EINVAL;
}

static int find_only(struct tool *t, uint32_t pid, uint32_t *fd)
{
	struct found found;
	int ret;

	ret = scan(t, pid, &found);
	if (ret)
		return ret;
	if (found.nr > 1)
		return several(t, pid, &found);
	if (!found.nr) {
		refuse(t, "process %u has no descriptor of an io_uring", pid);
		advise(t, "another --pid; rings that a process has only registered cannot be reached");
		return -EINVAL;
	}
	*fd = found.fd[0];
	return 0;
}

static int borrow(struct tool *t, uint32_t pid, uint32_t fd)
{
	int pidfd, ours, err;

	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return no_process(t, pid, errno);
	ours = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	err = errno;
	close(pidfd);
	if (ours >= 0)
		return ours;
	if (err == EBADF)
		return fail(t, err, "process %u has no descriptor %u", pid, fd);
	ours = fail(t, err, "cannot get descriptor %u of process %u", fd, pid);
	if (err == EPERM)
		advise(t, "run %s as root (CAP_SYS_PTRACE is needed)", TOOL_NAME);
	return ours;
}

/* What we got may be another file than the one that we saw there. */
static int check_ring(struct tool *t, int ours, uint32_t pid, uint32_t fd)
{
	if (ring_scan_is_ring(getpid(), ours))
		return ours;
	close(ours);
	refuse(t, "descriptor %u of process %u is not an io_uring", fd, pid);
	advise(t, "leave --fd out, if the process has just one ring");
	return -EINVAL;
}

int rings_take(struct tool *t, uint32_t pid, uint32_t *fd)
{
	int ret;

	if (*fd == NOT_GIVEN) {
		ret = find_only(t, pid, fd);
		if (ret)
			return ret;
	}
	ret = borrow(t, pid, *fd);
	return ret < 0 ? ret : check_ring(t, ret, pid, *fd);
}
