// SPDX-License-Identifier: GPL-2.0
/*
 * Policies: BPF programs in the slots of a ring, each put there by a bpf_link.
 * The order of those in a slot is the matter of policy_list.c. Programs that
 * IORING_OP_BPF runs are in slots of their own, one in each, and are struct io_policy too.
 *
 * Neither the link keeps the ring alive nor the ring the link. Whichever goes
 * first takes the policy out of its slot, under io_policy_mutex; so does a
 * detach. A policy that is in no slot has no ring and no program, though its
 * link may stay, and chains that started with it hold it until they end.
 *
 * io_policy_mutex is a leaf: nothing is allocated, and no other lock taken,
 * while it is held.
 */
#include <linux/kernel.h>
#include <linux/bpf.h>
#include <linux/file.h>
#include <linux/io_uring.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "actor.h"
#include "policy_list.h"

/* slots, io_policy::ctx, and exchanging the program of a policy in a slot */
DEFINE_MUTEX(io_policy_mutex);
static atomic64_t io_policy_last_ring_id;

void io_policy_put(struct io_policy *policy)
{
	if (!refcount_dec_and_test(&policy->refs))
		return;
	kfree(policy->spare);
	kfree(policy);
}

u64 io_policy_ring_id(struct io_ring_ctx *ctx)
{
	u64 id = READ_ONCE(ctx->spawn.id);

	if (!id) {
		id = atomic64_inc_return(&io_policy_last_ring_id);
		id = cmpxchg64(&ctx->spawn.id, 0, id) ?: id;
	}
	return id;
}

/*
 * Without a ring it is not asked any more. The program may be running; the link,
 * whose it is, waits with freeing it.
 */
static void io_policy_quit(struct io_policy *policy)
{
	RCU_INIT_POINTER(policy->prog, NULL);
	policy->ctx = NULL;
}

/* Take a policy out of its slot, if it is in one. */
static void io_policy_unslot(struct io_policy *policy)
{
	struct io_policy_list *rest;

	lockdep_assert_held(&io_policy_mutex);

	if (!policy->ctx)
		return;
	rest = policy->spare;
	policy->spare = NULL;
	io_policy_slot_remove(io_policy_slot(policy), rest, policy);
	io_policy_quit(policy);
}

static void io_policy_empty_slot(struct io_policy_slot *slot)
{
	struct io_policy_list *list = io_policy_slot_list(slot);
	unsigned int i;

	if (!list)
		return;
	for (i = 0; i < list->nr; i++)
		io_policy_quit(list->policies[i]);
	io_policy_slot_clear(slot);
}

void io_policy_ring_exit(struct io_ring_ctx *ctx)
{
	int i;

	/* spare rings that never had a policy the global lock */
	if (!READ_ONCE(ctx->spawn.id))
		return;

	mutex_lock(&io_policy_mutex);
	for (i = 0; i < IORING_SPAWN_SLOTS; i++) {
		io_policy_empty_slot(&ctx->spawn.slots[i]);
		io_policy_empty_slot(&ctx->spawn.op_slots[i]);
	}
	mutex_unlock(&io_policy_mutex);
}

static void io_policy_link_release(struct bpf_link *link)
{
	mutex_lock(&io_policy_mutex);
	io_policy_unslot(io_policy_of(link));
	mutex_unlock(&io_policy_mutex);
	io_actor_stop_all(io_policy_of(link));
}

static int io_policy_link_detach(struct bpf_link *link)
{
	io_policy_link_release(link);
	return 0;
}

static void io_policy_link_dealloc(struct bpf_link *link)
{
	io_policy_put(io_policy_of(link));
	kfree(container_of(link, struct io_policy_link, link));
}

static int io_policy_link_update(struct bpf_link *link,
				 struct bpf_prog *new_prog,
				 struct bpf_prog *old_prog)
{
	struct io_policy *policy = io_policy_of(link);
	struct bpf_prog *prog;
	int ret = 0;

	mutex_lock(&io_policy_mutex);
	prog = link->prog;
	if (!policy->ctx) {
		ret = -ENOLINK;
	} else if (old_prog && old_prog != prog) {
		ret = -EPERM;
	} else if (new_prog->type != prog->type ||
		   new_prog->expected_attach_type != prog->expected_attach_type) {
		ret = -EINVAL;
	} else if (new_prog != prog &&
		   io_policy_slot_has_prog(io_policy_slot(policy), new_prog)) {
		ret = -EEXIST;
	} else {
		rcu_assign_pointer(policy->prog, new_prog);
		WRITE_ONCE(link->prog, new_prog);
		io_policy_slot(policy)->changes++;
	}
	mutex_unlock(&io_policy_mutex);

