// SPDX-License-Identifier: LGPL-2.1-or-later
/* Control groups for tests of what is charged and limited. */
#include "group.h"
#include "child.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *group_file(const char *group, const char *file)
{
	return format("/sys/fs/cgroup/%s/%s", group, file);
}

void group_make(const char *group)
{
	const char *dir = group_file(group, "");

	if (rmdir(dir) && errno != ENOENT)
		FAIL("%s: %s", dir, strerror(errno));
	CHECK_SYS(mkdir(dir, 0755));
}

/* Those that have been waited for can still be in it for a moment. */
void group_remove(const char *group)
{
	const char *dir = group_file(group, "");
	double until = now() + tap_patience();

	while (rmdir(dir)) {
		if (errno != EBUSY || now() > until)
			FAIL("%s: %s", dir, strerror(errno));
		sleep_ms(5);
	}
}

void group_set(const char *group, const char *file, long number)
{
	write_file(group_file(group, file), format("%ld", number), 0);
}

long group_get(const char *group, const char *file, const char *key)
{
	const char *text = read_file(group_file(group, file));

	CHECK(*text);
	return atol(key ? line_of(text, key) : text);
}

void group_enter(const char *group)
{
	group_set(group, "cgroup.procs", getpid());
}
