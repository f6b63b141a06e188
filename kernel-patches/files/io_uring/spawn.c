// SPDX-License-Identifier: GPL-2.0
/*
 * A ring and its chains: finding them, cancelling them, completing those that
 * were cancelled before they had a child, and telling what there is.
 *
 * ctx->spawn.lock is taken with interrupts off, since a deadline can come at any
 * time. Walks over the list let go of it every few chains.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include <uapi/linux/bpf.h>
#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "cancel.h"
#include "tctx.h"
#include "actor.h"
#include "chain.h"
#include "clone.h"
#include "clone_files.h"
#include "exec.h"
#include "kept.h"
#include "plan.h"
#include "queue.h"
#include "spawn.h"

/* Chains or steps looked at without letting go of the lock. */
#define IO_SPAWN_BATCH		64

#define IO_CANCEL_EVERY		(IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY)

/* --- chains that were cancelled before they had a child ---------------------------- */

static struct io_chain *io_spawn_next_doomed(struct io_ring_ctx *ctx)
{
	struct io_chain *chain;

	guard(spinlock_irq)(&ctx->spawn.lock);
	chain = list_first_entry_or_null(&ctx->spawn.doomed, struct io_chain,
					 start.node);
	if (chain)
		list_del(&chain->start.node);
	return chain;
}

static void io_spawn_reap(struct work_struct *work)
{
	struct io_ring_ctx *ctx = container_of(work, struct io_ring_ctx,
					       spawn.reaper);
	struct io_chain *chain;

	while ((chain = io_spawn_next_doomed(ctx))) {
		io_chain_abandon(chain, -ECANCELED);
		cond_resched();
	}
	percpu_ref_put(&ctx->refs);
}

void io_chain_doom(struct io_chain *chain)
{
	struct io_ring_ctx *ctx = chain->ctx;

	lockdep_assert_held(&ctx->spawn.lock);

	list_add_tail(&chain->start.node, &ctx->spawn.doomed);
	/* it needs the lock before it can be done */
	if (queue_work(system_unbound_wq, &ctx->spawn.reaper))
		percpu_ref_get(&ctx->refs);
}

void io_chain_cancel(struct io_chain *chain, enum io_uring_spawn_end by)
{
	lockdep_assert_held(&chain->ctx->spawn.lock);

	chain->cancelled_by = by;
	WRITE_ONCE(chain->cancelled, true);
	list_move_tail(&chain->node.list, &chain->ctx->spawn.cancelled);
	if (chain->child)
		send_sig(SIGKILL, chain->child, 1);
	else
		io_chain_stop_start(chain);
}

void io_spawn_ring_init(struct io_ring_ctx *ctx)
{
	spin_lock_init(&ctx->spawn.lock);
	INIT_LIST_HEAD(&ctx->spawn.chains);
	INIT_LIST_HEAD(&ctx->spawn.cancelled);
	INIT_LIST_HEAD(&ctx->spawn.doomed);
	xa_init(&ctx->spawn.kept);
#ifdef CONFIG_IO_URING_BPF
	xa_init_flags(&ctx->spawn.actors, XA_FLAGS_ALLOC);
	ctx->spawn.rest_until = jiffies;
#endif
	INIT_WORK(&ctx->spawn.reaper, io_spawn_reap);
	io_spawn_snapshot(&ctx->spawn.inherited);
	if (ctx->flags & IORING_SETUP_SQPOLL)
		ctx->spawn.maker = get_pid(task_pid(current));
}

/* --- finding what to cancel ----------------------------------------------------------- */

bool io_cancel_match(struct io_cancel_data *cd, u8 opcode, u64 user_data)
{
	bool by_data = cd->flags & IORING_ASYNC_CANCEL_USERDATA;

	if (cd->flags & IORING_ASYNC_CANCEL_ANY)
		return true;
	if (cd->flags & IORING_ASYNC_CANCEL_OP) {
		if (opcode != cd->opcode)
			return false;
	} else {
		by_data = true;
	}
	return !by_data || user_data == cd->data;
}

/* Who looks for a request by its user_data alone need not look at most chains. */
static bool io_chain_excludes(struct io_chain *chain, struct io_cancel_data *cd)
{
	if (cd->flags & (IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_OP))
		return false;
	return !(chain->filter & io_chain_filter_bit(cd->data));
}

/* What a walk looks for, and how much more it may look at before a pause. */
struct io_spawn_search {
	struct io_cancel_data	*cd;		/* NULL: all that is task's */
	struct task_struct	*task;		/* NULL: anybody's */
	bool			one;
	unsigned int		left;
};

