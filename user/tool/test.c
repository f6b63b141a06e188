// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol test: shows what a policy or an actor decides in given situations. */
#include <errno.h>
#include <spawnpol.h>
#include <unistd.h>

#include "actor_test.h"
#include "kernel.h"
#include "names.h"
#include "policy_object.h"
#include "policy_test.h"
#include "prog_kind.h"
#include "table.h"
#include "tool.h"

/* As load, so that a table does not depend on the caller's environment. */
#define DEFAULT_PATH	"/bin:/usr/bin"

static int read_table(struct tool *t, struct table *table)
{
	if (t->set.table && t->nr_args) {
		misuse(t, "--table and a situation exclude each other");
		/* one word alone is no situation, but can be meant to be the policy */
		if (t->nr_args == 1 && !t->set.policy && !t->set.object)
			advise(t, "--policy %.64s if it is loaded, --object %.64s if it is a file",
			       t->args[0], t->args[0]);
		return -EINVAL;
	}
	if (t->set.table)
		return table_read(t, table, t->set.table);
	if (t->nr_args)
		return table_of_words(t, table, t->args, t->nr_args);
	return misuse(t, "test needs a situation, such as: failed open:ENOENT, or for an actor: start; or --table FILE");
}

/* As at attach: those that are named, or else those that the policy asks for. */
static int find_events(struct tool *t, const struct object *o, int prog,
		       uint32_t *events)
{
	int ret;

	if (t->set.events)
		return event_mask(t, t->set.events, events);
	ret = o->bpf ? object_events(o, events) : spawnpol_policy_events(prog, events);
	if (ret == -ENOENT) {
		*events = 0;
		ret = 0;
	}
	if (!ret)
		return 0;
	fail(t, ret, "cannot tell which events the policy asks for");
	advise(t, "--events, to name them");
	return ret;
}

/* A table is about one kind of programs. */
static int check_kind(struct tool *t, const struct table *table, bool actor)
{
	if (actor == table->actor)
		return 0;
	misuse(t, "this is %s, and the situation%s that of %s",
	       actor ? "an actor" : "a policy", table->nr == 1 ? " is" : "s are",
	       actor ? "a policy" : "an actor");
	advise(t, "%s help %s", TOOL_NAME, actor ? "actor-events" : "events");
	return -EINVAL;
}

static int test_actor(struct tool *t, int prog, const struct table *table)
{
	if (t->set.events)
		return misuse(t, "--events is for policies; an actor gets all events");
	return actor_test_table(t, prog, table);
}

static int test_program(struct tool *t, const struct table *table)
{
	uint32_t events;
	struct object o;
	bool actor;
	int prog, ret;

	prog = policy_object_take(t, &o, DEFAULT_PATH, OBJECT_ANY);
	if (prog < 0)
		return prog;
	actor = o.bpf ? o.kind == OBJECT_ACTOR : prog_is_actor(prog);
	ret = check_kind(t, table, actor);
	if (!ret && actor) {
		ret = test_actor(t, prog, table);
	} else if (!ret) {
		ret = find_events(t, &o, prog, &events);
		if (!ret)
			ret = policy_test_table(t, prog, events, table);
	}
	close(prog);
	object_close(&o);
	return ret;
}

int do_test(struct tool *t)
{
	struct table table = { 0 };
	uint32_t events;
	int ret = policy_object_check(t);

	if (!ret && t->set.events)
		ret = event_mask(t, t->set.events, &events);
	if (!ret)
		ret = read_table(t, &table);
	if (!ret)
		ret = kernel_check_policies(t);
	if (!ret)
		ret = test_program(t, &table);
	table_free(&table);
	return ret;
}
