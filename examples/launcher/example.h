/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the examples share: giving up, and waiting. */
#ifndef SPAWNPOL_EXAMPLE_H
#define SPAWNPOL_EXAMPLE_H

#include <err.h>
#include <errno.h>
#include <spawnpol.h>
#include <stdlib.h>
#include <sys/wait.h>

/* The library's calls return -errno. */
static inline void must(int result, const char *what)
{
	if (result >= 0)
		return;
	errno = -result;
	err(1, "%s", what);
}

/* A chain that did not become a program says which of its steps failed. */
static inline void must_run(const struct spawnpol_outcome *out)
{
	char text[256];

	if (!out->error)
		return;
	spawnpol_outcome_text(out, text, sizeof(text));
	errx(1, "%s", text);
}

/* The exit status of a process, as a shell would tell it. */
static inline int status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

#endif
