// SPDX-License-Identifier: LGPL-2.1-or-later
/* A program that sleeps while the test looks at it. */
#include "sleeper.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "child.h"

const char *sleeper_path;

static void sleeper_init(struct whole *w)
{
	whole_init(w, sleeper_path ? sleeper_path : helper("exit_with"));
	w->argv[1] = "sleep";
}

pid_t sleeper_in(struct tring *r, int number)
{
	struct whole w;

	sleeper_init(&w);
	kept_in(&w, number);
	return CHECK_OK(whole_run(r, &w)->res);
}

pid_t sleeper_in_copy(struct tring *r, int number)
{
	struct whole w;

	sleeper_init(&w);
	kept_copy(&w, number);
	return CHECK_OK(whole_run(r, &w)->res);
}

pid_t sleeper_new(struct tring *r)
{
	struct whole w;

	sleeper_init(&w);
	return CHECK_OK(whole_run(r, &w)->res);
}

void sleeper_end(pid_t pid)
{
	CHECK_SYS(kill(pid, SIGKILL));
	CHECK_EQ(wait_exit(pid), -SIGKILL);
}

const char *sleeper_status(pid_t pid, const char *key)
{
	return line_of(sleeper_file(pid, "status"), key);
}

unsigned long long sleeper_mask(pid_t pid, const char *key)
{
	return strtoull(sleeper_status(pid, key), NULL, 16);
}

const char *sleeper_file(pid_t pid, const char *name)
{
	return read_file(format("/proc/%d/%s", pid, name));
}

const char *sleeper_link(pid_t pid, const char *name)
{
	char target[PATH_MAX];
	ssize_t size;

	size = CHECK_SYS(readlink(format("/proc/%d/%s", pid, name), target,
				  sizeof(target) - 1));
	target[size] = '\0';
	return format("%s", target);
}
