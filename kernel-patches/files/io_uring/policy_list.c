// SPDX-License-Identifier: GPL-2.0
/*
 * The policies of a slot, in the order in which they are asked.
 *
 * Order, flags and errors are those of bpf_mprog. Its arrays are not used: they
 * hold programs, for readers that are done when a grace period has passed. A chain
 * keeps the list that it began with until it ends, and needs what belongs to the
 * link with each program: events, budgets, counters.
 *
 * So a list is never changed. Attaching and detaching put another in its place, and
 * the old one goes with its last chain. Detaching must not fail, so each policy
 * brings the memory for the list that is the slot's without it (io_policy::spare).
 */
#include <linux/kernel.h>
#include <linux/bpf.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "policy_list.h"

#define IO_POLICY_PLACE_FLAGS	(BPF_F_BEFORE | BPF_F_AFTER | BPF_F_ID | BPF_F_LINK)

/* --- lists, for chains -------------------------------------------------------- */

static struct io_policy_list *io_policy_slot_get(const struct io_policy_slot *slot)
{
	struct io_policy_list *list;

	/* one that is gone has been replaced before: the slot is not empty for that */
	rcu_read_lock();
	do {
		list = rcu_dereference(slot->list);
	} while (list && !refcount_inc_not_zero(&list->refs));
	rcu_read_unlock();
	return list;
}

struct io_policy_list *io_policy_list_get(struct io_ring_ctx *ctx,
					  unsigned int slot)
{
	if (slot >= IORING_SPAWN_SLOTS)
		return NULL;
	slot = array_index_nospec(slot, IORING_SPAWN_SLOTS);
	return io_policy_slot_get(&ctx->spawn.slots[slot]);
}

struct io_policy *io_policy_get_op(struct io_ring_ctx *ctx, unsigned int slot)
{
	struct io_policy *policy;
	struct io_policy_list *list;

	slot = array_index_nospec(slot, IORING_SPAWN_SLOTS);
	list = io_policy_slot_get(&ctx->spawn.op_slots[slot]);
	if (!list)
		return NULL;
	policy = list->policies[0];
	refcount_inc(&policy->refs);
	io_policy_list_put(list);
	return policy;
}

void io_policy_list_put(struct io_policy_list *list)
{
	unsigned int i;

	if (!refcount_dec_and_test(&list->refs))
		return;
	for (i = 0; i < list->nr; i++)
		io_policy_put(list->policies[i]);
	kfree_rcu(list, rcu);
}

static void io_policy_list_add(struct io_policy_list *list,
			       struct io_policy *policy)
{
	refcount_inc(&policy->refs);
	list->policies[list->nr++] = policy;
	list->events |= policy->attr.events;
}

/* --- where a policy goes ------------------------------------------------------- */

static int io_policy_link_id(int fd, u32 *id)
{
	struct bpf_link *link = bpf_link_get_from_fd(fd);

	if (IS_ERR(link))
		return PTR_ERR(link);
	*id = link->id;
	bpf_link_put(link);
	return 0;
}

static int io_policy_prog_id(int fd, u32 *id)
{
	struct bpf_prog *prog = bpf_prog_get(fd);

	if (IS_ERR(prog))
		return PTR_ERR(prog);
	*id = prog->aux->id;
	bpf_prog_put(prog);
	return 0;
}

int io_policy_place_resolve(struct io_policy_place *place)
{
	u32 flags = place->flags;

	place->id = 0;
	if (flags & ~IO_POLICY_PLACE_FLAGS)
		return -EINVAL;
	if (!(flags & (BPF_F_BEFORE | BPF_F_AFTER)))
		return flags || place->relative ? -EINVAL : 0;
	/* an id is only compared with those of the list, and tells of no others */
	if (flags & BPF_F_ID) {
		place->id = place->relative;
		return place->id ? 0 : -ENOENT;
	}
	if (flags & BPF_F_LINK)
		return place->relative ?
		       io_policy_link_id(place->relative, &place->id) : -EINVAL;
	return place->relative ?
	       io_policy_prog_id(place->relative, &place->id) : 0;
}

