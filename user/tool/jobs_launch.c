// SPDX-License-Identifier: LGPL-2.1-or-later
/* The commands of jobs as requests. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "jobs_launch.h"
#include "jobs_list.h"
#include "tool.h"

#define SHELL	"/bin/sh"

void job_file(unsigned int nr, int fd, char name[JOB_FILE_SIZE])
{
	snprintf(name, JOB_FILE_SIZE, "%u.%s", nr, fd == STDOUT_FILENO ? "out" : "err");
}

static struct io_uring_spawn_step open_step(int dir, const char *path, int fd, int flags)
{
	return (struct io_uring_spawn_step) {
		.cmd = IORING_CHILD_OPEN,
		.fd = dir,
		.addr = (uintptr_t)path,
		.off = fd,
		.child_flags = flags,
		.addr3 = 0600,
	};
}

static unsigned int fill_steps(struct job_memory *m, const struct child_signals *signals,
			       int dir)
{
	const int create = O_WRONLY | O_CREAT | O_EXCL | O_APPEND;
	struct io_uring_spawn_step *steps = m->steps;
	unsigned int nr = 0;

	steps[nr++].cmd = IORING_CHILD_SETPGID;
	nr += child_signals_steps(signals, steps + nr);
	steps[nr] = open_step(AT_FDCWD, "/dev/null", STDIN_FILENO, O_RDONLY);
	steps[nr++].addr3 = 0;
	if (dir < 0)
		return nr;
	steps[nr++] = open_step(dir, m->out, STDOUT_FILENO, create);
	steps[nr++] = open_step(dir, m->err, STDERR_FILENO, create);
	return nr;
}

/* A line can begin with what would be an option of the shell's. */
static void fill_argv(struct job_memory *m, const char *line)
{
	unsigned int nr = 0;

	m->argv[nr++] = "sh";
	m->argv[nr++] = "-c";
	if (*line == '-' || *line == '+')
		m->argv[nr++] = "--";
	m->argv[nr] = line;
}

static void fill(struct io_uring_spawn *spawn, struct job_memory *m, const char *line,
		 const struct child_signals *signals, int dir)
{
	fill_argv(m, line);
	m->report.size = sizeof(m->report);
	*spawn = (struct io_uring_spawn) {
		.nr_steps = fill_steps(m, signals, dir),
		.steps = (uintptr_t)m->steps,
		.path = (uintptr_t)SHELL,
		.dfd = AT_FDCWD,
		.argv = (uintptr_t)m->argv,
		.envp = (uintptr_t)environ,
		.report = (uintptr_t)&m->report,
	};
}

int jobs_launch_make(struct tool *t, struct jobs_launch *l, const struct jobs_list *list,
		     const struct child_signals *signals, int dir)
{
	l->spawns = calloc(list->nr, sizeof(*l->spawns));
	l->memory = calloc(list->nr, sizeof(*l->memory));
	if (!l->spawns || !l->memory) {
		jobs_launch_free(l);
		return fail(t, ENOMEM, "cannot describe %u commands", list->nr);
	}
	for (unsigned int i = 0; i < list->nr; i++) {
		job_file(i, STDOUT_FILENO, l->memory[i].out);
		job_file(i, STDERR_FILENO, l->memory[i].err);
		fill(&l->spawns[i], &l->memory[i], list->lines[i].text, signals, dir);
	}
	return 0;
}

void jobs_launch_free(struct jobs_launch *l)
{
	free(l->spawns);
	free(l->memory);
	*l = (struct jobs_launch) { 0 };
}

/* The kernel writes the pid when there is a child, and end if that becomes no program. */
int job_pid(const struct jobs_launch *l, unsigned int nr)
{
	const volatile struct io_uring_spawn_report *report = &l->memory[nr].report;

	return report->end ? 0 : report->pid;
}

bool job_was_begun(const struct jobs_launch *l, unsigned int nr)
{
	return ((const volatile struct io_uring_spawn_report *)&l->memory[nr].report)->pid;
}
