// SPDX-License-Identifier: LGPL-2.1-or-later
/* The children of a case: which there are, which are programs, how they end. */
#include "run.h"
#include "child.h"
#include "world.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

/* Milliseconds that programs get to end by themselves, and all to be gone. */
#define PROGRAM_MS (150 * tap_slowness())
#define GONE_MS (30000 * tap_slowness())

static volatile unsigned int nr_sigchld;

static void on_sigchld(int signo)
{
	(void)signo;
	nr_sigchld++;
}

void count_signals(void)
{
	struct sigaction action = {
		.sa_handler = on_sigchld,
		.sa_flags = SA_NOCLDSTOP | SA_RESTART,
	};

	nr_sigchld = 0;
	CHECK_SYS(sigaction(SIGCHLD, &action, NULL));
}

unsigned int signals_counted(void)
{
	return nr_sigchld;
}

/* Call @visit for the children of each thread. */
static void for_each_child(void (*visit)(pid_t pid, void *arg), void *arg)
{
	DIR *tasks = CHECK_PTR(opendir("/proc/self/task"));
	struct dirent *entry;
	char path[300], list[1024], *at;

	while ((entry = readdir(tasks))) {
		if (!atoi(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/children",
			 entry->d_name);
		/* visitors read files, too */
		snprintf(list, sizeof(list), "%s", read_file(path));
		for (at = list; *at; at += *at == ' ')
			visit(strtol(at, &at, 10), arg);
	}
	closedir(tasks);
}

static void signal_one(pid_t pid, void *arg)
{
	kill(pid, *(int *)arg);
}

void signal_children(int signo)
{
	for_each_child(signal_one, &signo);
}

/* Only programs can be told what to do; what a child runs before is this. */
static bool is_program(pid_t pid)
{
	char path[64], exe[512];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	len = readlink(path, exe, sizeof(exe) - 1);
	if (len <= 0)
		return false;
	exe[len] = '\0';
	return !strstr(exe, "fuzz/chains");
}

static void end_program(pid_t pid, void *arg)
{
	struct seen *seen = arg;

	if (!is_program(pid))
		return;
	seen->killed = true;
	kill(pid, SIGKILL);
}

static void show_child(pid_t pid, void *arg)
{
	(void)arg;
	printf("child %d is left:\n%s\n", pid,
	       read_file(format("/proc/%d/status", pid)));
	printf("%s\n", read_file(format("/proc/%d/stack", pid)));
}

static pid_t reap_one(struct seen *seen)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);

	if (pid > 0 && seen->nr_reaped < MAX_REAPED) {
		seen->reaped[seen->nr_reaped].pid = pid;
		seen->reaped[seen->nr_reaped++].status = status;
	}
	return pid;
}

void reap_all(struct seen *seen, struct io_uring *ring)
{
	double begin = now(), passed;
	pid_t pid;

	while ((pid = reap_one(seen)) >= 0) {
		if (pid)
			continue;
		if (ring)
			kept_kill(ring);
		passed = (now() - begin) * 1000;
		if (passed > PROGRAM_MS)
			for_each_child(end_program, seen);
		if (passed > GONE_MS) {
			for_each_child(show_child, NULL);
			seen->left = true;
			signal_children(SIGKILL);
			return;
		}
		world_unblock();
		sleep_ms(passed < 20 ? 1 : 10);
	}
}
