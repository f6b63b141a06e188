// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol load */
#include <bpf/libbpf.h>
#include <errno.h>
#include <spawnpol.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpf_info.h"
#include "json.h"
#include "json_events.h"
#include "libbpf/object_path.h"
#include "pins.h"
#include "policy_object.h"
#include "policy_show.h"
#include "prog_kind.h"
#include "tool.h"

/* What execvp() searches without a PATH. */
#define DEFAULT_PATH	"/bin:/usr/bin"

/*
 * What it will be asked about, if that is not said elsewhere. An object that does not say
 * may have been meant to.
 */
static uint32_t report_events(const struct tool *t, const struct object *o)
{
	char text[POLICY_EVENTS_SIZE];
	uint32_t events = 0;
	int ret = object_events(o, &events);

	if (ret == -ENOENT)
		say(t, "  has no SPAWNPOL_EVENTS(): it is asked about failed and staged only\n");
	else if (!ret)
		say(t, "  %s\n", policy_events_text(events, text));
	return events;
}

/* What each actor of this program has, if attach does not say otherwise. */
static void report_needs(const struct tool *t, const struct object *o,
			 struct spawnpol_actor_needs *needs)
{
	char text[POLICY_NEEDS_SIZE];

	if (object_needs(o, needs))
		*needs = (struct spawnpol_actor_needs) { 0 };
	say(t, "  %s\n", policy_needs_text(needs, text));
}

static void json_loaded(struct json *j, const char *name, const struct object *o)
{
	json_text(j, "name", name);
	json_text(j, "kind", prog_kind(o->kind == OBJECT_ACTOR));
	json_text(j, "object", o->path);
	json_text(j, "program", bpf_program__name(o->prog));
}

static int report_loaded(struct tool *t, const char *name,
			 const struct object *o)
{
	struct spawnpol_actor_needs needs = { 0 };
	struct bpf_prog_info info;
	uint32_t events = 0;
	struct json j;
	int ret;

	ret = info_prog(bpf_program__fd(o->prog), &info);
	if (ret)
		return fail(t, ret, "cannot query the program");
	say(t, "loaded %s: program %u '%s' of %s\n", name, info.id,
	    bpf_program__name(o->prog), o->path);
	if (o->kind == OBJECT_ACTOR)
		report_needs(t, o, &needs);
	else
		events = report_events(t, o);
	ret = start_json(t, &j);
	if (ret <= 0)
		return ret;
	json_loaded(&j, name, o);
	json_u32(&j, "prog_id", info.id);
	json_events(&j, "events", events);
	if (o->kind == OBJECT_ACTOR)
		policy_needs_json(&j, &needs);
	return json_finish(&j, stdout);
}

static int keep(struct tool *t, const char *name, struct object *o)
{
	int lock, ret;

	lock = pins_lock(t, PINS_CREATE);
	if (lock < 0)
		return lock;
	ret = pins_add(t, name, o->bpf, o->prog);
	pins_unlock(lock);
	return ret;
}

int do_load(struct tool *t)
{
	const char *file = t->args[0];
	char name[PINS_NAME_MAX + 2];
	struct object o;
	int ret;

	if (t->set.name)
		snprintf(name, sizeof(name), "%s", t->set.name);
	else
		object_name(file, name, sizeof(name));
	ret = pins_check_name(t, name);
	if (ret)
		return ret;
	ret = policy_object_load(t, &o, file, DEFAULT_PATH, OBJECT_ANY);
	if (ret)
		return ret;
	ret = keep(t, name, &o);
	if (!ret)
		ret = report_loaded(t, name, &o);
	object_close(&o);
	return ret;
}
