// SPDX-License-Identifier: LGPL-2.1-or-later
#include "methods.h"

#include <errno.h>
#include <sys/wait.h>

void launcher_init(struct launcher *l, const struct method *method,
		   const struct site *site, unsigned int max)
{
	*l = (struct launcher) {
		.method = method,
		.site = site,
		.max = max,
	};
	if (method->prepare)
		method->prepare(l);
}

void launcher_exit(struct launcher *l)
{
	if (l->method->release)
		l->method->release(l);
}

void launch(struct launcher *l, pid_t *pids, unsigned int nr)
{
	l->held = 0;
	l->begin = clock_ns();
	l->method->launch(l, pids, nr);
	/* a method during which the caller is free for a while says so itself */
	if (!l->held)
		l->held = clock_ns() - l->begin;
}

void reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			give_up(-errno, "waitpid");
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		give_up(0, "the program ended with status %#x", status);
}

uint64_t launch_latency(struct launcher *l)
{
	uint64_t first;
	pid_t pid;

	launch(l, &pid, 1);
	first = site_report(l->site);
	reap(pid);
	return first - l->begin;
}
