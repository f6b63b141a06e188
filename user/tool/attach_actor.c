// SPDX-License-Identifier: LGPL-2.1-or-later
/* attach, for actors. */
#include <errno.h>
#include <spawnpol.h>
#include <stdio.h>

#include "attach_actor.h"
#include "json.h"
#include "kernel.h"
#include "tool.h"

/* The option given that only the other kind has, or NULL. */
static const char *foreign_option(const struct settings *s, bool actor)
{
	if (!actor)
		return s->in_flight ? "in-flight" : s->total ? "total" :
		       s->state_size ? "state" : NULL;
	if (s->first)
		return "first";
	if (s->before || s->after)
		return s->before ? "before" : "after";
	if (s->events)
		return "events";
	if (s->max_issues)
		return "max-issues";
	if (s->max_staged)
		return "max-staged";
	return s->max_delay_ns ? "max-delay" : NULL;
}

int attach_check_actor_options(struct tool *t, const char *name, bool actor)
{
	const char *option = foreign_option(&t->set, actor);

	if (!option)
		return 0;
	misuse(t, "--%s is for %s; '%s' is %s", option,
	       actor ? "policies" : "actors", name, actor ? "an actor" : "a policy");
	if (actor)
		advise(t, "--in-flight, --total and --state are the limits of actors");
	else
		advise(t, "--max-issues, --max-staged and --max-delay are the budgets of policies");
	return -EINVAL;
}

static int above(struct tool *t, const char *option, uint32_t asked, uint32_t ceiling)
{
	if (asked <= ceiling)
		return 0;
	fail(t, E2BIG, "--%s %u is above the kernel's ceiling of %u", option, asked,
	     ceiling);
	advise(t, "--%s %u, which is the maximum", option, ceiling);
	return -E2BIG;
}

static int not_attached(struct tool *t, int err, const char *name)
{
	struct spawnpol_advice a = spawnpol_advise(SPAWNPOL_TOPIC_ATTACH, err);

	fail(t, err, "cannot attach '%s' to slot %u for actors of descriptor %u of process %u (%s)",
	     name, t->set.slot, t->set.fd, t->set.pid, a.text);
	if (err == -EBUSY)
		advise(t, "another --slot; %s rings shows the link in this one",
		       TOOL_NAME);
	else if (a.remedy)
		advise(t, "%s", a.remedy);
	return err;
}

int attach_actor(struct tool *t, const char *name, int prog, int ring)
{
	const struct io_uring_spawn_query *q = kernel_query();
	const struct settings *s = &t->set;
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, opts, .slot = s->slot,
		      .in_flight = s->in_flight, .total = s->total,
		      .state_size = s->state_size);
	int ret;

	ret = above(t, "in-flight", opts.in_flight, q->max_in_flight);
	if (!ret)
		ret = above(t, "state", opts.state_size, q->max_state);
	if (ret)
		return ret;
	ret = spawnpol_actor_attach(ring, prog, &opts);
	return ret < 0 ? not_attached(t, ret, name) : ret;
}

void attach_say_actor(const struct tool *t, const struct spawnpol_link_info *info)
{
	say(t, "  an actor can have %u request%s in flight, ", info->max_staged,
	    info->max_staged == 1 ? "" : "s");
	if (info->max_issues)
		say(t, "%u in all, ", info->max_issues);
	say(t, "and %u bytes of state\n", info->state_size);
}

void attach_json_actor(struct json *j, const struct spawnpol_link_info *info)
{
	json_u32(j, "in_flight", info->max_staged);
	json_u32_or_null(j, "total", info->max_issues);
	json_u32(j, "state_size", info->state_size);
}
