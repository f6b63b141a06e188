// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * spawnpol unload. A policy is in use as long as any link has it, whichever process
 * made the link and wherever it is pinned, so this command looks at all links of the
 * system.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <spawnpol.h>
#include <unistd.h>

#include "bpf_info.h"
#include "json.h"
#include "links.h"
#include "pins.h"
#include "prog_kind.h"
#include "tool.h"

/* The policy that is to go. */
struct going {
	struct tool *t;
	const char *name;
	uint32_t prog_id;	/* 0: its program's pin is gone */
	unsigned int attached;
	bool actor;		/* else a policy, in what is said */
	uint32_t first;		/* one of the links */
};

/* Is it the link of a ring that this policy decides for? */
static bool decides(const struct going *g, const struct spawnpol_link_info *info)
{
	if (!info->ring_id)
		return false;
	return (g->prog_id && info->prog_id == g->prog_id) ||
	       pins_has_link(g->name, info->id);
}

static int count_link(int fd, const struct spawnpol_link_info *info, void *data)
{
	struct going *g = data;

	(void)fd;
	if (decides(g, info) && !g->attached++) {
		g->first = info->id;
		g->actor = link_is_actor(info);
	}
	return 0;
}

static int detach_link(int fd, const struct spawnpol_link_info *info, void *data)
{
	const struct going *g = data;
	int ret;

	if (!decides(g, info))
		return 0;
	ret = spawnpol_policy_detach(fd);
	return ret ? fail(g->t, ret, "cannot detach link %u", info->id) : 0;
}

static int in_use(const struct going *g)
{
	fail(g->t, EBUSY, "the %s '%s' is attached to %u ring%s",
	     prog_kind(g->actor), g->name, g->attached, g->attached == 1 ? "" : "s");
	if (g->attached == 1)
		advise(g->t, "%s detach %u, or --force", TOOL_NAME, g->first);
	else
		advise(g->t, "--force, to detach it everywhere");
	return -EBUSY;
}

static int find_prog(struct going *g)
{
	struct bpf_prog_info info;
	int fd, ret;

	fd = pins_prog(g->t, g->name);
	/* what is left of a policy without its program's pin can go */
	if (fd == -ENOENT && pins_exists(g->name))
		return 0;
	if (fd < 0)
		return fd;
	ret = info_prog(fd, &info);
	close(fd);
	if (ret)
		return fail(g->t, ret, "cannot query the program");
	g->prog_id = info.id;
	return 0;
}

static int unload(struct tool *t, const void *what)
{
	const char *name = what;
	struct going g = { .t = t, .name = name };
	int ret;

	ret = find_prog(&g);
	if (!ret)
		ret = links_each(t, count_link, &g);
	if (!ret && g.attached && !t->set.force)
		ret = in_use(&g);
	if (!ret && g.attached)
		ret = links_each(t, detach_link, &g);
	return ret ? ret : pins_remove(t, name);
}

int do_unload(struct tool *t)
{
	const char *name = t->args[0];
	struct json j;
	int ret;

	ret = pins_check_name(t, name);
	if (!ret)
		ret = pins_change_by(t, unload, name);
	if (ret)
		return ret;
	say(t, "unloaded %s\n", name);
	ret = start_json(t, &j);
	if (ret <= 0)
		return ret;
	json_text(&j, "name", name);
	return json_finish(&j, stdout);
}
