// SPDX-License-Identifier: LGPL-2.1-or-later
/* The output of rings, as text and as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/escape.h"
#include "json.h"
#include "links.h"
#include "rings_list.h"
#include "tool.h"

static const char *policy_name(const struct ring_list *l, uint32_t prog_id)
{
	unsigned int i;

	for (i = 0; i < l->nr_policies; i++)
		if (l->policies[i].prog_id == prog_id)
			return l->policies[i].name;
	return NULL;
}

static void put_attached(const struct ring_list *l, const char *what, uint32_t slot,
			 uint32_t link, uint32_t prog_id)
{
	const char *name = policy_name(l, prog_id);

	if (name)
		printf("slot %u: %s%s (program %u), link %u", slot, what, name,
		       prog_id, link);
	else
		printf("slot %u: program %u, link %u", slot, prog_id, link);
}

/* All that run the program of this link. */
static void put_actors(const struct ring_of_process *ring, uint32_t link)
{
	unsigned int i, running = 0, in_flight = 0;

	for (i = 0; i < ring->nr_actors; i++) {
		if (ring->actors[i].link_id != link)
			continue;
		running++;
		in_flight += ring->actors[i].in_flight;
	}
	if (running)
		printf("; %u running, %u request%s in flight", running, in_flight,
		       in_flight == 1 ? "" : "s");
}

static void put_program(const struct ring_list *l, const struct ring_of_process *ring,
			const struct ring_policy *p)
{
	printf("    actor ");
	put_attached(l, "", p->slot, p->link_id, p->prog_id);
	put_actors(ring, p->link_id);
	putchar('\n');
}

static void put_kept(const struct ring_of_process *ring)
{
	unsigned int busy = 0, i;

	if (!ring->nr_kept)
		return;
	for (i = 0; i < ring->nr_kept; i++)
		busy += ring->kept[i].busy;
	printf("    kept children: %u waiting, %u busy\n", ring->nr_kept - busy, busy);
}

static void put_ring(const struct ring_list *l, const struct ring_of_process *ring)
{
	unsigned int i;

	for (i = 0; i < ring->nr_fds; i++)
		printf("%s%u", i ? ", " : "  fd ", ring->fds[i]);
	if (ring->ring_id)
		printf(": ring %" PRIu64, ring->ring_id);
	printf("%s\n", ring->nr_policies || ring->nr_programs ? "" : ring->ring_id ?
	       ", no policy or actor" : ": a ring without policy or actor");
	for (i = 0; i < ring->nr_policies; i++) {
		printf("    ");
		put_attached(l, "policy ", ring->policies[i].slot,
			     ring->policies[i].link_id, ring->policies[i].prog_id);
		putchar('\n');
	}
	for (i = 0; i < ring->nr_programs; i++)
		put_program(l, ring, &ring->programs[i]);
	put_kept(ring);
}

static unsigned int put_process(const struct ring_list *l,
				const struct process_rings *p)
{
	char name[4 * sizeof(p->name)];
	unsigned int i;

	if (!p->nr_rings && !p->nr_mapped)
		return 0;
	printf("process %u '%s':\n", p->pid,
	       escape_text(p->name, name, sizeof(name)));
	for (i = 0; i < p->nr_rings; i++)
		put_ring(l, &p->rings[i]);
	if (p->nr_mapped)
		printf("  %u mapped without a descriptor\n", p->nr_mapped);
	return 1;
}

static void put_hidden(const struct ring_list *l)
{
	const struct hidden_ring *h;
	unsigned int i;

	if (l->nr_hidden)
		printf("rings without a visible descriptor:\n");
	for (i = 0; i < l->nr_hidden; i++) {
		h = &l->hidden[i];
		printf("  ring %" PRIu64 ", ", (uint64_t)h->link.ring_id);
		if (link_is_actor(&h->link))
			printf("actor ");
		put_attached(l, link_is_actor(&h->link) ? "" : "policy ",
			     h->link.slot, h->link.id, h->link.prog_id);
		if (h->holder)
			printf(", which process %u holds", h->holder);
		putchar('\n');
	}
}

static void print_text(const struct ring_list *l)
{
	unsigned int i, shown = 0;

	for (i = 0; i < l->nr_processes; i++)
		shown += put_process(l, &l->processes[i]);
	put_hidden(l);
	if (!shown && !l->nr_hidden)
		printf("no ring was found\n");
	if (l->unreadable)
		printf("%u process%s cannot be looked at without CAP_SYS_PTRACE\n",
		       l->unreadable, l->unreadable == 1 ? "" : "es");
	if (l->no_links)
		printf("rings without a descriptor are not shown without CAP_SYS_ADMIN\n");
}

