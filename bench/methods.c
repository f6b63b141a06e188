// SPDX-License-Identifier: LGPL-2.1-or-later
#include "methods.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program that never reports ends the benchmark after so many seconds. */
#define LAUNCH_S 600

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
	alarm(0);
	if (l->method->release)
		l->method->release(l);
}

void launch(struct launcher *l, pid_t *pids, unsigned int nr)
{
	uint64_t cpu;

	alarm(LAUNCH_S);
	l->begin = clock_ns();
	l->method->launch(l, pids, nr);
	l->held = clock_ns() - l->begin;
	if (!l->method->collect)
		return;
	/* until the CQEs are there, the caller is free */
	cpu = cpu_ns();
	l->method->collect(l, pids, nr);
	if (!l->method->refill_later)
		launcher_refill(l);
	l->held += cpu_ns() - cpu;
}

void launcher_refill(struct launcher *l)
{
	if (l->method->refill)
		l->method->refill(l);
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
	bool late = l->method->collect && !l->waits;
	uint64_t first;
	pid_t pid;

	alarm(LAUNCH_S);
	l->begin = clock_ns();
	l->method->launch(l, &pid, 1);
	if (l->waits)
		l->method->collect(l, &pid, 1);
	first = site_report(l->site);
	if (late)
		l->method->collect(l, &pid, 1);
	reap(pid);
	launcher_refill(l);
	/* before the next launch others launch, and with --icount the clock can leap */
	alarm(0);
	return first - l->begin;
}
