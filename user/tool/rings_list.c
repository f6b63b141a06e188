// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * spawnpol rings: list the processes that have rings, and what is attached to these.
 * Rings are found by their descriptors. A ring without a descriptor is visible only if
 * it is mapped or has a policy.
 */
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
#include "pins.h"
#include "rings_list.h"
#include "tool.h"

static int add_process(uint32_t pid, void *data)
{
	struct process_rings p, *more;
	struct ring_list *l = data;
	int ret;

	ret = process_rings_read(&p, pid);
	if (!ret && (p.nr_rings || p.nr_mapped || p.nr_links)) {
		more = grow(&l->processes, l->nr_processes, sizeof(*more));
		if (more) {
			*more = p;
			l->nr_processes++;
			return 0;
		}
		ret = -ENOMEM;
	}
	process_rings_free(&p);
	if (ret == -EACCES || ret == -EPERM)
		l->unreadable++;
	return ret == -ENOMEM ? ret : 0;
}

static int add_policy(const char *name, void *data)
{
	struct named_policy *policy;
	struct ring_list *l = data;
	struct bpf_prog_info info;
	char path[PATH_MAX];
	int fd, ret;

	fd = bpf_obj_get(pins_path(path, name, "prog"));
	if (fd < 0)
		return 0;
	ret = info_prog(fd, &info);
	close(fd);
	if (ret)
		return 0;
	policy = grow(&l->policies, l->nr_policies, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	policy->prog_id = info.id;
	snprintf(policy->name, sizeof(policy->name), "%s", name);
	l->nr_policies++;
	return 0;
}

/* Names are for the reader's sake: without them there are numbers. */
static int name_policies(struct tool *t, struct ring_list *l)
{
	int lock = pins_lock(t, PINS_READ), ret;

	if (lock < 0)
		return 0;
	ret = pins_each(add_policy, l);
	pins_unlock(lock);
	return ret == -ENOMEM ? ret : 0;
}

static bool is_seen(const struct ring_list *l, uint64_t ring_id)
{
	unsigned int i, k;

	for (i = 0; i < l->nr_processes; i++)
		for (k = 0; k < l->processes[i].nr_rings; k++)
			if (l->processes[i].rings[k].ring_id == ring_id)
				return true;
	return false;
}

static uint32_t holder_of(const struct ring_list *l, uint32_t link)
{
	unsigned int i, k;

	for (i = 0; i < l->nr_processes; i++)
		for (k = 0; k < l->processes[i].nr_links; k++)
			if (l->processes[i].links[k] == link)
				return l->processes[i].pid;
	return 0;
}

static int add_hidden(int fd, const struct spawnpol_link_info *info, void *data)
{
	struct hidden_ring *hidden;
	struct ring_list *l = data;

	(void)fd;
	if (!info->ring_id || is_seen(l, info->ring_id))
		return 0;
	hidden = grow(&l->hidden, l->nr_hidden, sizeof(*hidden));
	if (!hidden)
		return -ENOMEM;
	hidden->link = *info;
	hidden->holder = holder_of(l, info->id);
	l->nr_hidden++;
	return 0;
}

/* Of one process, only what it has itself. */
static int gather(struct tool *t, struct ring_list *l)
{
	int ret;

	if (t->set.pid)
		ret = add_process(t->set.pid, l);
	else
		ret = ring_scan_processes(add_process, l);
	if (!ret)
		ret = name_policies(t, l);
	if (!ret && !t->set.pid)
		ret = links_each(t, add_hidden, l);
	l->no_links = ret == -EPERM;
	if (!ret || l->no_links)
		return 0;
	return fail(t, ret, "cannot list rings");
}

static int check_process(struct tool *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u", t->set.pid);
	if (!t->set.pid || !access(path, F_OK))
		return 0;
	return fail(t, ESRCH, "there is no process %u", t->set.pid);
}

static void release(struct ring_list *l)
{
	unsigned int i;

	for (i = 0; i < l->nr_processes; i++)
		process_rings_free(&l->processes[i]);
	free(l->processes);
	free(l->policies);
	free(l->hidden);
}

int do_rings(struct tool *t)
{
	struct ring_list l = { 0 };
	int ret;

	ret = kernel_check_spawn(t);
	if (!ret)
		ret = check_process(t);
	if (!ret)
		ret = gather(t, &l);
	if (!ret && t->set.pid && l.unreadable) {
		ret = fail(t, EACCES, "cannot look at the descriptors of process %u",
			   t->set.pid);
		advise(t, "run %s as root, or as the process's user", TOOL_NAME);
	}
	if (!ret)
		ret = rings_list_print(t, &l);
	release(&l);
	return ret;
}