static bool io_policy_is(const struct io_policy *policy,
			 const struct io_policy_place *place)
{
	if (place->flags & BPF_F_LINK)
		return policy->link_id == place->id;
	return io_policy_prog(policy)->aux->id == place->id;
}

static int io_policy_list_index(const struct io_policy_list *list,
				const struct io_policy_place *place)
{
	unsigned int nr = list ? list->nr : 0, i;
	bool before = place->flags & BPF_F_BEFORE;

	if (!place->id)
		return before ? 0 : nr;
	for (i = 0; i < nr; i++)
		if (io_policy_is(list->policies[i], place))
			return before ? i : i + 1;
	return -ENOENT;
}

bool io_policy_slot_has_prog(const struct io_policy_slot *slot,
			     const struct bpf_prog *prog)
{
	const struct io_policy_list *list = io_policy_slot_list(slot);
	unsigned int i;

	for (i = 0; list && i < list->nr; i++)
		if (io_policy_prog(list->policies[i]) == prog)
			return true;
	return false;
}

int io_policy_slot_index(const struct io_policy_slot *slot,
			 const struct io_policy_place *place,
			 const struct bpf_prog *prog)
{
	const struct io_policy_list *list = io_policy_slot_list(slot);

	if (place->revision &&
	    place->revision != io_policy_slot_revision(slot))
		return -ESTALE;
	if (io_policy_slot_has_prog(slot, prog))
		return -EEXIST;
	if (list && list->nr == IO_POLICY_MAX_LIST)
		return -ERANGE;
	/* it cannot be at both ends */
	if (place->flags & BPF_F_BEFORE && place->flags & BPF_F_AFTER)
		return -ERANGE;
	return io_policy_list_index(list, place);
}

/* --- changing a slot ------------------------------------------------------------- */

static void io_policy_slot_set(struct io_policy_slot *slot,
			       struct io_policy_list *list)
{
	struct io_policy_list *old = io_policy_slot_list(slot);

	rcu_assign_pointer(slot->list, list);
	slot->changes++;
	if (old)
		io_policy_list_put(old);
}

void io_policy_slot_insert(struct io_policy_slot *slot,
			   struct io_policy_list *list,
			   struct io_policy *policy, unsigned int index)
{
	const struct io_policy_list *old = io_policy_slot_list(slot);
	unsigned int nr = old ? old->nr : 0, i;

	refcount_set(&list->refs, 1);
	for (i = 0; i < nr; i++) {
		if (i == index)
			io_policy_list_add(list, policy);
		io_policy_list_add(list, old->policies[i]);
	}
	if (index == nr)
		io_policy_list_add(list, policy);
	io_policy_slot_set(slot, list);
}

void io_policy_slot_remove(struct io_policy_slot *slot,
			   struct io_policy_list *list,
			   const struct io_policy *policy)
{
	const struct io_policy_list *old = io_policy_slot_list(slot);
	unsigned int i;

	refcount_set(&list->refs, 1);
	for (i = 0; i < old->nr; i++)
		if (old->policies[i] != policy)
			io_policy_list_add(list, old->policies[i]);
	if (list->nr) {
		io_policy_slot_set(slot, list);
	} else {
		kfree(list);
		io_policy_slot_set(slot, NULL);
	}
}

void io_policy_slot_clear(struct io_policy_slot *slot)
{
	io_policy_slot_set(slot, NULL);
}

unsigned int io_policy_slot_position(const struct io_policy_slot *slot,
				     const struct io_policy *policy)
{
	const struct io_policy_list *list = io_policy_slot_list(slot);
	unsigned int i = 0;

	while (i < list->nr && list->policies[i] != policy)
		i++;
	return i;
}
