// SPDX-License-Identifier: LGPL-2.1-or-later
/* From the name of a policy to the descriptor of a program. */
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

static int load(struct object *o, const char *name,
		const struct spawnpol_policy_load_opts *opts)
{
	struct io_uring_spawn_query query;
	int ret;

	ret = object_open(o, name, opts->program);
	if (!ret)
		ret = ask_kernel(o, &query);
	if (!ret)
		ret = object_load(o, &query, opts->values, opts->nr_values);
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

int spawnpol_policy_load(const char *name,
			 const struct spawnpol_policy_load_opts *opts)
{
	struct spawnpol_policy_load_opts known = { .sz = sizeof(known) };
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
	o = malloc(sizeof(*o));
	if (!o)
		return -ENOMEM;
	ret = load(o, name, &known);
	if (ret < 0)
		write_log(&known, &o->problem);
	object_close(o);
	free(o);
	return ret;
}
