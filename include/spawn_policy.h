/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a loader sets up the default policy, spawn_policy: the value
 * of its map "config", an array with one element. Plain types, included by
 * both sides.
 *
 * The map is filled before the program is attached and not written while it
 * is: chains read it without a lock. For another configuration load another
 * instance and update the link.
 *
 * All zeroes is a valid configuration: bare names are not found, nothing is
 * retried, a failed setup step ends the chain. Lists end at their count; elements
 * after it are not read.
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
/* The variable that says which events the policy asks for: see spawn_policy_events(). */
#define SPAWN_POLICY_EVENTS_VARIABLE	"spawnpol_events"
/* Goes up with every incompatible change of struct spawn_policy_config. */
#define SPAWN_POLICY_CONFIG_VERSION	4

#define SPAWN_POLICY_MAX_RETRIES	16
#define SPAWN_POLICY_MAX_ON		32
#define SPAWN_POLICY_MAX_TRIES		65535	/* spawn_policy_retry::count */
/* The longest path that the kernel accepts, with its NUL: PATH_MAX. */
#define SPAWN_POLICY_PATH_SIZE		4096
/*
 * All directories, with colons in between and room for a NUL: what the kernel takes for a
 * search. No string that execve(2) passes to a program is longer (MAX_ARG_STRLEN), so
 * every PATH of an environment fits.
 */
#define SPAWN_POLICY_DIRS_SIZE		(128 * 1024)
/* In rules: every opcode, every command. */
#define SPAWN_POLICY_ANY		(~0U)

/* Which failures of a candidate let the PATH search go on: --errors of spawnpol(8) */
enum spawn_policy_errors {
	/* ENOENT ENOTDIR ESTALE ENODEV ETIMEDOUT EACCES, as glibc's execvp */
	SPAWN_POLICY_ERRORS_GLIBC	= 0,
	/*
	 * ENOENT ENOTDIR ELOOP ENAMETOOLONG EACCES: no such file there. The kernel
	 * searches by the other rule, so that each directory is a request of its own.
	 */
	SPAWN_POLICY_ERRORS_POSIX	= 1,
};

/*
 * --retry ERRNO=COUNT[@DELAY]: issue what has failed again. With a rule for an error after
 * which a search goes on, each directory is a request of its own.
 */
struct spawn_policy_retry {
	__u32	error;		/* positive errno */
	__u32	count;		/* at most so often for one step */
	__u64	delay_ns;	/* wait before each */
};

/*
 * --on OP:ERRNO=VERDICT: what becomes of a failed step once retries and the
 * PATH search have been of no use. The first rule that matches counts.
 */
struct spawn_policy_on {
	__u32	opcode;		/* IORING_OP_* or SPAWN_POLICY_ANY */
	__u32	cmd;		/* IORING_CHILD_*, for IORING_OP_CHILD, or ANY */
	__u32	error;		/* positive errno; 0: any, also a short read */
	__u32	verdict;	/* IORING_VERDICT_*, except SUBMIT */
};

struct spawn_policy_config {
	__u32	version;	/* SPAWN_POLICY_CONFIG_VERSION; 0 with all else 0 */
	__u32	errors;		/* enum spawn_policy_errors */
	__u32	dirs_size;	/* bytes used of dirs, without a NUL */
	__u32	nr_retries;
	__u32	nr_on;
	/*
	 * Another number for each configuration: what was found under one says
	 * nothing about the directories of another.
	 */
	__u32	generation;
	/*
	 * --remember: for so long the directory in which a name was found is
	 * tried first; 0: never. Within that time a program of that name which
	 * appears in an earlier directory is not seen. The policy has to be told of
	 * IORING_POLICY_EXECED for it: see spawn_policy_events().
	 */
	__u64	remember_ns;
	/* interpreter for ENOEXEC, e.g. "/bin/sh"; empty: none */
	char	shell[SPAWN_POLICY_PATH_SIZE];
	struct spawn_policy_retry retries[SPAWN_POLICY_MAX_RETRIES];
	struct spawn_policy_on on[SPAWN_POLICY_MAX_ON];
	/*
	 * The directories of the PATH with colons in between, as PATH is written; a NUL
	 * at its end is not needed. None is empty: the working directory is searched
	 * only where the list names it ("."). SPAWN_POLICY_PATH_SIZE bytes can be read
	 * from the beginning of each.
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
 * Add the first len bytes of dir to the directories. What no path can begin with is
 * left out, as execvp(3) does: a name of PATH_MAX bytes or more. So is an empty one.
 * 0, -E2BIG: no room, or -EINVAL: dir has a colon.
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
 * The directory after dir, or the first one for NULL, and its length; NULL at the end of
 * the list.
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
 * What is to be asked for at attach. As the value of the policy's variable, set before it is
 * loaded, it is what SPAWNPOL_EVENTS_AUTO stands for.
 */
static inline __u32 spawn_policy_events(const struct spawn_policy_config *config)
{
	return IORING_POLICY_BEFORE_EXEC | IORING_POLICY_CLONE |
	       (config->remember_ns ? IORING_POLICY_EXECED : 0);
}

#endif

#endif
