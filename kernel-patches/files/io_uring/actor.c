// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_OP_BPF: how actors begin and end, and what they are told.
 *
 * What an actor has staged has its completions put into a queue, wherever CQEs are made;
 * that queues the actor's own request as task work, and the program runs there. So it is
 * the submitter's task that runs it, under the ring's lock, and never in the middle of
 * something else.
 *
 * The queue has a place for each request in flight from the beginning, and as many more
 * for multishot requests. A last completion always finds its place.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/log2.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <trace/events/io_uring.h>
#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "cancel.h"
#include "actor.h"
#include "chain.h"
#include "policy.h"

#include <trace/events/io_uring_spawn.h>

struct io_bpf_op {
	struct file		*file;
	u64			args[4];
	struct io_actor		*actor;
	s32			res;		/* of the request before it */
	u32			cqe_flags;
	u32			slot;
	bool			linked;
};

struct io_actor *io_actor_of(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_bpf_op)->actor;
}

/* --- references -------------------------------------------------------------------- */

static void io_actor_put(struct io_actor *actor)
{
	if (!refcount_dec_and_test(&actor->refs))
		return;
	io_policy_put(actor->policy);
	kvfree_rcu(actor, rcu);
}

/* The next of the ring from @index on, with a reference. */
static struct io_actor *io_actor_next(struct io_ring_ctx *ctx, unsigned long *index)
{
	struct io_actor *actor;

	guard(rcu)();
	actor = xa_find(&ctx->spawn.actors, index, ULONG_MAX, XA_PRESENT);
	while (actor && !refcount_inc_not_zero(&actor->refs))
		actor = xa_find_after(&ctx->spawn.actors, index, ULONG_MAX, XA_PRESENT);
	return actor;
}

/* --- completions ------------------------------------------------------------------- */

void io_actor_kick(struct io_actor *actor)
{
	lockdep_assert_held(&actor->lock);

	if (actor->scheduled)
		return;
	actor->scheduled = true;
	io_req_task_work_add(actor->req);
}

/* Whether it does not run, and is to run for what has just completed. */
static bool io_actor_waits(const struct io_actor *actor)
{
	if (likely(actor->scheduled && !actor->paused))
		return false;
	/* a pause is for others, or for what is cancelled to end */
	return !actor->paused || actor->expects || !io_actor_pending(actor);
}

static void io_actor_wake(struct io_actor *actor)
{
	if (!actor->paused) {
		io_actor_kick(actor);
	} else if (cancel_delayed_work(&actor->pause)) {
		/* else io_actor_resume() is there already, and waits for the lock */
		actor->paused = false;
		io_req_task_work_add(actor->req);
	}
}

static void io_actor_add_event(struct io_actor *actor, const struct io_kiocb *req,
			       s32 res, u32 cqe_flags, bool last)
{
	struct io_actor_event *event = &actor->events[actor->tail & actor->mask];

	lockdep_assert_held(&actor->lock);

	event->tag = req->cqe.user_data;
	event->extra[0] = last ? req->big_cqe.extra1 : 0;
	event->extra[1] = last ? req->big_cqe.extra2 : 0;
	event->res = res;
	event->cqe_flags = cqe_flags;
	event->opcode = req->opcode;
	event->last = last;
	/* pairs with io_actor_next_event() */
	smp_store_release(&actor->tail, actor->tail + 1);
}

void io_actor_tell(struct io_kiocb *req)
{
	struct io_actor *actor = req->owner;

	trace_io_uring_complete(req->ctx, req, req->cqe.user_data, req->cqe.res,
				req->cqe.flags, req->big_cqe.extra1,
				req->big_cqe.extra2);
	spin_lock(&actor->lock);
	if (likely(!actor->silent))
		io_actor_add_event(actor, req, req->cqe.res, req->cqe.flags, true);
	/* pairs with io_actor_pending() */
	smp_store_release(&actor->nr_ended, actor->nr_ended + 1);
	if (unlikely(io_actor_waits(actor)))
		io_actor_wake(actor);
	spin_unlock(&actor->lock);
	memset(&req->big_cqe, 0, sizeof(req->big_cqe));
}

bool io_actor_tell_more(struct io_kiocb *req, s32 res, u32 cqe_flags)
{
	struct io_actor *actor = req->owner;

	trace_io_uring_complete(req->ctx, req, req->cqe.user_data, res, cqe_flags, 0, 0);
	guard(spinlock)(&actor->lock);
	/* what goes on without an end cannot go on for one that is to end */
	if (actor->silent || actor->stop || actor->nr_more == actor->max_in_flight)
		return false;
	actor->nr_more++;
	io_actor_add_event(actor, req, res, cqe_flags, false);
	if (unlikely(io_actor_waits(actor)))
		io_actor_wake(actor);
	return true;
}

/* --- beginning --------------------------------------------------------------------- */

