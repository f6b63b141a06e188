/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same spawn by libc's own posix_spawn and by the library's, compared:
 *
 *	struct job j = JOB;
 *
 *	posix_spawn_file_actions_addclose(actions(&j), 5);
 *	both(&j, 0);
 *	CHECK_STR(seen(&j, "fd5"), "");
 *
 * Each is done in a process of its own, and the program, tests/helpers/show, says
 * all that it can find out about itself. What libc's and the library's say must be
 * the same but for ids, and so must be what is left of the spawn in the parent.
 *
 * That the library's spawn was the engine's is made sure by a seccomp filter. It
 * refuses all calls by which libc makes a process or executes a program. Filters see
 * CLONE as clone3(2) with the instruction pointer 0, which no call of a program has,
 * and EXEC as execveat(2), which libc's posix_spawn does not use.
 */
#ifndef SPAWNPOL_TESTS_POSIX_JOB_H
#define SPAWNPOL_TESTS_POSIX_JOB_H

#include "child.h"

#include <spawn.h>
#include <stdbool.h>

#define REPORT	100		/* where the program reports to by default */
#define ONLY_ENGINE EHWPOISON	/* what the filter says */

struct report {
	int error;		/* of the call */
	int status;		/* of the program, as of waitpid(2) */
	bool wrote_pid, kept_errno, kept_mask;
	int new_descriptors;	/* more of them afterwards */
	char text[16384];	/* what it said, ids made comparable */
	char words[4096];	/* what was written to stderr */
};

struct job {
	const char *file;	/* NULL: show, with arguments for it */
	char **argv, **envp;
	bool search;
	int report;		/* its number */
	bool privileged;	/* without no_new_privs */
	void (*parent)(void);	/* is run before the spawn */

	posix_spawn_file_actions_t *actions;
	posix_spawnattr_t *attr;

	struct report *libc, *lib;
};

#define JOB { .report = REPORT, .envp = environ }

/* The job's file actions and attributes, made when asked for. */
posix_spawn_file_actions_t *actions(struct job *j);
posix_spawnattr_t *attributes(struct job *j, short flags);

/* Spawn by libc and by the engine: both return error, and are alike. */
void both(struct job *j, int error);
/* The same, whatever it is that libc returns. */
void alike(struct job *j);
/* The same, but the library leaves it to libc, and says so and why. */
void left(struct job *j, int error, const char *why);

/* What the program of both() said about a key; "" if nothing. */
const char *seen(struct job *j, const char *key);

/* From here on all threads of this process make children by the engine or not at all. */
void only_engine(void);

/* stderr is kept from here on, with SPAWNPOL_DEBUG; what was written to it. */
void keep_words(void);
const char *words(void);

/* Open descriptors of this process. */
int nr_descriptors(void);

/* Libc's own. */
typedef int posix_spawn_fn(pid_t *, const char *,
			   const posix_spawn_file_actions_t *,
			   const posix_spawnattr_t *, char *const[],
			   char *const[]);
posix_spawn_fn *libc_own(const char *name);

/* Skip the test if this kernel cannot search a PATH. */
void needs_search(void);

#endif
