// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol attach, update and detach. */
#include <bpf/bpf.h>
#include <errno.h>
#include <spawnpol.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach_actor.h"
#include "budgets.h"
#include "common/parse.h"
#include "json.h"
#include "json_events.h"
#include "links.h"
#include "names.h"
#include "order.h"
#include "pins.h"
#include "prog_kind.h"
#include "rings.h"
#include "tool.h"

#define EVENTS_SIZE	64
#define LINK_PREFIX	"link-"
#define ALWAYS		(IORING_POLICY_FAILED | IORING_POLICY_STAGED)

static int attach_failed(struct tool *t, int err, const char *name)
{
	struct spawnpol_advice a = spawnpol_advise(SPAWNPOL_TOPIC_ATTACH, err);

	fail(t, err, "cannot attach '%s' to slot %u of descriptor %u of process %u (%s)",
	     name, t->set.slot, t->set.fd, t->set.pid, a.text);
	if (a.remedy)
		advise(t, "%s", a.remedy);
	return err;
}

static int read_opts(struct tool *t, struct spawnpol_attach_opts *opts)
{
	const struct settings *s = &t->set;
	int ret = 0;

	*opts = (struct spawnpol_attach_opts) {
		.sz = sizeof(*opts),
		.slot = s->slot,
		.events = SPAWNPOL_EVENTS_AUTO,
		.max_issues = s->max_issues,
		.max_staged = s->max_staged,
		.max_delay_ns = s->max_delay_ns,
	};
	if (s->events)
		ret = event_mask(t, s->events, &opts->events);
	/* these are reported anyway, and not to be asked for */
	if (s->events)
		opts->events &= ~ALWAYS;
	return ret;
}

static void say_policy(const struct tool *t, const char *name,
		       const struct spawnpol_link_info *info)
{
	char events[EVENTS_SIZE];

	event_list(info->events, events, sizeof(events));
	say(t, "link %u: %s in slot %u, position %u, of ring %llu, descriptor %u of process %u%s%s\n",
	    info->id, name, info->slot, info->position,
	    (unsigned long long)info->ring_id,
	    t->set.fd, t->set.pid, *events ? ", events " : "", events);
	if (info->position)
		say(t, "note: it is asked only if all policies before it pass; --first attaches it before them\n");
}

static int print_link(struct tool *t, const char *name,
		      const struct spawnpol_link_info *info)
{
	struct json j;
	int ret;

	if (link_is_actor(info)) {
		say(t, "link %u: %s in slot %u for actors of ring %llu, descriptor %u of process %u\n",
		    info->id, name, info->slot, (unsigned long long)info->ring_id,
		    t->set.fd, t->set.pid);
		attach_say_actor(t, info);
	} else {
		say_policy(t, name, info);
	}
	ret = start_json(t, &j);
	if (ret <= 0)
		return ret;
	json_u32(&j, "link", info->id);
	json_text(&j, "policy", name);
	json_text(&j, "kind", link_kind(info));
	json_u32(&j, "prog_id", info->prog_id);
	json_u64(&j, "ring", info->ring_id);
	json_u32(&j, "slot", info->slot);
	json_u32(&j, "position", info->position);
	json_events(&j, "events", info->events);
	if (link_is_actor(info))
		attach_json_actor(&j, info);
	json_u32(&j, "pid", t->set.pid);
	json_u32(&j, "fd", t->set.fd);
	return json_finish(&j, stdout);
}

static int attach_policy(struct tool *t, const char *name, int prog, int ring,
			 struct spawnpol_attach_opts *opts)
{
	int ret;

	ret = budgets_check(t, prog, opts);
	if (ret)
		return ret;
	ret = spawnpol_policy_attach(ring, prog, opts);
	return ret < 0 ? attach_failed(t, ret, name) : ret;
}

/* A link that is not pinned goes with its descriptor: nothing is left. */
static int attach_ring(struct tool *t, const char *name, int prog, int ring,
		       struct spawnpol_attach_opts *opts)
{
	const bool actor = prog_is_actor(prog);
	struct spawnpol_link_info info;
	int link, ret;