	/* frees it when the runs that still go on have returned */
	if (!ret)
		bpf_prog_put(prog);
	return ret;
}

static const struct bpf_link_ops io_policy_link_ops = {
	.release		= io_policy_link_release,
	.detach			= io_policy_link_detach,
	.dealloc_deferred	= io_policy_link_dealloc,
	.update_prog		= io_policy_link_update,
	.fill_link_info		= io_policy_link_info,
	.show_fdinfo		= io_policy_link_show_fdinfo,
};

/* Replaces a budget of 0 by its default. */
static int io_policy_check_attr(struct io_policy_attr *attr)
{
	if (attr->events & ~IO_POLICY_EVENTS || attr->state_size)
		return -EINVAL;
	if (attr->max_issues > IO_POLICY_MAX_ISSUES ||
	    attr->max_staged > IO_POLICY_MAX_STAGED ||
	    attr->max_delay > IO_POLICY_MAX_DELAY)
		return -E2BIG;

	attr->max_issues = attr->max_issues ?: IO_POLICY_DEF_ISSUES;
	attr->max_staged = attr->max_staged ?: IO_POLICY_MAX_STAGED;
	attr->max_delay = attr->max_delay ?: IO_POLICY_DEF_DELAY;
	return 0;
}

/* The same of a program that IORING_OP_BPF runs, which has a slot for itself. */
static int io_policy_check_op_attr(struct io_policy_attr *attr,
				   const struct io_policy_place *place)
{
	if (attr->events || attr->max_delay || place->flags || place->relative ||
	    place->revision)
		return -EINVAL;
	if (attr->max_staged > IO_ACTOR_MAX_IN_FLIGHT ||
	    attr->state_size > IO_ACTOR_MAX_STATE)
		return -E2BIG;
	attr->max_staged = attr->max_staged ?: IO_ACTOR_DEF_IN_FLIGHT;
	return 0;
}

static int io_policy_check_ring(struct io_ring_ctx *ctx)
{
	if (ctx->flags & IORING_SETUP_IOPOLL)
		return -EINVAL;
	/* the caller holds the ring's file, so that it cannot */
	if (WARN_ON_ONCE(percpu_ref_is_dying(&ctx->refs)))
		return -ENXIO;
	/*
	 * As for all register commands, they count once the ring is enabled, and
	 * do not change from then on. No need for the ring's lock, which its
	 * owner may hold as long as he likes.
	 */
	if (ctx->restricted &&
	    !test_bit(IORING_ATTACH_BPF, ctx->restrictions.register_op))
		return -EACCES;
	return 0;
}

