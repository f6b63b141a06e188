/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libspawnpol-bpf: what libspawnpol needs libbpf for, loading policies and programs of
 * actors from object files and reading the kernel's type information.
 *
 *	char log[4096];
 *	SPAWNPOL_OPTS(spawnpol_policy_load_opts, opts, .log = log,
 *		      .log_size = sizeof(log));
 *	int prog = spawnpol_policy_load("spawn_policy", &opts);
 *
 *	if (prog < 0)
 *		fprintf(stderr, "%s", log);
 *
 * See spawnpol_policy_load(3).
 */
#ifndef SPAWNPOL_BPF_H
#define SPAWNPOL_BPF_H

#include "spawnpol.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One value of a policy's configuration. */
struct spawnpol_policy_value {
	const char *name;	/* of a global variable, or of a map with one element */
	const void *data;
	size_t	size;		/* of all of it, in bytes */
};

struct spawnpol_policy_load_opts {
	size_t	sz;		/* of this structure: see SPAWNPOL_OPTS() */
	const char *program;	/* NULL: the only one of the object */

	/*
	 * Values other than those in the object file. Those of variables, which can be
	 * constants (const volatile), are there when the kernel verifies the program.
	 */
	const struct spawnpol_policy_value *values;
	size_t	value_size;	/* of one of them: see SPAWNPOL_POLICY_VALUES() */
	size_t	nr_values;

	/*
	 * Where to store what went wrong: a line about it, one about the remedy if there
	 * is one, then the last lines of libbpf's and the verifier's messages. Cut to
	 * log_size with its NUL; empty after success. NULL: nowhere.
	 */
	char	*log;
	size_t	log_size;
};

/*
 * An array of values, for SPAWNPOL_OPTS(). Its elements can grow, as structures do that
 * begin with their size.
 */
#define SPAWNPOL_POLICY_VALUES(array) \
	.values = (array), .value_size = sizeof((array)[0]), \
	.nr_values = sizeof(array) / sizeof((array)[0])

/*
 * Load the policy in the object file called name: a path, or the name of an installed
 * policy without its ending (see spawnpol_policy_load(3) for where it is looked for).
 * Returns a descriptor of the program (close-on-exec), which the caller owns and can
 * attach. The program's maps stay as long as it does. opts NULL: no program chosen, no
 * values, no log.
 *
 * -ENOENT, -EACCES …	the file cannot be read
 * -EINVAL	it holds no policy, or not the one that is chosen; values do not fit it;
 *		the kernel's verifier refuses it, for which there are other errors, too
 * -ENOTUNIQ	it holds several policies and none is chosen
 * -E2BIG	opts or a value has a member that this library does not know
 * -EPERM	not privileged to load programs (CAP_BPF, CAP_PERFMON)
 * -EOPNOTSUPP, -EPROTO, -ENOSYS …	the kernel has no policies: see spawnpol_probe();
 *		-EOPNOTSUPP also: it has no type information, or lacks a function that the
 *		policy calls
 * -ENOMEM	no memory
 */
int spawnpol_policy_load(const char *name,
			 const struct spawnpol_policy_load_opts *opts);

/*
 * The same for the program of an actor (section iouring/op), which can be attached by
 * spawnpol_actor_attach(). -EINVAL: the object holds no such program. -EOPNOTSUPP also: the
 * kernel has policies, but no actors.
 */
int spawnpol_actor_load(const char *name, const struct spawnpol_policy_load_opts *opts);

/* Names in the kernel's type information, as bits. */
enum spawnpol_name {
	SPAWNPOL_NAME_CLONE	= 1 << 0,	/* IORING_OP_CLONE */
	SPAWNPOL_NAME_EXEC	= 1 << 1,	/* IORING_OP_EXEC */
	SPAWNPOL_NAME_CHILD	= 1 << 2,	/* IORING_OP_CHILD */
	SPAWNPOL_NAME_PROG_TYPE	= 1 << 3,	/* BPF_PROG_TYPE_IOURING */
	SPAWNPOL_NAME_SPAWN	= 1 << 4,	/* IORING_OP_SPAWN */
	SPAWNPOL_NAME_BPF	= 1 << 5,	/* IORING_OP_BPF */
};

/*
 * Which names does the running kernel's type information have, with the number that
 * query (of the same kernel) says, or, where that is 0, with any? *names is then a set
 * of SPAWNPOL_NAME_*. A number that is missing under its name tells that kernel and
 * query do not go together. Errors are those of reading /sys/kernel/btf/vmlinux;
 * -ENOENT: the kernel has no type information.
 */
int spawnpol_probe_names_sized(const struct io_uring_spawn_query *query,
			       size_t size, uint32_t *names);
static inline int spawnpol_probe_names(const struct io_uring_spawn_query *query,
				       uint32_t *names)
{
	return spawnpol_probe_names_sized(query, sizeof(*query), names);
}

#ifdef __cplusplus
}
#endif

#endif
