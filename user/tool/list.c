// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol list: gathered first, under the lock, then printed. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf_info.h"
#include "list_print.h"
#include "kernel.h"
#include "pins.h"
#include "tool.h"

/* Room for one more element at the end of *array. */
static void *grow(void **array, size_t nr, size_t size)
{
	void *more;

	/* at each power of two the room is doubled */
	if (!(nr & (nr - 1))) {
		more = realloc(*array, (nr ? 2 * nr : 1) * size);
		if (!more)
			return NULL;
		*array = more;
	}
	memset((char *)*array + nr * size, 0, size);
	return (char *)*array + nr * size;
}

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
	int fd;

	if (v->only && strcmp(v->only, name))
		return 0;
	p = grow((void **)&v->policies, v->nr_policies, sizeof(*p));
	if (!p)
		return -ENOMEM;
	snprintf(p->name, sizeof(p->name), "%s", name);
	fd = bpf_obj_get(pins_path(path, name, "prog"));
	if (fd < 0)
		return 0;
	if (!info_prog(fd, &info)) {
		p->prog_id = info.id;
		memcpy(p->program, info.name, sizeof(info.name));
	}
	close(fd);
	pins_each_file(name, "map-", add_map, p);
	v->nr_policies++;
	return 0;
}

static int add_link(struct inventory *v, int fd)
{
	struct spawnpol_link_info info;
	struct link_seen *l;

	if (spawnpol_policy_info(fd, &info))
		return 0;	/* of another type */
	l = grow((void **)&v->links, v->nr_links, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->info = info;
	if (!pins_find_link(info.id, l->policy))
		l->policy[0] = 0;
	v->nr_links++;
	return 0;
}

static int add_pinned_link(const char *file, void *data)
{
	struct inventory *v = data;
	char path[PATH_MAX];
	int fd, ret;

	fd = bpf_obj_get(pins_path(path, v->only, file));
	if (fd < 0)
		return -errno;
	ret = add_link(v, fd);
	close(fd);
	return ret;
}

/* All of the system, or those of one policy, and then no other is touched. */
static int gather_links(struct inventory *v)
{
	__u32 id = 0;
	int fd, ret;

	if (v->only && !v->nr_policies)
		return 0;
	if (v->only)
		return pins_each_file(v->only, "link-", add_pinned_link, v);
	while (!bpf_link_get_next_id(id, &id)) {
		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0 && errno == ENOENT)
			continue;	/* gone meanwhile */
		if (fd < 0)
			return -errno;
		ret = add_link(v, fd);
		close(fd);
		if (ret)
			return ret;
	}
	return errno == ENOENT ? 0 : -errno;
}

static void add_ring(const struct ring_seen *seen, void *data)
{
	struct inventory *v = data;
	struct ring_seen *r;

	r = grow((void **)&v->rings, v->nr_rings, sizeof(*r));
	if (!r)
		return;
	*r = *seen;
	v->nr_rings++;
}

static int gather(struct tool *t, struct inventory *v)
{
	int lock, ret;

	lock = pins_lock(t, PINS_READ);
	if (lock < 0 && lock != -ENOENT)
		return lock;
	ret = lock < 0 ? 0 : pins_each(add_policy, v);
	if (ret)
		fail(t, ret, "cannot read %s", PINS_DIR);
	if (!ret) {
		ret = gather_links(v);
		if (ret)
			fail(t, ret, "cannot list the links of this system");
		if (ret == -EPERM)
			advise(t, "run %s as root (CAP_SYS_ADMIN is needed)",
			       TOOL_NAME);
	}
	if (lock >= 0)
		close(lock);
	return ret;
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
	int ret;

	ret = kernel_check_policies(t);
	if (!ret)
		ret = gather(t, &v);
	if (!ret && v.only && !v.nr_policies)
		ret = check_loaded(t, v.only);
	if (!ret && v.nr_links)
		rings_each(0, add_ring, &v);
	if (!ret)
		ret = list_print(t, &v);
	free(v.policies);
	free(v.links);
	free(v.rings);
	return ret;
}
