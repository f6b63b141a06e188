// SPDX-License-Identifier: LGPL-2.1-or-later
/* What programs launch others with today: the C library and system calls. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "methods.h"

#define STACK_SIZE 65536

extern char **environ;

static char *const argv[] = { (char *)SITE_PROGRAM, NULL };

/* The environment's PATH is the site's. */
static int exec_search(void *unused)
{
	(void)unused;
	execvp(SITE_PROGRAM, argv);
	_exit(127);
}

/* fork(2) and execvp(3). */
static void launch_fork(struct launcher *l, pid_t *pids, unsigned int nr)
{
	(void)l;
	for (unsigned int i = 0; i < nr; i++) {
		pids[i] = must_sys(fork());
		if (!pids[i])
			exec_search(NULL);
	}
}

const struct method method_fork = {
	.name = "fork", .launch = launch_fork,
};

/* vfork(2) and execvp(3). */
static void launch_vfork(struct launcher *l, pid_t *pids, unsigned int nr)
{
	(void)l;
	for (unsigned int i = 0; i < nr; i++) {
		pid_t pid = vfork();

		if (!pid) {
			execvp(SITE_PROGRAM, argv);
			_exit(127);
		}
		pids[i] = must_sys(pid);
	}
}

const struct method method_vfork = {
	.name = "vfork", .launch = launch_vfork,
};

/* vfork(2) and execve(2) of the right path: nothing to search. */
static void launch_vfork_path(struct launcher *l, pid_t *pids, unsigned int nr)
{
	const char *path = site_program(l->site);

	for (unsigned int i = 0; i < nr; i++) {
		pid_t pid = vfork();

		if (!pid) {
			execve(path, argv, environ);
			_exit(127);
		}
		pids[i] = must_sys(pid);
	}
}

const struct method method_vfork_path = {
	.name = "vfork_path", .launch = launch_vfork_path,
};

/* posix_spawnp(3). */
static void launch_posix_spawn(struct launcher *l, pid_t *pids, unsigned int nr)
{
	(void)l;
	for (unsigned int i = 0; i < nr; i++)
		must(-posix_spawnp(&pids[i], SITE_PROGRAM, NULL, NULL, argv,
				   environ));
}

const struct method method_posix_spawn = {
	.name = "posix_spawn", .launch = launch_posix_spawn,
};

/* clone(2) as vfork does it, on a stack of its own, and execvp(3). */
static void launch_clone(struct launcher *l, pid_t *pids, unsigned int nr)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));

	(void)l;
	for (unsigned int i = 0; i < nr; i++)
		pids[i] = must_sys(clone(exec_search, stack + STACK_SIZE,
					 CLONE_VM | CLONE_VFORK | SIGCHLD,
					 NULL));
}

const struct method method_clone = {
	.name = "clone_vfork", .launch = launch_clone,
};

/*
 * The floor: execve(2) of the right path in a process that is there already,
 * shares this one's memory as a chain's child does, and has just been told to.
 */
struct ready {
	struct launcher *l;
	int go[2];	/* a byte tells it to go on */
	int gone[2];	/* end of file tells that it is a program, or dead */
};

static int exec_when_told(void *arg)
{
	struct ready *ready = arg;
	char byte;

	if (read(ready->go[0], &byte, 1) != 1)
		_exit(126);
	ready->l->begin = clock_ns();
	execve(site_program(ready->l->site), argv, environ);
	_exit(127);
}

static void launch_ready(struct launcher *l, pid_t *pids, unsigned int nr)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));
	struct ready ready = { .l = l };
	char byte;

	if (nr != 1)
		give_up(0, "the floor is measured one by one");
	must_sys(pipe2(ready.go, O_CLOEXEC));
	must_sys(pipe2(ready.gone, O_CLOEXEC));
	pids[0] = must_sys(clone(exec_when_told, stack + STACK_SIZE,
				 CLONE_VM | SIGCHLD, &ready));
	close(ready.gone[1]);
	sleep_ns(1000000);	/* until it waits for the byte */
	must_sys(write(ready.go[1], "", 1));
	must_sys(read(ready.gone[0], &byte, 1));
	close(ready.gone[0]);
	close(ready.go[0]);
	close(ready.go[1]);
}

const struct method method_ready = {
	.name = "ready", .launch = launch_ready,
};