	ret = attach_check_actor_options(t, name, actor);
	if (ret)
		return ret;
	link = actor ? attach_actor(t, name, prog, ring) :
		       attach_policy(t, name, prog, ring, opts);
	if (link < 0)
		return link;
	ret = spawnpol_policy_info(link, &info);
	if (ret)
		ret = fail(t, ret, "cannot query the link");
	else if (!info.ring_id)
		ret = fail(t, ENXIO, "the ring of process %u is gone",
			   t->set.pid);
	if (!ret)
		ret = pins_add_link(t, name, link, info.id);
	close(link);
	return ret ? ret : print_link(t, name, &info);
}

static int attach_locked(struct tool *t, const char *name,
			 struct spawnpol_attach_opts *opts)
{
	int prog, ring, ret;

	ret = order_read(t, opts);
	if (ret)
		return ret;
	prog = pins_prog(t, name);
	if (prog < 0)
		return prog;
	ring = rings_take(t, t->set.pid, &t->set.fd);
	ret = ring;
	if (ring >= 0) {
		ret = attach_ring(t, name, prog, ring, opts);
		close(ring);
	}
	close(prog);
	return ret;
}

int do_attach(struct tool *t)
{
	struct spawnpol_attach_opts opts;
	const char *name = t->args[0];
	int lock, ret;

	if (!t->set.pid)
		return misuse(t, "attach needs --pid: the process that has the ring");
	ret = pins_check_name(t, name);
	if (!ret)
		ret = order_check(t);
	if (!ret)
		ret = read_opts(t, &opts);
	if (ret)
		return ret;
	lock = pins_change(t);
	if (pins_lock_failed(lock))
		return lock;
	ret = attach_locked(t, name, &opts);
	pins_unlock(lock);
	return ret;
}

static int parse_link(struct tool *t, const char *text, uint32_t *id)
{
	if (!strncmp(text, LINK_PREFIX, strlen(LINK_PREFIX)))
		text += strlen(LINK_PREFIX);
	if (!parse_number(text, 1, UINT32_MAX, id))
		return 0;
	return misuse(t, "'%s' is no link; links are numbers, as list shows them",
		      text);
}

/* A descriptor of the link. */
static int take_link(struct tool *t, uint32_t id,
		     struct spawnpol_link_info *info)
{
	int fd, ret;

	fd = bpf_link_get_fd_by_id(id);
	if (fd < 0) {
		ret = fail(t, errno, "there is no link %u", id);
		if (ret == -EPERM)
			fail(t, EPERM, "cannot open link %u", id);
		advise(t, ret == -EPERM ? "run %s as root" : "%s list",
		       TOOL_NAME);
		return ret;
	}
	ret = spawnpol_policy_info(fd, info);
	if (!ret)
		return fd;
	close(fd);
	if (ret == -EINVAL)
		return refuse(t, "link %u is not that of a policy or an actor", id);
	return fail(t, ret, "cannot look at link %u", id);
}

/* What the new program wants to be told of and will not be. */
static uint32_t missing_events(int prog, uint32_t have)
{
	uint32_t wanted;

	if (spawnpol_policy_events(prog, &wanted))
		return 0;
	return wanted & ~have & ~ALWAYS;
}

static int print_update(struct tool *t, uint32_t id, const char *name,
			uint32_t missing)
{
	char events[EVENTS_SIZE];
	struct json j;
	int ret;

	event_list(missing, events, sizeof(events));
	say(t, "link %u: now %s\n", id, name);
	if (missing)
		say(t, "note: %s asks for events that the link does not report: %s; attach it again to get them\n",
		    name, events);
	ret = start_json(t, &j);
	if (ret <= 0)
		return ret;
	json_u32(&j, "link", id);
	json_text(&j, "policy", name);
	json_events(&j, "events_missing", missing);
	return json_finish(&j, stdout);
}

