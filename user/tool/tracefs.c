// SPDX-License-Identifier: LGPL-2.1-or-later
/* An instance in tracefs for this tool. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/parse.h"
#include "tool.h"
#include "tracefs.h"

static int put(const struct tracefs *tr, const char *file, const char *text)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/%s", tr->dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int check_events(struct tool *t)
{
	int ret;

	if (!access(TRACEFS_EVENTS, F_OK))
		return 0;
	if (errno == EACCES) {
		ret = fail(t, errno, "cannot look into %s", TRACEFS_DIR);
		advise(t, "run %s as root", TOOL_NAME);
		return ret;
	}
	if (access(TRACEFS_DIR "/events", F_OK)) {
		ret = fail(t, errno, "no trace file system on %s", TRACEFS_DIR);
		advise(t, "mount -t tracefs nodev %s", TRACEFS_DIR);
		return ret;
	}
	ret = unsupported(t, 0, "this kernel has no events %s", TRACEFS_GROUP);
	advise(t, "%s probe", TOOL_NAME);
	return ret;
}

static int set_up(struct tool *t, struct tracefs *tr)
{
	char path[128];
	int ret;

	/* one clock for all processors, not set back by anyone */
	ret = put(tr, "trace_clock", "mono");
	if (!ret)
		ret = put(tr, "events/" TRACEFS_GROUP "/enable", "1");
	if (ret)
		return fail(t, ret, "cannot set up %s", tr->dir);
	snprintf(path, sizeof(path), "%s/trace_pipe", tr->dir);
	tr->pipe = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return tr->pipe < 0 ? fail(t, errno, "cannot open %s", path) : 0;
}

/* Instances are called after the process that made them. */
static void sweep(void)
{
	const size_t len = strlen(TOOL_NAME "-");
	struct dirent *entry;
	char path[sizeof(TRACEFS_INSTANCES) + NAME_MAX + 2];
	uint32_t pid;
	DIR *dir;

	dir = opendir(TRACEFS_INSTANCES);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, TOOL_NAME "-", len) ||
		    parse_number(entry->d_name + len, 1, INT32_MAX, &pid) ||
		    !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "%s/%s", TRACEFS_INSTANCES,
			 entry->d_name);
		rmdir(path);
	}
	closedir(dir);
}

int tracefs_open(struct tool *t, struct tracefs *tr)
{
	int ret;

	tr->pipe = -1;
	snprintf(tr->dir, sizeof(tr->dir), "%s/%s-%d", TRACEFS_INSTANCES,
		 TOOL_NAME, getpid());
	ret = check_events(t);
	if (ret)
		return ret;
	sweep();
	if (mkdir(tr->dir, 0700) && errno != EEXIST) {
		ret = fail(t, errno, "cannot make %s", tr->dir);
		if (ret == -EPERM || ret == -EACCES)
			advise(t, "run %s as root", TOOL_NAME);
		return ret;
	}
	ret = set_up(t, tr);
	if (ret)
		tracefs_close(tr);
	return ret;
}

void tracefs_close(struct tracefs *tr)
{
	put(tr, "events/" TRACEFS_GROUP "/enable", "0");
	if (tr->pipe >= 0)
		close(tr->pipe);
	tr->pipe = -1;
	rmdir(tr->dir);
}
