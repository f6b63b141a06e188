// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol load and unload. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <spawnpol.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpf_info.h"
#include "json.h"
#include "object.h"
#include "pins.h"
#include "tool.h"

/* What execvp() searches without a PATH. */
#define DEFAULT_PATH	"/bin:/usr/bin"

static int report_loaded(struct tool *t, const char *name,
			 const struct object *o)
{
	struct bpf_prog_info info;
	struct json j;
	int ret;

	ret = info_prog(bpf_program__fd(o->prog), &info);
	if (ret)
		return fail(t, ret, "cannot ask for the program's id");
	say(t, "loaded %s: program %u '%s' of %s\n", name, info.id,
	    bpf_program__name(o->prog), o->path);
	ret = start_json(t, &j);
	if (ret <= 0)
		return ret;
	json_text(&j, "name", name);
	json_text(&j, "object", o->path);
	json_text(&j, "program", bpf_program__name(o->prog));
	json_u32(&j, "prog_id", info.id);
	return json_finish(&j, stdout);
}

static int keep(struct tool *t, const char *name, struct object *o)
{
	int lock, ret;

	lock = pins_lock(t, PINS_WRITE);
	if (lock < 0)
		return lock;
	ret = pins_add(t, name, o->bpf, o->prog);
	close(lock);
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
	ret = object_load(t, &o, file, DEFAULT_PATH);
	if (ret)
		return ret;
	ret = keep(t, name, &o);
	if (!ret)
		ret = report_loaded(t, name, &o);
	object_close(&o);
	return ret;
}

/* The links of the policy that is to go. */
struct going {
	struct tool *t;
	const char *name;
	unsigned int attached;
	uint32_t first;
};

static int open_link(const struct going *g, const char *file,
		     struct spawnpol_link_info *info)
{
	char path[PATH_MAX];
	int fd;

	fd = bpf_obj_get(pins_path(path, g->name, file));
	if (fd < 0)
		return -errno;
	if (spawnpol_policy_info(fd, info) || !info->ring_id) {
		close(fd);
		return -ENOLINK;
	}
	return fd;
}

static int count_attached(const char *file, void *data)
{
	struct spawnpol_link_info info;
	struct going *g = data;
	int fd;

	fd = open_link(g, file, &info);
	if (fd < 0)
		return 0;
	close(fd);
	if (!g->attached++)
		g->first = info.id;
	return 0;
}

static int detach_one(const char *file, void *data)
{
	struct spawnpol_link_info info;
	const struct going *g = data;
	int fd, ret;

	fd = open_link(g, file, &info);
	if (fd < 0)
		return 0;
	ret = spawnpol_policy_detach(fd);
	close(fd);
	return ret ? fail(g->t, ret, "cannot detach link %u", info.id) : 0;
}

static int in_use(struct tool *t, const struct going *g)
{
	fail(t, EBUSY, "the policy '%s' is attached to %u ring%s", g->name,
	     g->attached, g->attached == 1 ? "" : "s");
	if (g->attached == 1)
		advise(t, "%s detach %u, or --force", TOOL_NAME, g->first);
	else
		advise(t, "--force, to detach it everywhere");
	return -EBUSY;
}

static int unload(struct tool *t, const char *name)
{
	struct going g = { .t = t, .name = name };
	int fd, ret;

	fd = pins_prog(t, name);
	if (fd < 0)
		return fd;
	close(fd);
	pins_each_file(name, "link-", count_attached, &g);
	if (g.attached && !t->set.force)
		return in_use(t, &g);
	ret = pins_each_file(name, "link-", detach_one, &g);
	return ret ? ret : pins_remove(t, name);
}

int do_unload(struct tool *t)
{
	const char *name = t->args[0];
	struct json j;
	int lock, ret;

	ret = pins_check_name(t, name);
	if (ret)
		return ret;
	lock = pins_change(t);
	if (lock < 0)
		return lock;
	ret = unload(t, name);
	close(lock);
	if (ret)
		return ret;
	say(t, "unloaded %s\n", name);
	ret = start_json(t, &j);
	if (ret <= 0)
		return ret;
	json_text(&j, "name", name);
	return json_finish(&j, stdout);
}
