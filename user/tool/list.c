// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol list: collects the data under the lock, then prints them. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf_info.h"
#include "grow.h"
#include "kernel.h"
#include "links.h"
#include "list_print.h"
#include "pins.h"
#include "prog_kind.h"
#include "tool.h"

static int add_map(const char *file, void *data)
{
	struct policy_seen *p = data;

	(void)file;
	p->nr_maps++;
	return 0;
}

static int add_policy(const char *name, void *data)
{
	struct inventory *v = data;
	struct bpf_prog_info info;
	struct policy_seen *p;
	char path[PATH_MAX];

	if (v->only && strcmp(v->only, name))
		return 0;
	p = grow(&v->policies, v->nr_policies, sizeof(*p));
	if (!p)
		return -ENOMEM;
	v->nr_policies++;
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->prog_fd = bpf_obj_get(pins_path(path, name, "prog"));
	if (p->prog_fd >= 0 && !info_prog(p->prog_fd, &info)) {
		p->prog_id = info.id;
		memcpy(p->program, info.name, sizeof(info.name));
		p->actor = prog_is_actor(p->prog_fd);
	}
	pins_each_file(name, "map-", add_map, p);
	return 0;
}

/* The policy whose program the link has. */
static const char *deciding_policy(const struct inventory *v, uint32_t prog_id)
{
	unsigned int i;

	for (i = 0; i < v->nr_policies; i++)
		if (v->policies[i].prog_id && v->policies[i].prog_id == prog_id)
			return v->policies[i].name;
	return "";
}

static void ask_program(struct link_seen *l)
{
	struct bpf_prog_info info;
	int fd = bpf_prog_get_fd_by_id(l->info.prog_id);

	if (fd < 0)
		return;
	if (!info_prog(fd, &info))
		memcpy(l->program, info.name, sizeof(info.name));
	close(fd);
}

static int add_link(int fd, const struct spawnpol_link_info *info, void *data)
{
	struct inventory *v = data;
	struct link_seen *l;

	(void)fd;
	l = grow(&v->links, v->nr_links, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->info = *info;
	if (!pins_find_link(info->id, l->pin))
		l->pin[0] = 0;
	strcpy(l->policy, deciding_policy(v, info->prog_id));
	if (v->only && !l->policy[0] && strcmp(l->pin, v->only))
		return 0;
	ask_program(l);
	v->nr_links++;
	return 0;
}

static int add_ring(const struct ring_seen *seen, void *data)
{
	struct inventory *v = data;
	struct ring_seen *r;

	if (!seen->ring_id)
		return 0;
	r = grow(&v->rings, v->nr_rings, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = *seen;
	v->nr_rings++;
	return 0;
}

static int gather_locked(struct tool *t, struct inventory *v, bool pins)
{
	int ret = 0;

	if (pins)
		ret = pins_each(add_policy, v);
	if (ret)
		return fail(t, ret, "cannot read %s", PINS_DIR);
	if (v->only && !v->nr_policies)
		return 0;
	ret = links_each(t, add_link, v);
	return ret == -ENOMEM ? fail(t, ret, "cannot list the links") : ret;
}

static int gather(struct tool *t, struct inventory *v)
{
	int lock, ret;

	lock = pins_lock(t, PINS_READ);
	if (pins_lock_failed(lock))
		return lock;
	ret = gather_locked(t, v, lock >= 0);
	pins_unlock(lock);
	return ret;
}

static void release(struct inventory *v)
{
	unsigned int i;

	for (i = 0; i < v->nr_policies; i++)
		if (v->policies[i].prog_fd >= 0)
			close(v->policies[i].prog_fd);
	free(v->policies);
	free(v->links);
	free(v->rings);
}

/* The links of a slot in the order in which their policies are asked. */
static int by_position(const void *a, const void *b)
{
	const struct spawnpol_link_info *x = &((const struct link_seen *)a)->info;
	const struct spawnpol_link_info *y = &((const struct link_seen *)b)->info;

	if (x->ring_id != y->ring_id)
		return x->ring_id < y->ring_id ? -1 : 1;
	if (link_is_actor(x) != link_is_actor(y))
		return link_is_actor(x) ? 1 : -1;
	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Fails with the reason if this policy cannot be found. */
static int check_loaded(struct tool *t, const char *name)
{
	int fd = pins_prog(t, name);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int do_list(struct tool *t)
{
	struct inventory v = { .only = t->nr_args ? t->args[0] : NULL };
	int ret = 0;

	if (v.only)
		ret = pins_check_name(t, v.only);
	if (!ret)
		ret = kernel_check_policies(t);
	if (!ret)
		ret = gather(t, &v);
	if (!ret && v.only && !v.nr_policies)
		ret = check_loaded(t, v.only);
	if (!ret && v.nr_links) {
		qsort(v.links, v.nr_links, sizeof(*v.links), by_position);
		ring_scan(add_ring, &v);
	}
	if (!ret)
		ret = list_print(t, &v);
	release(&v);
	return ret;
}
