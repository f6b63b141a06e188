// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where object files are found, and what they are called. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "object.h"
#include "object_path.h"
#include "tool.h"

#define ENDING	".bpf.o"

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* The directory of this program, without a slash at the end. */
static int own_dir(char dir[PATH_MAX])
{
	ssize_t len;
	char *slash;

	len = readlink("/proc/self/exe", dir, PATH_MAX - 1);
	if (len < 0)
		return -errno;
	dir[len] = 0;
	slash = strrchr(dir, '/');
	if (!slash)
		return -ENOENT;
	*slash = 0;
	return 0;
}

static bool find_in(const char *dir, const char *below, const char *name,
		    char path[PATH_MAX])
{
	int len;

	len = snprintf(path, PATH_MAX, "%s%s/%s", dir, below, name);
	if (len < PATH_MAX && is_file(path))
		return true;
	len = snprintf(path, PATH_MAX, "%s%s/%s%s", dir, below, name, ENDING);
	return len < PATH_MAX && is_file(path);
}

static bool find_installed(const char *name, char path[PATH_MAX])
{
	const char *own = getenv("SPAWNPOL_OBJECTS");
	char dir[PATH_MAX];

	if (own && find_in(own, "", name, path))
		return true;
	return !own_dir(dir) &&
	       (find_in(dir, "/bpf", name, path) ||
		find_in(dir, "/../share/spawnpol", name, path));
}

int object_find(struct tool *t, const char *name, char path[PATH_MAX])
{
	int len;

	if (!strchr(name, '/') && !is_file(name) && find_installed(name, path))
		return 0;
	len = snprintf(path, PATH_MAX, "%s", name);
	if (len >= PATH_MAX)
		return fail(t, ENAMETOOLONG, "cannot read %.60s...", name);
	if (!access(path, R_OK) && is_file(path))
		return 0;
	fail(t, access(path, R_OK) ? errno : EISDIR, "cannot read the object file %s", name);
	if (t->problem.err == ENOENT && !strchr(name, '/'))
		advise(t, "a path, or the name of a policy in the directory $SPAWNPOL_OBJECTS");
	return -t->problem.err;
}

void object_name(const char *file, char *name, size_t size)
{
	const char *slash = strrchr(file, '/');
	size_t len;

	if (slash)
		file = slash + 1;
	len = strcspn(file, ".");
	snprintf(name, size, "%.*s", (int)len, file);
}
