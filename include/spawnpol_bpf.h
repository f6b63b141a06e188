/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libspawnpol-bpf: the part of libspawnpol that needs libbpf. It loads policies and
 * actors from object files and reads the kernel's type information.
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
	 * Values that replace those in the object file. The kernel's verifier sees the
	 * values of variables, constants (const volatile) included.
	 */
	const struct spawnpol_policy_value *values;
	size_t	value_size;	/* of one element: see SPAWNPOL_POLICY_VALUES() */
	size_t	nr_values;

	/*
	 * A buffer for the error message: one line that says what failed, one line with
	 * the remedy if there is one, then the last lines of libbpf's and the verifier's
	 * messages. The text is cut to log_size bytes with its NUL, and is empty after
	 * success. NULL: no message.
	 */
	char	*log;
	size_t	log_size;
};

/*
 * An array of values, for SPAWNPOL_OPTS(). Later releases can add members to its
 * elements, as to structures that begin with their size.
 */
#define SPAWNPOL_POLICY_VALUES(array) \
	.values = (array), .value_size = sizeof((array)[0]), \
	.nr_values = sizeof(array) / sizeof((array)[0])

/*
 * Load a policy. name is the path of an object file, or the name of an installed policy
 * with or without ".bpf.o" (spawnpol_policy_load(3) lists the directories searched).
 * Returns a descriptor of the program (close-on-exec), which the caller owns and can
 * attach. The program keeps its maps. opts NULL: the object's only program, without
 * values and without a log.
 *
 * -ENOENT, -EACCES …	the file cannot be read
 * -EINVAL	the object holds no policy, or not the chosen one; a value does not fit;
 *		the kernel's verifier rejects the policy (which can also fail with other
 *		errors)
 * -ENOTUNIQ	the object holds several policies and none is chosen
 * -E2BIG	opts or a value has a member that this library does not know
 * -EPERM	the caller may not load programs (CAP_BPF, CAP_PERFMON)
 * -EOPNOTSUPP, -EPROTO, -ENOSYS …	the kernel has no policies: see spawnpol_probe();
 *		-EOPNOTSUPP also: the kernel has no type information, or lacks a function
 *		that the policy calls
 * -ENOMEM	no memory
 */
int spawnpol_policy_load(const char *name,
			 const struct spawnpol_policy_load_opts *opts);

/*
 * Load an actor (section iouring/op), for spawnpol_actor_attach(). Errors as
 * spawnpol_policy_load(), with these differences. -EINVAL: the object holds no actor.
 * -EOPNOTSUPP also: the kernel has policies, but no actors.
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
 * Look up the SPAWNPOL_NAME_* in the running kernel's type information, and set in *names
 * each one that has the number in query, or that has any number if query has 0. query must
 * be of the same kernel. If a name is missing from *names although query has its number,
 * kernel and query do not match. Fails with the errors of reading /sys/kernel/btf/vmlinux.
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