static int io_policy_enter_slot(struct io_policy *policy,
				struct io_ring_ctx *ctx, struct bpf_prog *prog,
				const struct io_policy_place *place)
{
	struct io_policy_slot *slot = io_policy_slot_of(ctx, &policy->attr);
	struct io_policy_list *list;
	int index;

	list = kzalloc(sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return -ENOMEM;
	io_policy_ring_id(ctx);

	mutex_lock(&io_policy_mutex);
	index = io_policy_slot_index(slot, place, prog);
	if (index > 0 && policy->attr.type == BPF_IOURING_OP)
		index = -EBUSY;
	if (index >= 0) {
		policy->ctx = ctx;
		rcu_assign_pointer(policy->prog, prog);
		io_policy_slot_insert(slot, list, policy, index);
	}
	mutex_unlock(&io_policy_mutex);

	if (index >= 0)
		return 0;
	kfree(list);
	return index;
}

static struct io_policy *io_policy_alloc(const struct io_policy_attr *attr)
{
	struct io_policy *policy;

	policy = kzalloc(sizeof(*policy), GFP_KERNEL_ACCOUNT);
	if (!policy)
		return NULL;
	policy->spare = kzalloc(sizeof(*policy->spare), GFP_KERNEL_ACCOUNT);
	if (!policy->spare) {
		kfree(policy);
		return NULL;
	}
	refcount_set(&policy->refs, 1);
	policy->attr = *attr;
	spin_lock_init(&policy->actors_lock);
	INIT_LIST_HEAD(&policy->actors);
	return policy;
}

static struct io_policy_link *io_policy_link_alloc(const struct io_policy_attr *attr,
						   struct bpf_prog *prog)
{
	struct io_policy_link *link;

	link = kzalloc(sizeof(*link), GFP_KERNEL_ACCOUNT);
	if (!link)
		return NULL;
	link->policy = io_policy_alloc(attr);
	if (!link->policy) {
		kfree(link);
		return NULL;
	}
	bpf_link_init(&link->link, BPF_LINK_TYPE_IOURING, &io_policy_link_ops,
		      prog);
	return link;
}

/*
 * The descriptor of a new link, which takes the caller's reference to the
 * program. The caller holds a reference to the ring's file.
 */
static int io_policy_attach(struct io_ring_ctx *ctx, struct io_policy_attr *attr,
			    struct io_policy_place *place, struct bpf_prog *prog)
{
	struct bpf_link_primer primer;
	struct io_policy_link *link;
	int ret;

	if (attr->slot >= IORING_SPAWN_SLOTS)
		return -EINVAL;
	attr->type = prog->expected_attach_type;
	ret = attr->type == BPF_IOURING_OP ? io_policy_check_op_attr(attr, place) :
					     io_policy_check_attr(attr);
	if (ret)
		return ret;
	ret = io_policy_check_ring(ctx);
	if (ret)
		return ret;
	ret = io_policy_place_resolve(place);
	if (ret)
		return ret;

	link = io_policy_link_alloc(attr, prog);
	if (!link)
		return -ENOMEM;
	ret = bpf_link_prime(&link->link, &primer);
	if (ret) {
		io_policy_link_dealloc(&link->link);
		return ret;
	}
	link->policy->link_id = primer.id;

	ret = io_policy_enter_slot(link->policy, ctx, prog, place);
	if (ret) {
		bpf_link_cleanup(&primer);
		return ret;
	}
	return bpf_link_settle(&primer);
}

int bpf_iouring_link_create(const union bpf_attr *attr, struct bpf_prog *prog)
{
	struct io_policy_attr policy_attr = {
		.slot		= attr->link_create.iouring.slot,
		.events		= attr->link_create.iouring.events,
		.max_issues	= attr->link_create.iouring.max_issues,
		.max_staged	= attr->link_create.iouring.max_staged,
		.state_size	= attr->link_create.iouring.state_size,
		.max_delay	= attr->link_create.iouring.max_delay_ns,
	};
	struct io_policy_place place = {
		.flags		= attr->link_create.flags,
		.relative	= attr->link_create.iouring.relative_fd,
		.revision	= attr->link_create.iouring.expected_revision,
	};
	struct file *file;
	int ret = -EBADF;

	if (attr->link_create.attach_type != prog->expected_attach_type)
		return -EINVAL;

	file = fget(attr->link_create.target_fd);
	if (!file)
		return -EBADF;
	if (io_is_uring_fops(file))
		ret = io_policy_attach(file->private_data, &policy_attr, &place,
				       prog);
	fput(file);
	return ret;
}

int io_policy_register_attach(struct io_ring_ctx *ctx, void __user *arg,
			      unsigned int nr_args)
{
	struct io_policy_attr policy_attr = {};
	struct io_uring_attach_bpf attach;
	struct io_policy_place place;
	struct bpf_prog *prog;
	int ret;

	if (!arg || nr_args != 1)
		return -EINVAL;
	if (copy_from_user(&attach, arg, sizeof(attach)))
		return -EFAULT;
	if (attach.resv[0] || attach.resv[1])
		return -EINVAL;

	policy_attr.slot = attach.slot;
	policy_attr.events = attach.events;
	policy_attr.max_issues = attach.max_issues;
	policy_attr.max_staged = attach.max_staged;
	policy_attr.state_size = attach.state_size;
	policy_attr.max_delay = attach.max_delay_ns;
	place.flags = attach.flags;
	place.relative = attach.relative;
	place.revision = attach.expected_revision;

	prog = bpf_prog_get_type_dev(attach.prog_fd, BPF_PROG_TYPE_IOURING,
				     false);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	ret = io_policy_attach(ctx, &policy_attr, &place, prog);
	if (ret < 0)
		bpf_prog_put(prog);
	return ret;
}
