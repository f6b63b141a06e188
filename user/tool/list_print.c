// SPDX-License-Identifier: LGPL-2.1-or-later
/* The output of list. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "links.h"
#include "list_print.h"
#include "list_print_link.h"
#include "policy_show.h"
#include "prog_kind.h"
#include "tool.h"

static void json_processes(struct json *j, const struct inventory *v,
			   uint64_t ring_id)
{
	unsigned int i;

	json_array(j, "processes");
	for (i = 0; i < v->nr_rings; i++) {
		if (!ring_id || v->rings[i].ring_id != ring_id)
			continue;
		json_object(j, NULL);
		json_u32(j, "pid", v->rings[i].pid);
		json_u32(j, "fd", v->rings[i].fd);
		json_end(j);
	}
	json_end(j);
}

static void json_link(struct json *j, const struct inventory *v,
		      const struct link_seen *l)
{
	json_object(j, NULL);
	json_u32(j, "link", l->info.id);
	json_text(j, "policy", l->policy[0] ? l->policy : NULL);
	json_text(j, "kind", link_kind(&l->info));
	json_bool(j, "pinned", l->pin[0]);
	json_u32(j, "prog_id", l->info.prog_id);
	json_text(j, "program", l->program[0] ? l->program : NULL);
	json_u32(j, "slot", l->info.slot);
	json_u32(j, "position", l->info.position);
	json_u64(j, "revision", l->info.revision);
	if (l->info.ring_id)
		json_u64(j, "ring", l->info.ring_id);
	else
		json_null(j, "ring");
	json_bool(j, "gone", !l->info.ring_id);
	json_processes(j, v, l->info.ring_id);
	list_json_link(j, &l->info);
	json_end(j);
}

static void json_policy(struct json *j, const struct policy_seen *p)
{
	json_object(j, NULL);
	json_text(j, "name", p->name);
	json_text(j, "kind", p->prog_id ? prog_kind(p->actor) : NULL);
	json_bool(j, "complete", p->prog_id);
	json_text(j, "program", p->prog_id ? p->program : NULL);
	json_u32_or_null(j, "prog_id", p->prog_id);
	json_u32(j, "maps", p->nr_maps);
	policy_show_json(j, p->prog_fd, p->actor);
	json_end(j);
}

static int print_json(const struct inventory *v)
{
	struct json j;
	unsigned int i;
	int ret;

	ret = json_start(&j);
	if (ret)
		return ret;
	json_array(&j, "policies");
	for (i = 0; i < v->nr_policies; i++)
		json_policy(&j, &v->policies[i]);
	json_end(&j);
	json_array(&j, "links");
	for (i = 0; i < v->nr_links; i++)
		json_link(&j, v, &v->links[i]);
	json_end(&j);
	return json_finish(&j, stdout);
}

static void print_ring(const struct inventory *v,
		       const struct spawnpol_link_info *info)
{
	const char *separator = " of";
	unsigned int i;

	if (!info->ring_id) {
		printf("its ring is gone\n");
		return;
	}
	printf("slot %u", info->slot);
	if (link_is_actor(info))
		printf(" for actors of ring %llu", (unsigned long long)info->ring_id);
	else
		printf(", position %u, of ring %llu", info->position,
		       (unsigned long long)info->ring_id);
	for (i = 0; i < v->nr_rings; i++) {
		if (v->rings[i].ring_id != info->ring_id)
			continue;
		printf("%s process %u (fd %u)", separator, v->rings[i].pid,
		       v->rings[i].fd);
		separator = ",";
	}
	printf("\n");
}

/* The policy to list it with: the one that decides, or else the one of its pin. */
static const char *heading(const struct link_seen *l)
{
	return l->policy[0] ? l->policy : l->pin;
}

/* Whose link it is, where that is not what the reader expects. */
static void print_owner(const struct link_seen *l)
{
	if (!l->policy[0])
		printf("    program %u '%s', of no loaded %s\n",
		       l->info.prog_id, l->program, link_kind(&l->info));
	if (!l->pin[0])
		printf("    made by another program, and not pinned by %s\n",
		       TOOL_NAME);
	else if (strcmp(l->pin, heading(l)))
		printf("    pinned with the %s '%s'\n", link_kind(&l->info), l->pin);
}

static void print_link(const struct inventory *v, const struct link_seen *l)
{
	printf("  link %u: ", l->info.id);
	print_ring(v, &l->info);
	print_owner(l);
	list_put_link(&l->info);
}

static void print_links(const struct inventory *v, const char *policy)
{
	unsigned int i;

	for (i = 0; i < v->nr_links; i++)
		if (!strcmp(heading(&v->links[i]), policy))
			print_link(v, &v->links[i]);
}

static void print_policy(const struct policy_seen *p)
{
	if (!p->prog_id) {
		printf("%s: incomplete, its program is not pinned; try: %s unload %s\n",
		       p->name, TOOL_NAME, p->name);
		return;
	}
	printf("%s: %sprogram %u '%s', %u map%s\n", p->name,
	       p->actor ? "actor, " : "", p->prog_id,
	       p->program, p->nr_maps, p->nr_maps == 1 ? "" : "s");
	policy_show_text(p->prog_fd, p->actor);
}

static void print_text(const struct inventory *v)
{
	unsigned int i;
	bool others = false;

	for (i = 0; i < v->nr_policies; i++) {
		print_policy(&v->policies[i]);
		print_links(v, v->policies[i].name);
	}
	for (i = 0; i < v->nr_links; i++)
		others = others || !*heading(&v->links[i]);
	if (others)
		printf("links of programs that were not loaded with this tool:\n");
	print_links(v, "");
	if (!v->nr_policies && !others)
		printf("no policy or actor is loaded\n");
}

int list_print(struct tool *t, const struct inventory *v)
{
	int ret;

	if (t->set.json) {
		ret = print_json(v);
		return ret ? fail(t, ret, "cannot print") : 0;
	}
	if (!t->set.quiet)
		print_text(v);
	return 0;
}