static bool io_chain_match_cd(struct io_chain *chain, struct io_spawn_search *search)
{
	struct io_kiocb *req;

	if (chain->owner != search->cd->owner || io_chain_excludes(chain, search->cd))
		return false;
	if (io_cancel_match(search->cd, chain->plan ? IORING_OP_SPAWN : IORING_OP_CLONE,
			    chain->user_data))
		return true;
	for (req = chain->steps; req; req = req->link) {
		search->left -= !!search->left;
		if (io_cancel_match(search->cd, req->opcode, req->cqe.user_data))
			return true;
	}
	return false;
}

static bool io_chain_match(struct io_chain *chain, struct io_spawn_search *search)
{
	search->left -= !!search->left;
	if (search->cd)
		return io_chain_match_cd(chain, search);
	return !search->task || chain->task == search->task;
}

/* Whoever cancels a chain does not end the child that it was for, which waits then. */
static void io_kept_spare(struct io_chain *chain, struct io_cancel_data *cd)
{
	if (cd && chain->kept)
		chain->kept->spared_by = cd->seq;
}

/*
 * Cancel the chains that match, or one. A chain that has been cancelled is in
 * another list: it is not found again. Returns how many there were.
 */
static unsigned int io_spawn_cancel_matching(struct io_ring_ctx *ctx,
					     struct io_spawn_search *search)
{
	enum io_uring_spawn_end by = search->cd ? IORING_END_CANCEL :
						  IORING_END_EXIT;
	struct io_spawn_node place = {}, *node;
	unsigned int nr = 0;

	search->left = IO_SPAWN_BATCH;
	spin_lock_irq(&ctx->spawn.lock);
	list_add(&place.list, &ctx->spawn.chains);
	while (!list_is_last(&place.list, &ctx->spawn.chains)) {
		node = list_next_entry(&place, list);
		list_move(&place.list, &node->list);
		if (node->chain && io_chain_match(node->chain, search)) {
			io_kept_spare(node->chain, search->cd);
			io_chain_cancel(node->chain, by);
			nr++;
			if (search->one)
				break;
		}
		if (search->left)
			continue;
		search->left = IO_SPAWN_BATCH;
		spin_unlock_irq(&ctx->spawn.lock);
		cond_resched();
		spin_lock_irq(&ctx->spawn.lock);
	}
	list_del(&place.list);
	spin_unlock_irq(&ctx->spawn.lock);
	return nr;
}

/* Chains have no descriptor to be found by. */
static bool io_spawn_may_match(struct io_ring_ctx *ctx, struct io_cancel_data *cd)
{
	return !(cd->flags & IORING_ASYNC_CANCEL_FD) && io_spawn_ring_busy(ctx);
}

int io_spawn_cancel(struct io_ring_ctx *ctx, struct io_cancel_data *cd)
{
	struct io_spawn_search search = { .cd = cd, .one = true };

	if (!io_spawn_may_match(ctx, cd) || cd->flags & IO_CANCEL_EVERY)
		return -ENOENT;
	return io_spawn_cancel_matching(ctx, &search) ||
	       io_kept_cancel(ctx, cd, NULL, true) ? 0 : -ENOENT;
}

unsigned int io_spawn_cancel_every(struct io_ring_ctx *ctx,
				   struct io_cancel_data *cd)
{
	struct io_spawn_search search = { .cd = cd };

	if (!io_spawn_may_match(ctx, cd))
		return 0;
	return io_spawn_cancel_matching(ctx, &search) +
	       io_kept_cancel(ctx, cd, NULL, false);
}

bool io_spawn_cancel_all(struct io_ring_ctx *ctx, struct task_struct *task)
{
	struct io_spawn_search search = { .task = task };

	return io_spawn_ring_busy(ctx) &&
	       io_spawn_cancel_matching(ctx, &search) +
	       io_kept_cancel(ctx, NULL, task, false);
}

/*
 * Who exits does not wait: a child that is killed ends when the processor, or a
 * file system, lets it, and both can be somebody else's.
 */
void io_spawn_cancel_task(struct io_uring_task *tctx)
{
	struct io_tctx_node *node;
	unsigned long index;

	xa_for_each(&tctx->xa, index, node) {
		io_spawn_cancel_all(node->ctx, current);
		io_actor_cancel_all(node->ctx, current);
	}
}

bool io_spawn_ring_busy(struct io_ring_ctx *ctx)
{
	return READ_ONCE(ctx->spawn.nr_chains) || atomic_read(&ctx->spawn.nr_kept);
}