int io_bpf_op_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_bpf_op *op = io_kiocb_to_cmd(req, struct io_bpf_op);

	if (READ_ONCE(sqe->fd) + 1U > 1 || sqe->bpf_flags || sqe->buf_index ||
	    sqe->file_index ||
	    req->flags & REQ_F_CREDS)
		return -EINVAL;
	op->slot = READ_ONCE(sqe->len);
	if (op->slot >= IORING_SPAWN_SLOTS)
		return -EINVAL;
	op->args[0] = READ_ONCE(sqe->addr);
	op->args[1] = READ_ONCE(sqe->off);
	op->args[2] = READ_ONCE(sqe->addr3);
	op->args[3] = READ_ONCE(sqe->__pad2[0]);
	op->actor = NULL;
	op->res = 0;
	op->cqe_flags = 0;
	op->linked = false;
	return 0;
}

void io_bpf_op_follows(struct io_kiocb *req, const struct io_kiocb *prev)
{
	struct io_bpf_op *op = io_kiocb_to_cmd(req, struct io_bpf_op);

	if (req->opcode != IORING_OP_BPF)
		return;
	op->linked = true;
	op->res = prev->cqe.res;
	op->cqe_flags = prev->cqe.flags;
}

/* From a worker: run it again. Until then it is not complete. */
static void io_actor_resume(struct work_struct *work)
{
	struct io_actor *actor = container_of(work, struct io_actor, pause.work);

	guard(spinlock)(&actor->lock);
	actor->paused = false;
	io_req_task_work_add(actor->req);
}

static struct io_actor *io_actor_alloc(const struct io_policy_attr *attr)
{
	size_t state = ALIGN(attr->state_size, sizeof(u64));
	unsigned int nr = 2 * roundup_pow_of_two(attr->max_staged);
	struct io_actor *actor;

	actor = kvmalloc(sizeof(*actor) + state + nr * sizeof(*actor->events),
			 GFP_KERNEL_ACCOUNT);
	if (!actor)
		return NULL;
	memset(actor, 0, sizeof(*actor) + state);
	refcount_set(&actor->refs, 1);
	INIT_LIST_HEAD(&actor->node);
	spin_lock_init(&actor->lock);
	INIT_DELAYED_WORK(&actor->pause, io_actor_resume);
	actor->retry_delay = 1;
	actor->total_left = attr->max_issues ?: U64_MAX;
	actor->max_in_flight = attr->max_staged;
	actor->mask = nr - 1;
	actor->state_size = attr->state_size;
	actor->events = (void *)actor->state + state;
	return actor;
}

static void io_actor_init(struct io_actor *actor, struct io_kiocb *req,
			  struct io_policy *policy)
{
	const struct io_bpf_op *op = io_kiocb_to_cmd(req, struct io_bpf_op);

	actor->ctx = req->ctx;
	actor->policy = policy;
	actor->task = req->task;
	actor->user_data = req->cqe.user_data;
	actor->req = req;
	actor->start = (struct bpf_iouring_op_ctx){
		.flags		= op->linked ? IORING_ACTOR_F_LINKED : 0,
		.res		= op->res,
		.cqe_flags	= op->cqe_flags,
		.args		= { op->args[0], op->args[1], op->args[2], op->args[3] },
		.user_data	= req->cqe.user_data,
		.ring_id	= io_policy_ring_id(req->ctx),
	};
}

