// SPDX-License-Identifier: LGPL-2.1-or-later
/* From the name of a policy or actor to the descriptor of a loaded program. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <spawnpol_bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sized.h"
#include "object.h"

/* The options had these in the first release. */
#define LEAST \
	(offsetof(struct spawnpol_policy_load_opts, log_size) + sizeof(size_t))

#define LEAST_VALUE \
	(offsetof(struct spawnpol_policy_value, size) + sizeof(size_t))

/* What to print, in at most opts->log_size bytes. */
static void write_log(const struct spawnpol_policy_load_opts *opts,
		      const struct object_problem *p)
{
	if (!opts->log || !opts->log_size)
		return;
	snprintf(opts->log, opts->log_size, "%s%s%s\n%s%s%s%s", p->what,
		 p->error ? ": " : "", p->error ? strerror(p->error) : "",
		 p->remedy ? "try: " : "", p->remedy ? p->remedy : "",
		 p->remedy ? "\n" : "", p->log ? p->log : "");
}

/* The numbers by which this kernel knows policies. */
static int ask_kernel(struct object *o, struct io_uring_spawn_query *query)
{
	struct spawnpol_advice advice;
	struct spawnpol_probe probe;
	int err;

	err = spawnpol_probe(&probe);
	if (!err)
		err = probe.policy_error;
	if (err) {
		advice = spawnpol_advise(probe.error ? SPAWNPOL_TOPIC_RING :
						       SPAWNPOL_TOPIC_ATTACH, err);
		snprintf(o->problem.what, sizeof(o->problem.what), "%s",
			 advice.text);
		o->problem.error = -err;
		o->problem.remedy = advice.remedy;
		return err;
	}
	*query = probe.query;
	return 0;
}

/* The caller's values, whose size need not be the one that is known here. */
static int read_values(struct spawnpol_policy_value **values,
		       const struct spawnpol_policy_load_opts *opts)
{
	struct spawnpol_policy_value *v;
	const char *from = (const char *)opts->values;
	int err = 0;

	v = calloc(opts->nr_values ? opts->nr_values : 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < opts->nr_values && !err; i++)
		err = sized_read(&v[i], sizeof(*v), from + i * opts->value_size,
				 opts->value_size, LEAST_VALUE);
	if (err)
		free(v);
	else
		*values = v;
	return err;
}

static int load(struct object *o, const char *name, enum object_kind kind,
		const struct spawnpol_policy_load_opts *opts,
		const struct spawnpol_policy_value *values)
{
	struct io_uring_spawn_query query;
	int ret;

	ret = object_open(o, name, opts->program, kind);
	if (!ret)
		ret = ask_kernel(o, &query);
	if (!ret)
		ret = object_load(o, &query, values, opts->nr_values);
	if (ret)
		return ret;
	ret = fcntl(bpf_program__fd(o->prog), F_DUPFD_CLOEXEC, 0);
	if (ret >= 0)
		return ret;
	o->problem.error = errno;
	snprintf(o->problem.what, sizeof(o->problem.what), "cannot keep '%s'",
		 bpf_program__name(o->prog));
	return -o->problem.error;
}

static int load_kind(const char *name, enum object_kind kind,
		     const struct spawnpol_policy_load_opts *opts)
{
	struct spawnpol_policy_load_opts known = { .sz = sizeof(known) };
	struct spawnpol_policy_value *values;
	struct object *o;
	int ret;

	if (opts) {
		ret = sized_read_opts(&known, sizeof(known), opts, LEAST);
		if (ret)
			return ret;
	}
	if (known.log && known.log_size)
		known.log[0] = '\0';
	if (!name || (known.nr_values && !known.values))
		return -EINVAL;
	ret = read_values(&values, &known);
	if (ret)
		return ret;
	o = malloc(sizeof(*o));
	if (!o) {
		free(values);
		return -ENOMEM;
	}
	ret = load(o, name, kind, &known, values);
	if (ret < 0)
		write_log(&known, &o->problem);
	object_close(o);
	free(o);
	free(values);
	return ret;
}

int spawnpol_policy_load(const char *name,
			 const struct spawnpol_policy_load_opts *opts)
{
	return load_kind(name, OBJECT_POLICY, opts);
}

int spawnpol_actor_load(const char *name, const struct spawnpol_policy_load_opts *opts)
{
	return load_kind(name, OBJECT_ACTOR, opts);
}