/* A slot for policies takes no actor, and the other way round. */
static int check_kind(struct tool *t, int prog, const struct spawnpol_link_info *info,
		      const char *name)
{
	const bool actor = prog_is_actor(prog);

	if (actor == link_is_actor(info))
		return 0;
	refuse(t, "link %u is that of %s, and '%s' is %s", info->id,
	       actor ? "a policy" : "an actor", name, actor ? "an actor" : "a policy");
	advise(t, "%s attach %s, which makes another link", TOOL_NAME, name);
	return -EINVAL;
}

/* The link keeps its budgets: may the new policy be too much for them? */
static int check_budgets(struct tool *t, int prog,
			 const struct spawnpol_link_info *info, const char *name)
{
	struct spawnpol_attach_opts opts = {
		.sz = sizeof(opts),
		.max_issues = info->max_issues,
		.max_staged = info->max_staged,
		.max_delay_ns = info->max_delay_ns,
	};
	char option[sizeof(t->problem.remedy)];
	int ret;

	ret = budgets_check(t, prog, &opts);
	if (!ret)
		return 0;
	memcpy(option, t->problem.remedy, sizeof(option));
	advise(t, "detach link %u, and attach %s with %.64s", info->id, name,
	       option);
	return ret;
}

/* The pin moves first: that can be undone, chains that saw the program not. */
static int exchange(struct tool *t, int link, int prog,
		    const struct spawnpol_link_info *info, const char *name)
{
	struct spawnpol_advice a;
	char old[NAME_MAX + 1];
	bool pinned;
	int ret;

	pinned = pins_find_link(info->id, old);
	if (pinned) {
		ret = pins_move_link(t, info->id, old, name);
		if (ret)
			return ret;
	}
	ret = spawnpol_policy_update(link, prog, -1);
	if (!ret)
		return 0;
	if (pinned)
		pins_move_link(t, info->id, name, old);
	a = spawnpol_advise(SPAWNPOL_TOPIC_LINK, ret);
	fail(t, ret, "cannot replace the program of link %u by '%s' (%s)", info->id, name,
	     a.text);
	if (a.remedy)
		advise(t, "%s", a.remedy);
	return ret;
}

int do_update(struct tool *t)
{
	const char *name = t->args[1];
	struct spawnpol_link_info info;
	int lock, link, prog, ret;
	uint32_t id;

	ret = parse_link(t, t->args[0], &id);
	if (!ret)
		ret = pins_check_name(t, name);
	if (ret)
		return ret;
	lock = pins_change(t);
	if (pins_lock_failed(lock))
		return lock;
	link = ret = take_link(t, id, &info);
	if (link < 0)
		goto unlock;
	prog = ret = pins_prog(t, name);
	if (prog < 0)
		goto close_link;
	ret = check_kind(t, prog, &info, name);
	if (!ret && !link_is_actor(&info))
		ret = check_budgets(t, prog, &info, name);
	if (!ret)
		ret = exchange(t, link, prog, &info, name);
	if (!ret)
		ret = print_update(t, info.id, name, link_is_actor(&info) ? 0 :
				   missing_events(prog, info.events));
	close(prog);
close_link:
	close(link);
unlock:
	pins_unlock(lock);
	return ret;
}

static int detach(struct tool *t, const void *what)
{
	const uint32_t id = *(const uint32_t *)what;
	struct spawnpol_link_info info;
	char name[NAME_MAX + 1];
	int link, ret;

	link = take_link(t, id, &info);
	if (link < 0)
		return link;
	ret = spawnpol_policy_detach(link);
	close(link);
	if (ret)
		return fail(t, ret, "cannot detach link %u", id);
	if (pins_find_link(id, name))
		pins_remove_link(name, id);
	return 0;
}

int do_detach(struct tool *t)
{
	struct json j;
	uint32_t id;
	int ret;

	ret = parse_link(t, t->args[0], &id);
	if (!ret)
		ret = pins_change_by(t, detach, &id);
	if (ret)
		return ret;
	say(t, "detached link %u\n", id);
	ret = start_json(t, &j);
	if (ret <= 0)
		return ret;
	json_u32(&j, "link", id);
	return json_finish(&j, stdout);
}
