/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_POLICY_LIST_H
#define IOU_POLICY_LIST_H

#include <linux/bpf.h>
#include <linux/mutex.h>

#include "policy.h"

/* Slots, io_policy::ctx and exchanging a program; see policy.c. */
extern struct mutex io_policy_mutex;

struct io_policy_link {
	struct bpf_link		link;
	struct io_policy	*policy;
};

static inline struct io_policy *io_policy_of(const struct bpf_link *link)
{
	return container_of(link, struct io_policy_link, link)->policy;
}

/* policy_info.c */
int io_policy_link_info(const struct bpf_link *link, struct bpf_link_info *info);
void io_policy_link_show_fdinfo(const struct bpf_link *link, struct seq_file *m);

/* Where in the list of its slot a policy goes. */
struct io_policy_place {
	u32	flags;		/* BPF_F_BEFORE, BPF_F_AFTER, BPF_F_ID, BPF_F_LINK */
	u32	relative;	/* descriptor, or with BPF_F_ID the id, or 0 */
	u64	revision;	/* that the slot has to have; 0: any */
	u32	id;		/* of what @relative refers to, or 0 */
};

/* Check what user space asks for, and find the id. Takes no lock. */
int io_policy_place_resolve(struct io_policy_place *place);

/* The slot that it goes into. */
static inline struct io_policy_slot *
io_policy_slot_of(struct io_ring_ctx *ctx, const struct io_policy_attr *attr)
{
	return attr->type == BPF_IOURING_OP ? &ctx->spawn.op_slots[attr->slot] :
					      &ctx->spawn.slots[attr->slot];
}

/* The rest is for holders of io_policy_mutex. */
/* The slot of a policy that is in one. */
static inline struct io_policy_slot *io_policy_slot(const struct io_policy *policy)
{
	lockdep_assert_held(&io_policy_mutex);
	return io_policy_slot_of(policy->ctx, &policy->attr);
}

static inline struct io_policy_list *
io_policy_slot_list(const struct io_policy_slot *slot)
{
	return rcu_dereference_protected(slot->list,
					 lockdep_is_held(&io_policy_mutex));
}

static inline struct bpf_prog *io_policy_prog(const struct io_policy *policy)
{
	return rcu_dereference_protected(policy->prog,
					 lockdep_is_held(&io_policy_mutex));
}

/* What user space knows a state of the slot by; never 0. */
static inline u64 io_policy_slot_revision(const struct io_policy_slot *slot)
{
	return slot->changes + 1;
}

/* The index at which a policy with this program may enter, or an error. */
int io_policy_slot_index(const struct io_policy_slot *slot,
			 const struct io_policy_place *place,
			 const struct bpf_prog *prog);
bool io_policy_slot_has_prog(const struct io_policy_slot *slot,
			     const struct bpf_prog *prog);
/* Make @list, which is empty, the slot's with @policy in it. */
void io_policy_slot_insert(struct io_policy_slot *slot,
			   struct io_policy_list *list,
			   struct io_policy *policy, unsigned int index);
/* The same without @policy. */
void io_policy_slot_remove(struct io_policy_slot *slot,
			   struct io_policy_list *list,
			   const struct io_policy *policy);
/* Without any. */
void io_policy_slot_clear(struct io_policy_slot *slot);
unsigned int io_policy_slot_position(const struct io_policy_slot *slot,
				     const struct io_policy *policy);

#endif
