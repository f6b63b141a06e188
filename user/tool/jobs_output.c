// SPDX-License-Identifier: LGPL-2.1-or-later
/* The output of the commands of jobs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "jobs_launch.h"
#include "jobs_output.h"
#include "tool.h"

#define BUFFER	(64 * 1024)

int jobs_output_open(struct tool *t, struct jobs_output *o)
{
	const char *tmp = getenv("TMPDIR");
	int ret;

	o->dir = -1;
	if (!tmp || !*tmp)
		tmp = "/tmp";
	if (snprintf(o->path, sizeof(o->path), "%s/" TOOL_NAME "-jobs.XXXXXX", tmp) >=
	    (int)sizeof(o->path))
		return fail(t, ENAMETOOLONG, "cannot make a directory in $TMPDIR");
	if (!mkdtemp(o->path)) {
		ret = fail(t, errno, "cannot make a directory in %s for the output of commands",
			   tmp);
		advise(t, "TMPDIR=DIR for another directory, or --ungroup");
		return ret;
	}
	o->dir = open(o->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->dir >= 0)
		return 0;
	ret = fail(t, errno, "cannot open %s", o->path);
	rmdir(o->path);
	return ret;
}

void jobs_output_close(struct jobs_output *o)
{
	struct dirent *entry;
	DIR *dir;

	if (o->dir < 0)
		return;
	dir = fdopendir(o->dir);
	while (dir && (entry = readdir(dir)))
		unlinkat(o->dir, entry->d_name, 0);
	if (dir)
		closedir(dir);
	else
		close(o->dir);
	rmdir(o->path);
	o->dir = -1;
}

static int write_all(int to, const char *data, size_t len)
{
	ssize_t n;

	for (; len; data += n, len -= n) {
		n = write(to, data, len);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return -errno;
	}
	return 0;
}

/* What cannot be read has not been written: the command was not started. */
static int show_file(struct jobs_output *o, const char *name, int to)
{
	static char data[BUFFER];
	int from = openat(o->dir, name, O_RDONLY | O_CLOEXEC), ret = 0;
	ssize_t n;

	if (from < 0)
		return 0;
	while (!ret && (n = read(from, data, sizeof(data))) > 0)
		ret = write_all(to, data, n);
	close(from);
	unlinkat(o->dir, name, 0);
	return ret;
}

int jobs_output_show(struct jobs_output *o, unsigned int nr)
{
	char name[JOB_FILE_SIZE];
	int ret;

	if (o->dir < 0)
		return 0;
	job_file(nr, STDOUT_FILENO, name);
	ret = show_file(o, name, STDOUT_FILENO);
	job_file(nr, STDERR_FILENO, name);
	show_file(o, name, STDERR_FILENO);
	return ret;
}
