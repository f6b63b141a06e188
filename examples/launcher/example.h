/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the examples share: error messages and waiting for a program. */
#ifndef SPAWNPOL_EXAMPLE_H
#define SPAWNPOL_EXAMPLE_H

#include <err.h>
#include <errno.h>
#include <spawnpol.h>
#include <stdlib.h>
#include <sys/wait.h>

/* Exit with a message if a call of the library has returned -errno. */
static inline void must(int result, const char *what)
{
	if (result >= 0)
		return;
	errno = -result;
	err(1, "%s", what);
}

/* Exit with a message about the failed step if the program was not launched. */
static inline void must_run(const struct spawnpol_outcome *out)
{
	char text[256];

	if (!out->error)
		return;
	spawnpol_outcome_text(out, text, sizeof(text));
	errx(1, "%s", text);
}

/* Wait for a process and return its exit status as a shell shows it. */
static inline int status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

#endif