static void json_policy(struct json *j, const struct ring_list *l, uint32_t slot,
			uint32_t link, uint32_t prog_id)
{
	json_u32(j, "slot", slot);
	json_u32(j, "link", link);
	json_u32(j, "prog_id", prog_id);
	json_text(j, "policy", policy_name(l, prog_id));
}

static void json_kept(struct json *j, const struct ring_of_process *ring)
{
	unsigned int i;

	json_array(j, "kept");
	for (i = 0; i < ring->nr_kept; i++) {
		json_object(j, NULL);
		json_u32(j, "number", ring->kept[i].number);
		json_u32(j, "pid", ring->kept[i].pid);
		json_bool(j, "busy", ring->kept[i].busy);
		json_end(j);
	}
	json_end(j);
}

static void json_policies(struct json *j, const struct ring_list *l, const char *key,
			  const struct ring_policy *p, unsigned int nr)
{
	unsigned int i;

	json_array(j, key);
	for (i = 0; i < nr; i++, p++) {
		json_object(j, NULL);
		json_policy(j, l, p->slot, p->link_id, p->prog_id);
		json_end(j);
	}
	json_end(j);
}

static void json_actors(struct json *j, const struct ring_of_process *ring)
{
	unsigned int i;

	json_array(j, "actors");
	for (i = 0; i < ring->nr_actors; i++) {
		json_object(j, NULL);
		json_u32(j, "slot", ring->actors[i].slot);
		json_u32(j, "link", ring->actors[i].link_id);
		json_u32(j, "in_flight", ring->actors[i].in_flight);
		json_end(j);
	}
	json_end(j);
}

static void json_ring(struct json *j, const struct ring_list *l,
		      const struct ring_of_process *ring)
{
	unsigned int i;

	json_object(j, NULL);
	json_array(j, "fds");
	for (i = 0; i < ring->nr_fds; i++)
		json_u32(j, NULL, ring->fds[i]);
	json_end(j);
	if (ring->ring_id)
		json_u64(j, "ring", ring->ring_id);
	else
		json_null(j, "ring");
	json_policies(j, l, "policies", ring->policies, ring->nr_policies);
	json_policies(j, l, "programs", ring->programs, ring->nr_programs);
	json_actors(j, ring);
	json_kept(j, ring);
	json_end(j);
}

static void json_process(struct json *j, const struct ring_list *l,
			 const struct process_rings *p)
{
	unsigned int i;

	if (!p->nr_rings && !p->nr_mapped)
		return;
	json_object(j, NULL);
	json_u32(j, "pid", p->pid);
	json_text(j, "name", p->name);
	json_array(j, "rings");
	for (i = 0; i < p->nr_rings; i++)
		json_ring(j, l, &p->rings[i]);
	json_end(j);
	json_u32(j, "mapped_only", p->nr_mapped);
	json_end(j);
}

static void json_hidden(struct json *j, const struct ring_list *l,
			const struct hidden_ring *h)
{
	json_object(j, NULL);
	json_u64(j, "ring", h->link.ring_id);
	json_text(j, "kind", link_kind(&h->link));
	json_policy(j, l, h->link.slot, h->link.id, h->link.prog_id);
	json_u32_or_null(j, "holder", h->holder);
	json_end(j);
}

static int print_json(const struct ring_list *l)
{
	struct json j;
	unsigned int i;
	int ret;

	ret = json_start(&j);
	if (ret)
		return ret;
	json_array(&j, "processes");
	for (i = 0; i < l->nr_processes; i++)
		json_process(&j, l, &l->processes[i]);
	json_end(&j);
	json_array(&j, "hidden");
	for (i = 0; i < l->nr_hidden; i++)
		json_hidden(&j, l, &l->hidden[i]);
	json_end(&j);
	json_u32(&j, "unreadable", l->unreadable);
	json_bool(&j, "complete", !l->unreadable && !l->no_links);
	return json_finish(&j, stdout);
}

int rings_list_print(struct tool *t, const struct ring_list *l)
{
	int ret;

	if (t->set.json) {
		ret = print_json(l);
		return ret ? fail(t, ret, "cannot print") : 0;
	}
	if (!t->set.quiet)
		print_text(l);
	return 0;
}
