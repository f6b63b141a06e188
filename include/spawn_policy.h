/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration of the default policy, spawn_policy: the value of the only element
 * of its map "config". Loader and policy both include this header, which has plain types
 * only.
 *
 * Fill the map before the program is attached, and do not write to it while the program
 * is attached: chains read it without a lock. To change the configuration, load another
 * instance of the policy and update the link.
 *
 * A configuration of all zeroes is valid: bare names are not found, nothing is retried, a
 * failed setup step ends the chain. The policy ignores elements of a list after its count.
 */
#ifndef SPAWN_POLICY_H
#define SPAWN_POLICY_H

#include <linux/types.h>
#ifndef __bpf__
#include <errno.h>
#include <string.h>

#include "io_uring_spawn.h"
#endif

#define SPAWN_POLICY_CONFIG_MAP	"config"
/* The policy's variable with the events that it requests: see spawn_policy_events(). */
#define SPAWN_POLICY_EVENTS_VARIABLE	"spawnpol_events"
/* Incremented by each incompatible change of struct spawn_policy_config. */
#define SPAWN_POLICY_CONFIG_VERSION	4

#define SPAWN_POLICY_MAX_RETRIES	16
#define SPAWN_POLICY_MAX_ON		32
#define SPAWN_POLICY_MAX_TRIES		65535	/* spawn_policy_retry::count */
/* The longest path that the kernel accepts, with its NUL: PATH_MAX. */
#define SPAWN_POLICY_PATH_SIZE		4096
/*
 * All directories, separated by colons, and a NUL: the longest list that the kernel
 * accepts for a search. execve(2) passes no longer string to a program (MAX_ARG_STRLEN),
 * so every PATH of an environment fits.
 */
#define SPAWN_POLICY_DIRS_SIZE		(128 * 1024)
/* In rules: any opcode, any command. */
#define SPAWN_POLICY_ANY		(~0U)

/* Errors of a candidate after which the PATH search continues: --errors of spawnpol(8) */
enum spawn_policy_errors {
	/* ENOENT ENOTDIR ESTALE ENODEV ETIMEDOUT EACCES, as glibc's execvp */
	SPAWN_POLICY_ERRORS_GLIBC	= 0,
	/*
	 * ENOENT ENOTDIR ELOOP ENAMETOOLONG EACCES: no such file there. The kernel
	 * searches by glibc's rule only, so the policy stages a request for each directory.
	 */
	SPAWN_POLICY_ERRORS_POSIX	= 1,
};

/*
 * --retry ERRNO=COUNT[@DELAY]: issue a failed request again. If a rule is for an error after
 * which the search continues, the policy stages a request for each directory.
 */
struct spawn_policy_retry {
	__u32	error;		/* positive errno */
	__u32	count;		/* retries of a step, at most */
	__u64	delay_ns;	/* before each retry */
};

/*
 * --on OP:ERRNO=VERDICT: the verdict about a failed step when retries and the PATH search
 * have not helped. The first rule that matches applies.
 */
struct spawn_policy_on {
	__u32	opcode;		/* IORING_OP_* or SPAWN_POLICY_ANY */
	__u32	cmd;		/* of IORING_OP_CHILD: IORING_CHILD_* or SPAWN_POLICY_ANY */
	__u32	error;		/* positive errno; 0: any, also a short read */
	__u32	verdict;	/* IORING_VERDICT_*, except SUBMIT */
};

struct spawn_policy_config {
	__u32	version;	/* SPAWN_POLICY_CONFIG_VERSION; 0 if all is 0 */
	__u32	errors;		/* enum spawn_policy_errors */
	__u32	dirs_size;	/* bytes used of dirs, without a NUL */
	__u32	nr_retries;
	__u32	nr_on;
	/*
	 * Give each configuration another number: the policy ignores what it remembers
	 * from another generation.
	 */
	__u32	generation;
	/*
	 * --remember: how long the policy tries the directory in which it found a name
	 * first; 0: never. Within that time, the policy does not find a program of that
	 * name which appears in an earlier directory. Remembering needs the event
	 * IORING_POLICY_EXECED: see spawn_policy_events().
	 */
	__u64	remember_ns;
	/* interpreter for ENOEXEC, e.g. "/bin/sh"; empty: none */
	char	shell[SPAWN_POLICY_PATH_SIZE];
	struct spawn_policy_retry retries[SPAWN_POLICY_MAX_RETRIES];
	struct spawn_policy_on on[SPAWN_POLICY_MAX_ON];
	/*
	 * The directories, separated by colons as in PATH; a NUL at the end is not
	 * needed. No directory is empty: to search the working directory, name it (".").
	 * The extra bytes let the policy read SPAWN_POLICY_PATH_SIZE bytes from the
	 * beginning of each directory.
	 */
	char	dirs[SPAWN_POLICY_DIRS_SIZE + SPAWN_POLICY_PATH_SIZE];
};

_Static_assert(sizeof(struct spawn_policy_retry) == 16, "retry rule");
_Static_assert(sizeof(struct spawn_policy_on) == 16, "on rule");
_Static_assert(sizeof(struct spawn_policy_config) ==
	       32 + 4096 + 16 * 16 + 32 * 16 + 128 * 1024 + 4096,
	       "configuration");

#ifndef __bpf__

/*
 * Add the first len bytes of dir to the directories. Like execvp(3), leave out a directory
 * with which no path can begin, one of PATH_MAX bytes or more; also leave out an empty
 * one. Returns 0. -E2BIG: no room. -EINVAL: dir has a colon.
 */
static inline int spawn_policy_add_dir(struct spawn_policy_config *config,
				       const char *dir, size_t len)
{
	const size_t colon = config->dirs_size ? 1 : 0;

	if (!len || len >= SPAWN_POLICY_PATH_SIZE)
		return 0;
	if (memchr(dir, ':', len))
		return -EINVAL;
	if (colon + len >= SPAWN_POLICY_DIRS_SIZE - config->dirs_size)
		return -E2BIG;
	if (colon)
		config->dirs[config->dirs_size] = ':';
	memcpy(config->dirs + config->dirs_size + colon, dir, len);
	config->dirs_size += colon + len;
	return 0;
}

/*
 * The directory after dir, or the first one if dir is NULL; *len has its length, and must
 * have that of dir on entry. Returns NULL at the end of the list.
 */
static inline const char *
spawn_policy_next_dir(const struct spawn_policy_config *config, const char *dir,
		      size_t *len)
{
	const __u32 size = config->dirs_size;
	const char *end, *colon;

	end = config->dirs + (size < SPAWN_POLICY_DIRS_SIZE ? size :
							      SPAWN_POLICY_DIRS_SIZE);
	dir = dir ? dir + *len + 1 : config->dirs;
	if (dir >= end)
		return NULL;
	colon = (const char *)memchr(dir, ':', end - dir);
	*len = (colon ? colon : end) - dir;
	return dir;
}

/*
 * The events to request at attach. If the loader stores them in the policy's variable
 * before it loads the policy, SPAWNPOL_EVENTS_AUTO requests them.
 */
static inline __u32 spawn_policy_events(const struct spawn_policy_config *config)
{
	return IORING_POLICY_BEFORE_EXEC | IORING_POLICY_CLONE |
	       (config->remember_ns ? IORING_POLICY_EXECED : 0);
}

#endif

#endif