/* From here on it is found by who cancels it or detaches its program. */
static int io_actor_enter(struct io_actor *actor)
{
	struct io_policy *policy = actor->policy;
	int ret;

	ret = xa_alloc(&actor->ctx->spawn.actors, &actor->index, actor, xa_limit_31b,
		       GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	spin_lock(&policy->actors_lock);
	list_add_tail(&actor->node, &policy->actors);
	WRITE_ONCE(policy->nr_actors, policy->nr_actors + 1);
	spin_unlock(&policy->actors_lock);
	return 0;
}

/* The caller's reference to the policy is the actor's, unless there is an error. */
static int io_bpf_op_begin(struct io_kiocb *req, struct io_policy *policy)
{
	struct io_bpf_op *op = io_kiocb_to_cmd(req, struct io_bpf_op);
	struct io_ring_spawn *spawn = &req->ctx->spawn;
	struct io_actor *actor;
	int ret;

	if (!spawn->stage)
		spawn->stage = kvzalloc(sizeof(*spawn->stage), GFP_KERNEL_ACCOUNT);
	if (!spawn->stage)
		return -ENOMEM;
	actor = io_actor_alloc(&policy->attr);
	if (!actor)
		return -ENOMEM;
	io_actor_init(actor, req, policy);
	op->actor = actor;
	req->io_task_work.func = io_actor_work;
	ret = io_actor_enter(actor);
	if (ret) {
		op->actor = NULL;
		kvfree(actor);
		return ret;
	}
	spin_lock(&actor->lock);
	io_actor_kick(actor);
	spin_unlock(&actor->lock);
	return 0;
}

int io_bpf_op(struct io_kiocb *req, unsigned int issue_flags)
{
	struct io_bpf_op *op = io_kiocb_to_cmd(req, struct io_bpf_op);
	struct io_policy *policy;
	int ret = -ENOLINK;

	lockdep_assert_held(&req->ctx->uring_lock);

	policy = io_policy_get_op(req->ctx, op->slot);
	if (policy) {
		ret = io_bpf_op_begin(req, policy);
		if (!ret)
			return IOU_ISSUE_SKIP_COMPLETE;
		io_policy_put(policy);
	}
	req_set_fail(req);
	io_req_set_res(req, ret, 0);
	return IOU_OK;
}

/* --- end ----------------------------------------------------------------------------- */

bool io_actor_stop(struct io_actor *actor, int reason)
{
	guard(spinlock)(&actor->lock);
	if (!actor->req || actor->stop)
		return false;
	WRITE_ONCE(actor->stop, reason);
	io_actor_kick(actor);
	return true;
}

static void io_actor_leave(struct io_actor *actor)
{
	struct io_policy *policy = actor->policy;

	xa_erase(&actor->ctx->spawn.actors, actor->index);
	spin_lock(&policy->actors_lock);
	list_del_init(&actor->node);
	WRITE_ONCE(policy->nr_actors, policy->nr_actors - 1);
	spin_unlock(&policy->actors_lock);
}

void io_actor_complete(struct io_actor *actor, struct io_tw_state *ts)
{
	struct io_kiocb *req;

	spin_lock(&actor->lock);
	req = actor->req;
	actor->req = NULL;
	spin_unlock(&actor->lock);

	io_actor_leave(actor);
	trace_io_uring_actor_end(actor->start.ring_id, actor->policy->link_id,
				 actor->user_data, actor->result);
	if (actor->result < 0)
		req_set_fail(req);
	io_req_set_res(req, actor->result, 0);
	io_actor_put(actor);
	io_req_task_complete(req, ts);
}

/* Cancel those that match, or one. Returns how many there were. */
static unsigned int io_actor_cancel_matching(struct io_ring_ctx *ctx,
					     struct io_cancel_data *cd, bool one)
{
	unsigned long index = 0;
	struct io_actor *actor;
	unsigned int nr = 0;

	/* programs start none, and there is no descriptor to be found by */
	if (cd->owner || cd->flags & IORING_ASYNC_CANCEL_FD)
		return 0;
	while (!(one && nr) && (actor = io_actor_next(ctx, &index))) {
		nr += io_cancel_match(cd, IORING_OP_BPF, actor->user_data) &&
		      io_actor_stop(actor, -ECANCELED);
		io_actor_put(actor);
		index++;
		cond_resched();
	}
	return nr;
}

int io_actor_cancel(struct io_ring_ctx *ctx, struct io_cancel_data *cd)
{
	if (cd->flags & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY))
		return -ENOENT;
	return io_actor_cancel_matching(ctx, cd, true) ? 0 : -ENOENT;
}

unsigned int io_actor_cancel_every(struct io_ring_ctx *ctx, struct io_cancel_data *cd)
{
	return io_actor_cancel_matching(ctx, cd, false);
}

bool io_actor_cancel_all(struct io_ring_ctx *ctx, struct task_struct *task)
{
	unsigned long index = 0;
	struct io_actor *actor;
	bool found = false;

	while ((actor = io_actor_next(ctx, &index))) {
		if (!task || actor->task == task)
			found |= io_actor_stop(actor, -ECANCELED);
		io_actor_put(actor);
		index++;
		cond_resched();
	}
	return found;
}

void io_actor_stop_all(struct io_policy *policy)
{
	struct io_actor *actor;

	spin_lock(&policy->actors_lock);
	while ((actor = list_first_entry_or_null(&policy->actors, struct io_actor,
						 node))) {
		list_del_init(&actor->node);
		refcount_inc(&actor->refs);
		spin_unlock(&policy->actors_lock);
		io_actor_stop(actor, -ENOLINK);
		io_actor_put(actor);
		cond_resched();
		spin_lock(&policy->actors_lock);
	}
	spin_unlock(&policy->actors_lock);
}

void io_actor_ring_free(struct io_ring_ctx *ctx)
{
	WARN_ON_ONCE(!xa_empty(&ctx->spawn.actors));
	kvfree(ctx->spawn.stage);
}

void io_actor_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx)
{
	unsigned long index = 0;
	struct io_actor *actor;

	while ((actor = io_actor_next(ctx, &index))) {
		seq_printf(m, "SpawnActor:\tslot %u link %u in_flight %u\n",
			   actor->policy->attr.slot, actor->policy->link_id,
			   io_actor_pending(actor));
		io_actor_put(actor);
		index++;
		cond_resched();
	}
}
