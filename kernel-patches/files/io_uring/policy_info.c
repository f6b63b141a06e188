// SPDX-License-Identifier: GPL-2.0
/*
 * What user space is told of policies and of programs of IORING_OP_BPF: by their links,
 * and by the ring's fdinfo.
 */
#include <linux/kernel.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include <uapi/linux/io_uring_spawn.h>

#include "policy_list.h"

/* Where a policy is, as user space is told; zeroes if it is in no slot. */
struct io_policy_where {
	u64		ring_id;
	u64		revision;
	unsigned int	position;
};

static struct io_policy_where io_policy_where(const struct io_policy *policy)
{
	struct io_policy_where where = {};
	struct io_policy_slot *slot;

	mutex_lock(&io_policy_mutex);
	if (policy->ctx) {
		slot = io_policy_slot(policy);
		where.ring_id = policy->ctx->spawn.id;
		where.revision = io_policy_slot_revision(slot);
		where.position = io_policy_slot_position(slot, policy);
	}
	mutex_unlock(&io_policy_mutex);
	return where;
}

int io_policy_link_info(const struct bpf_link *link, struct bpf_link_info *info)
{
	const struct io_policy *policy = io_policy_of(link);
	struct io_policy_where where = io_policy_where(policy);
	int i;

	BUILD_BUG_ON(ARRAY_SIZE(info->iouring.verdicts) <
		     ARRAY_SIZE(policy->verdicts));

	info->iouring.ring_id = where.ring_id;
	info->iouring.attach_type = policy->attr.type;
	info->iouring.slot = policy->attr.slot;
	info->iouring.events = policy->attr.events;
	info->iouring.max_issues = policy->attr.max_issues;
	info->iouring.max_delay_ns = policy->attr.max_delay;
	info->iouring.max_staged = policy->attr.max_staged;
	info->iouring.position = where.position;
	info->iouring.runs = atomic64_read(&policy->runs);
	memset(info->iouring.verdicts, 0, sizeof(info->iouring.verdicts));
	for (i = 0; i < ARRAY_SIZE(policy->verdicts); i++)
		info->iouring.verdicts[i] = atomic64_read(&policy->verdicts[i]);
	info->iouring.exhausted = atomic64_read(&policy->exhausted);
	info->iouring.failures = atomic64_read(&policy->failures);
	info->iouring.retries = atomic64_read(&policy->retries);
	info->iouring.staged = atomic64_read(&policy->staged);
	info->iouring.revision = where.revision;
	info->iouring.state_size = policy->attr.state_size;
	info->iouring.actors = READ_ONCE(policy->nr_actors);
	return 0;
}

void io_policy_link_show_fdinfo(const struct bpf_link *link, struct seq_file *m)
{
	const struct io_policy *policy = io_policy_of(link);
	struct io_policy_where where = io_policy_where(policy);
	int i;

	seq_printf(m, "ring_id:\t%llu\n", where.ring_id);
	seq_printf(m, "slot:\t%u\n", policy->attr.slot);
	seq_printf(m, "position:\t%u\n", where.position);
	seq_printf(m, "revision:\t%llu\n", where.revision);
	seq_printf(m, "events:\t%#x\n", policy->attr.events);
	seq_printf(m, "max_issues:\t%u\n", policy->attr.max_issues);
	seq_printf(m, "max_staged:\t%u\n", policy->attr.max_staged);
	seq_printf(m, "max_delay_ns:\t%llu\n", policy->attr.max_delay);
	seq_printf(m, "runs:\t%llu\n", atomic64_read(&policy->runs));
	seq_puts(m, "verdicts:");
	for (i = 0; i < ARRAY_SIZE(policy->verdicts); i++)
		seq_printf(m, "\t%llu", atomic64_read(&policy->verdicts[i]));
	seq_printf(m, "\nexhausted:\t%llu\n", atomic64_read(&policy->exhausted));
	seq_printf(m, "failures:\t%llu\n", atomic64_read(&policy->failures));
	seq_printf(m, "retries:\t%llu\n", atomic64_read(&policy->retries));
	seq_printf(m, "staged:\t%llu\n", atomic64_read(&policy->staged));
	if (policy->attr.type != BPF_IOURING_OP)
		return;
	seq_printf(m, "state_size:\t%u\n", policy->attr.state_size);
	seq_printf(m, "actors:\t%u\n", READ_ONCE(policy->nr_actors));
}

static void io_policy_show_slot(struct seq_file *m,
				const struct io_policy_slot *slot, int nr)
{
	const struct io_policy_list *list = io_policy_slot_list(slot);
	unsigned int i;

	/* also of an empty one, since it can be what an attach expects */
	if (slot->changes)
		seq_printf(m, "SpawnSlot:\tslot %d revision %llu\n", nr,
			   io_policy_slot_revision(slot));
	for (i = 0; list && i < list->nr; i++)
		seq_printf(m, "SpawnPolicy:\tslot %d link %u prog %u\n", nr,
			   list->policies[i]->link_id,
			   io_policy_prog(list->policies[i])->aux->id);
}

static void io_policy_show_op_slot(struct seq_file *m,
				   const struct io_policy_slot *slot, int nr)
{
	const struct io_policy_list *list = io_policy_slot_list(slot);

	if (list)
		seq_printf(m, "SpawnProgram:\tslot %d link %u prog %u\n", nr,
			   list->policies[0]->link_id,
			   io_policy_prog(list->policies[0])->aux->id);
}

void io_policy_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx)
{
	u64 ring_id = READ_ONCE(ctx->spawn.id);
	int i;

	if (!ring_id)
		return;
	seq_printf(m, "SpawnRing:\t%llu\n", ring_id);

	mutex_lock(&io_policy_mutex);
	for (i = 0; i < IORING_SPAWN_SLOTS; i++)
		io_policy_show_slot(m, &ctx->spawn.slots[i], i);
	for (i = 0; i < IORING_SPAWN_SLOTS; i++)
		io_policy_show_op_slot(m, &ctx->spawn.op_slots[i], i);
	mutex_unlock(&io_policy_mutex);
}
