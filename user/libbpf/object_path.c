// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finding object files, and the names of policies in them. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "object_path.h"

#define ENDING	".bpf.o"

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* Keep the directory alone, without a slash at the end. */
static bool cut_name(char path[PATH_MAX])
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = 0;
	return slash;
}

/* The directory of this program. */
static bool program_dir(char dir[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", dir, PATH_MAX - 1);

	if (len < 0)
		return false;
	dir[len] = 0;
	return cut_name(dir);
}

/* That of the library, if it is a shared one: wherever it was installed. */
static bool library_dir(char dir[PATH_MAX])
{
	Dl_info info;

	if (!dladdr(program_dir, &info) || !info.dli_fname)
		return false;
	if (snprintf(dir, PATH_MAX, "%s", info.dli_fname) >= PATH_MAX)
		return false;
	return cut_name(dir);
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
	const char *objects = secure_getenv("SPAWNPOL_OBJECTS");
	char dir[PATH_MAX];

	if (objects && find_in(objects, "", name, path))
		return true;
	if (program_dir(dir) && (find_in(dir, "/bpf", name, path) ||
				 find_in(dir, "/../share/spawnpol", name, path)))
		return true;
	if (library_dir(dir) && find_in(dir, "/../share/spawnpol", name, path))
		return true;
	return find_in("/usr/local/share", "/spawnpol", name, path) ||
	       find_in("/usr/share", "/spawnpol", name, path);
}

int object_find(const char *name, char path[PATH_MAX])
{
	struct stat st;

	if (!strchr(name, '/') && !is_file(name) && find_installed(name, path))
		return 0;
	if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (access(path, R_OK) || stat(path, &st))
		return -errno;
	if (S_ISREG(st.st_mode))
		return 0;
	return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
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