/* --- what there is ---------------------------------------------------------------------- */

static void io_spawn_query_ops(struct io_uring_spawn_query *query)
{
	unsigned int op;

	BUILD_BUG_ON(IORING_OP_LAST > 64 * ARRAY_SIZE(query->child_ops));
	for (op = 0; op < IORING_OP_LAST; op++) {
		if (!io_op_in_child(op))
			continue;
		query->child_ops[op / 64] |= BIT_ULL(op % 64);
		if (io_op_can_retry(op))
			query->retry_ops[op / 64] |= BIT_ULL(op % 64);
	}
}

static void io_spawn_query_policies(struct io_uring_spawn_query *query)
{
	query->features |= IORING_SPAWN_FEAT_POLICY | IORING_SPAWN_FEAT_OP;
	query->policy_events = IO_POLICY_EVENTS;
	query->prog_type = BPF_PROG_TYPE_IOURING;
	query->attach_spawn = BPF_IOURING_SPAWN;
	query->attach_op = BPF_IOURING_OP;
	query->link_type = BPF_LINK_TYPE_IOURING;
	query->op_bpf = IORING_OP_BPF;
	query->def_in_flight = IO_ACTOR_DEF_IN_FLIGHT;
	query->max_in_flight = IO_ACTOR_MAX_IN_FLIGHT;
	query->max_op_staged = IO_ACTOR_MAX_STAGED;
	query->max_op_posted = IO_ACTOR_MAX_POSTED;
	query->max_state = IO_ACTOR_MAX_STATE;
}

static void io_spawn_query_fill(struct io_ring_ctx *ctx,
				struct io_uring_spawn_query *query)
{
	unsigned int cmd;

	*query = (struct io_uring_spawn_query) {
		.abi		= IORING_SPAWN_ABI,
		.nr_slots	= IORING_SPAWN_SLOTS,
		.ring_id	= io_policy_ring_id(ctx),
		.op_clone	= IORING_OP_CLONE,
		.op_exec	= IORING_OP_EXEC,
		.op_child	= IORING_OP_CHILD,
		.exec_flags	= IO_EXEC_FLAGS,
		.exec_ioprio	= IO_EXEC_IOPRIO,
		.sqe_clone_flags = IO_CLONE_SQE_FLAGS,
		.clone_flags	= IO_CLONE_FLAGS,
		.max_steps	= IO_CHAIN_MAX_STEPS,
		.max_files	= IO_CLONE_MAX_FILES,
		.max_waiting	= IO_SPAWN_MAX_WAITING,
		.def_issues	= IO_POLICY_DEF_ISSUES,
		.def_staged	= IO_POLICY_MAX_STAGED,
		.def_delay_ns	= IO_POLICY_DEF_DELAY,
		.max_issues	= IO_POLICY_MAX_ISSUES,
		.max_staged	= IO_POLICY_MAX_STAGED,
		.max_policies	= IO_POLICY_MAX_LIST,
		.op_spawn	= IORING_OP_SPAWN,
		.spawn_flags	= IO_SPAWN_FLAGS,
		.max_spawn	= IO_PLAN_MAX_SIZE,
		.nr_searches	= IORING_SPAWN_SEARCHES,
		.max_search_dirs = IORING_SPAWN_SEARCH_DIRS,
		.max_kept	= IO_SPAWN_MAX_KEPT,
		.max_delay_ns	= IO_POLICY_MAX_DELAY,
	};

	BUILD_BUG_ON(IORING_CHILD_LAST > 64 * ARRAY_SIZE(query->child_cmds));
	for (cmd = 0; cmd < IORING_CHILD_LAST; cmd++)
		query->child_cmds[cmd / 64] |= BIT_ULL(cmd % 64);
	io_spawn_query_ops(query);
	if (IS_ENABLED(CONFIG_IO_URING_BPF))
		io_spawn_query_policies(query);
}

/* As much of it as the caller has room for. What is beyond it is zeroed. */
int io_spawn_query(struct io_ring_ctx *ctx, void __user *arg)
{
	struct io_uring_spawn_query query;
	u32 room, size;

	if (get_user(room, (u32 __user *)arg))
		return -EFAULT;
	if (room < offsetofend(struct io_uring_spawn_query, abi))
		return -EINVAL;
	if (room > PAGE_SIZE)
		return -E2BIG;

	size = min_t(u32, room, sizeof(query));
	io_spawn_query_fill(ctx, &query);
	query.size = size;
	if (copy_to_user(arg, &query, size) || clear_user(arg + size, room - size))
		return -EFAULT;
	return 0;
}
