// SPDX-License-Identifier: LGPL-2.1-or-later
/* Loading a program from an object file, with the configuration from the options. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn_policy.h>
#include <spawnpol_bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "pins.h"
#include "policy_object.h"
#include "policy_options.h"
#include "prog_kind.h"
#include "tool.h"

/* Hand on why the object was refused; ret is what the refusal returned. */
static int hand_on(struct tool *t, struct object *o, int ret)
{
	struct object_problem *p = &o->problem;

	if (ret == -EOPNOTSUPP)
		unsupported(t, p->error, "%s", p->what);
	else if (p->error)
		fail(t, p->error, "%s", p->what);
	else
		refuse(t, "%s", p->what);
	problem_log(t, p->log);
	p->log = NULL;
	if (ret == -ENOTUNIQ)
		advise(t, "--function NAME, to choose one");
	else if (p->remedy)
		advise(t, "%s", p->remedy);
	return ret;
}

static bool has_config(const struct object *o)
{
	const struct bpf_map *map;

	map = bpf_object__find_map_by_name(o->bpf, SPAWN_POLICY_CONFIG_MAP);
	return map && bpf_map__type(map) == BPF_MAP_TYPE_ARRAY &&
	       bpf_map__value_size(map) == sizeof(struct spawn_policy_config);
}

static int check_options(struct tool *t, const struct object *o)
{
	const char *given = policy_options_given(t);

	if (!given || has_config(o))
		return 0;
	return misuse(t, "--%s is for the default policy; %s has no map '%s' with its configuration",
		      given, o->path, SPAWN_POLICY_CONFIG_MAP);
}

/* A policy that remembers has to be told what was found; others are not to be run for it. */
static bool asks_for_more(const struct object *o,
			  const struct spawn_policy_config *config, uint32_t *events)
{
	if (!config->remember_ns || object_events(o, events))
		return false;
	*events |= IORING_POLICY_EXECED;
	return true;
}

/* With the numbers of this kernel, which has been checked. */
static int verify(struct tool *t, struct object *o,
		  struct spawn_policy_config *config)
{
	uint32_t events;
	const struct spawnpol_policy_value values[] = {
		{
			.name = SPAWN_POLICY_CONFIG_MAP,
			.data = config,
			.size = sizeof(*config),
		},
		{
			.name = SPAWN_POLICY_EVENTS_VARIABLE,
			.data = &events,
			.size = sizeof(events),
		},
	};
	size_t nr = has_config(o) ? 1 : 0;
	int ret;

	policy_options_number(config);
	if (nr && asks_for_more(o, config, &events))
		nr++;
	ret = object_load(o, kernel_query(), values, nr);
	return ret ? hand_on(t, o, ret) : 0;
}

static int read_object(struct tool *t, struct object *o, const char *name,
		       unsigned int kinds)
{
	int ret = object_open(o, name, t->set.function, kinds);

	return ret ? hand_on(t, o, ret) : 0;
}

int policy_object_load(struct tool *t, struct object *o, const char *name,
		       const char *path, unsigned int kinds)
{
	struct spawn_policy_config *config;
	int ret;

	o->bpf = NULL;
	o->problem.log = NULL;
	config = malloc(sizeof(*config));
	if (!config)
		return fail(t, ENOMEM, "cannot load %s", name);
	ret = policy_options_read(t, path, config);
	if (!ret)
		ret = read_object(t, o, name, kinds);
	if (!ret)
		ret = check_options(t, o);
	if (!ret)
		ret = kernel_check_policies(t);
	if (!ret)
		ret = verify(t, o, config);
	free(config);
	if (ret)
		object_close(o);
	return ret;
}

int policy_object_check(struct tool *t)
{
	const struct settings *s = &t->set;
	int ret;

	if (!s->policy)
		return 0;
	if (s->object)
		return misuse(t, "--policy and --object exclude each other");
	if (policy_options_given(t))
		return misuse(t, "--%s does not go with --policy, which is set up already",
			      policy_options_given(t));
	ret = pins_check_name(t, s->policy);
	if (ret)
		advise(t, "--object FILE, for one that is not loaded");
	return ret;
}

/* It is loaded, and so it is one of the two; which, the kernel is asked only if it matters. */
static int check_kind(struct tool *t, const char *name, int prog, unsigned int kinds)
{
	if (kinds == OBJECT_ANY)
		return 0;
	if (prog_is_actor(prog) == (kinds == OBJECT_ACTOR))
		return 0;
	return refuse(t, "'%s' is %s, not %s", name,
		      kinds == OBJECT_ACTOR ? "a policy" : "an actor",
		      kinds == OBJECT_ACTOR ? "an actor" : "a policy");
}

static int take_loaded(struct tool *t, const char *name, unsigned int kinds)
{
	int lock, prog, ret;

	lock = pins_lock(t, PINS_READ);
	if (pins_lock_failed(lock))
		return lock;
	prog = pins_prog(t, name);
	pins_unlock(lock);
	ret = prog < 0 ? prog : check_kind(t, name, prog, kinds);
	if (ret && prog >= 0)
		close(prog);
	return ret ? ret : prog;
}

static bool is_loaded(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') && pins_exists(name);
}

int policy_object_take(struct tool *t, struct object *o, const char *path,
		       unsigned int kinds)
{
	const char *name = t->set.object ? t->set.object : DEFAULT_OBJECT;
	int ret;

	o->bpf = NULL;
	o->problem.log = NULL;
	if (t->set.policy)
		return take_loaded(t, t->set.policy, kinds);
	ret = policy_object_load(t, o, name, path, kinds);
	if (ret == -ENOENT && is_loaded(name))
		advise(t, "--policy %s, which is loaded", name);
	if (ret)
		return ret;
	ret = fcntl(bpf_program__fd(o->prog), F_DUPFD_CLOEXEC, 0);
	if (ret >= 0)
		return ret;
	ret = fail(t, errno, "cannot use %s", name);
	object_close(o);
	return ret;
}
