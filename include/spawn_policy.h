/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a loader sets up the default policy, bpf/spawn_policy.bpf.c: the value
 * of its map "config", an array with one element. Plain types, included by
 * both sides.
 *
 * The map is filled before the program is attached and not written while it
 * is: chains read it without a lock. For another configuration load another
 * instance and update the link.
 *
 * All zeroes is a valid configuration: bare names are not found, nothing is
 * retried, a failed setup step ends the chain. Lists end at their count; what
 * lies behind is not read.
 */
#ifndef SPAWN_POLICY_H
#define SPAWN_POLICY_H

#include <linux/types.h>

#define SPAWN_POLICY_CONFIG_MAP	"config"
/* Goes up with every incompatible change of struct spawn_policy_config. */
#define SPAWN_POLICY_CONFIG_VERSION	2

#define SPAWN_POLICY_MAX_DIRS		128
#define SPAWN_POLICY_MAX_RETRIES	16
#define SPAWN_POLICY_MAX_ON		32
#define SPAWN_POLICY_MAX_TRIES		65535	/* spawn_policy_retry::count */
/* Size of a directory's or the shell's name, with its NUL. */
#define SPAWN_POLICY_PATH_SIZE		256
/* In rules: every opcode, every command. */
#define SPAWN_POLICY_ANY		(~0U)

/* Which failures of a candidate let the PATH search go on; docs/policies.md */
enum spawn_policy_errors {
	/* ENOENT ENOTDIR ESTALE ENODEV ETIMEDOUT EACCES, as glibc's execvp */
	SPAWN_POLICY_ERRORS_GLIBC	= 0,
	/* ENOENT ENOTDIR ELOOP ENAMETOOLONG EACCES: no such file there */
	SPAWN_POLICY_ERRORS_POSIX	= 1,
};

/* --retry ERRNO=COUNT[@DELAY]: issue what has failed again. */
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
	__u32	nr_dirs;
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
	 * appears in an earlier directory is not seen.
	 */
	__u64	remember_ns;
	/* interpreter for ENOEXEC, e.g. "/bin/sh"; empty: none */
	char	shell[SPAWN_POLICY_PATH_SIZE];
	struct spawn_policy_retry retries[SPAWN_POLICY_MAX_RETRIES];
	struct spawn_policy_on on[SPAWN_POLICY_MAX_ON];
	/*
	 * The PATH, in order. NUL-terminated, not empty: the working directory
	 * is searched only where it is asked for by name (".").
	 */
	char	dirs[SPAWN_POLICY_MAX_DIRS][SPAWN_POLICY_PATH_SIZE];
};

_Static_assert(sizeof(struct spawn_policy_retry) == 16, "retry rule");
_Static_assert(sizeof(struct spawn_policy_on) == 16, "on rule");
_Static_assert(sizeof(struct spawn_policy_config) ==
	       32 + 256 + 16 * 16 + 32 * 16 + 128 * 256, "configuration");

#endif
