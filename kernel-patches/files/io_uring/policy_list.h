/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_POLICY_LIST_H
#define IOU_POLICY_LIST_H

#include <linux/mutex.h>

#include "policy.h"

/* Slots, io_policy::ctx and exchanging a program; see policy.c. */
extern struct mutex io_policy_mutex;

/* Where in the list of its slot a policy goes. */
struct io_policy_place {
	u32	flags;		/* BPF_F_BEFORE, BPF_F_AFTER, BPF_F_ID, BPF_F_LINK */
	u32	relative;	/* descriptor, or with BPF_F_ID the id, or 0 */
	u64	revision;	/* that the slot has to have; 0: any */
	u32	id;		/* of what @relative refers to, or 0 */
};

/* Check what user space asks for, and find the id. Takes no lock. */
int io_policy_place_resolve(struct io_policy_place *place);

/* The rest is for holders of io_policy_mutex. */
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
