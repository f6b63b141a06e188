// SPDX-License-Identifier: GPL-2.0
/*
 * Chains that wait to be started.
 *
 * The child must be one of the submitter, whoever issues CLONE, and fork copies
 * from current. So chains wait in a queue, one for each submitter, first come
 * first served, until the submitter has dropped the ring's lock; there it works
 * the queue off in one loop. For a ring with an SQ thread a thread of the process
 * does that, in task work.
 *
 * Making a child can stop for a debugger, and whoever stops runs task work, which
 * gets here again. The loop is further up the stack then: what is queued is left
 * to it, so that the stack does not grow with the length of the queue.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include <uapi/linux/io_uring.h>

#include "io_uring.h"
#include "sqpoll.h"
#include "chain.h"
#include "plan.h"
#include "queue.h"
#include "rights.h"
#include "spawn.h"

/* How many threads are looked at to find one that can stand in for an SQ thread. */
#define IO_SPAWN_MAX_THREADS	64

/*
 * Chains of one submitter that are to be started. Its task context has a reference
 * (the ring, if that has an SQ thread), and so have each chain and the task work.
 */
struct io_spawn_queue {
	refcount_t		refs;
	spinlock_t		lock;		/* within ctx->spawn.lock */
	struct list_head	chains;
	bool			busy;		/* a task is working it off */
	bool			called;		/* ->work is queued to a task */
	struct callback_head	work;		/* works the queue off */
	bool			arrived;	/* ->work has run, to claim the queue next */
	struct list_head	node;		/* in the list of the loop it waits for */

	unsigned int		nr_chains;	/* not at their end, started or not */
	struct io_uring_task	*tctx;		/* of the requests; NULL once it is gone */
};

static void io_spawn_work(struct callback_head *work);

/* --- the queue's life ------------------------------------------------------- */

static struct io_spawn_queue *io_spawn_queue_alloc(struct io_uring_task *tctx)
{
	struct io_spawn_queue *queue;

	queue = kzalloc(sizeof(*queue), GFP_KERNEL_ACCOUNT);
	if (!queue)
		return NULL;
	refcount_set(&queue->refs, 1);
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->chains);
	INIT_LIST_HEAD(&queue->node);
	init_task_work(&queue->work, io_spawn_work);
	queue->tctx = tctx;
	return queue;
}

static void io_spawn_queue_put(struct io_spawn_queue *queue)
{
	if (refcount_dec_and_test(&queue->refs))
		kfree(queue);
}

struct io_spawn_queue *io_spawn_queue_of(struct io_ring_ctx *ctx)
{
	struct io_uring_task *tctx = current->io_uring;
	struct io_spawn_queue **queue = ctx->flags & IORING_SETUP_SQPOLL ?
					&ctx->spawn.queue : &tctx->spawn_queue;

	if (!*queue)
		*queue = io_spawn_queue_alloc(tctx);
	return *queue;
}

/* The context of the submitter goes. Nobody is in the middle of waking it then. */
static void io_spawn_queue_forget(struct io_spawn_queue *queue)
{
	if (!queue)
		return;
	spin_lock_irq(&queue->lock);
	queue->tctx = NULL;
	spin_unlock_irq(&queue->lock);
}

void io_spawn_task_free(struct io_uring_task *tctx)
{
	io_spawn_queue_forget(tctx->spawn_queue);
	if (tctx->spawn_queue)
		io_spawn_queue_put(tctx->spawn_queue);
}

void io_spawn_ring_free(struct io_ring_ctx *ctx)
{
	io_spawn_queue_forget(ctx->spawn.queue);
	if (ctx->spawn.queue)
		io_spawn_queue_put(ctx->spawn.queue);
	put_pid(ctx->spawn.maker);
}

/*
 * A chain is at its end. Its requests have been counted down in the submitter's
 * context, who may wait for all of that and then free it.
 */
void io_spawn_queue_done(struct io_spawn_queue *queue)
{
	struct io_uring_task *tctx;

	spin_lock_irq(&queue->lock);
	tctx = queue->tctx;
	if (!--queue->nr_chains && tctx && atomic_read(&tctx->in_cancel))
		wake_up(&tctx->wait);
	spin_unlock_irq(&queue->lock);
	io_spawn_queue_put(queue);
}

bool io_spawn_task_busy(struct io_uring_task *tctx, struct io_sq_data *sqd)
{
	struct io_ring_ctx *ctx;

	if (!sqd)
		return tctx->spawn_queue &&
		       READ_ONCE(tctx->spawn_queue->nr_chains);
	list_for_each_entry(ctx, &sqd->ctx_list, sqd_list) {
		if (ctx->spawn.queue && READ_ONCE(ctx->spawn.queue->nr_chains))
			return true;
	}
	return false;
}

void io_spawn_task_gone(struct io_uring_task *tctx, struct io_sq_data *sqd)
{
	struct io_ring_ctx *ctx;

	io_spawn_queue_forget(tctx->spawn_queue);
	if (!sqd)
		return;
	list_for_each_entry(ctx, &sqd->ctx_list, sqd_list)
		io_spawn_queue_forget(ctx->spawn.queue);
}

/* --- who starts -------------------------------------------------------------- */

static bool io_has_sq_thread(const struct io_chain *chain)
{
	return chain->ctx->flags & IORING_SETUP_SQPOLL;
}

bool io_may_start(struct io_chain *chain, struct task_struct *task)
{
	if (task->flags & (PF_EXITING | PF_POSTCOREDUMP | PF_USER_WORKER))
		return false;
	if (!io_has_sq_thread(chain))
		return task == chain->task;
	guard(rcu)();
	return io_same_rights(task, chain->task, chain->ctx->sq_creds);
}

/* Whether task work gets it out of what it is doing. */
static bool io_is_reachable(struct task_struct *task)
{
	unsigned int state = READ_ONCE(task->__state);

	return state == TASK_RUNNING || state & TASK_INTERRUPTIBLE;
}

/*
 * A thread of the process that may do just what the SQ thread may on this ring:
 * the first such of the first few, as interrupts are off. One that waits for
 * something else cannot be called out of that, and is the last choice.
 */
static struct task_struct *io_chain_any_starter(struct io_chain *chain)
{
	struct task_struct *task, *otherwise = NULL;
	unsigned int left = IO_SPAWN_MAX_THREADS;

	for_each_thread(chain->task, task) {
		if (!left--)
			break;
		if (!io_may_start(chain, task))
			continue;
		if (io_is_reachable(task))
			return task;
		if (!otherwise)
			otherwise = task;
	}
	return otherwise;
}

/*
 * For a ring with an SQ thread, the thread that made the ring, whose priority,
 * processors and the like programs inherit then, or another. Under RCU.
 */
static struct task_struct *io_chain_starter(struct io_chain *chain)
{
	struct task_struct *task;

	if (!io_has_sq_thread(chain))
		return chain->task;
	task = pid_task(chain->ctx->spawn.maker, PIDTYPE_PID);
	if (task && same_thread_group(task, chain->task) &&
	    io_may_start(chain, task) && io_is_reachable(task))
		return task;
	return io_chain_any_starter(chain);
}

/*
 * Have the queue worked off by task work of who may start this chain, if nobody
 * is about to. Returns 0 or why there is nobody.
 */
static int io_spawn_call(struct io_spawn_queue *queue, struct io_chain *chain)
{
	struct task_struct *task;

	lockdep_assert_held(&queue->lock);

	if (queue->called || queue->busy)
		return 0;
	guard(rcu)();
	task = io_chain_starter(chain);
	if (!task)
		return -EPERM;
	queue->called = true;
	refcount_inc(&queue->refs);
	if (!task_work_add(task, &queue->work, TWA_SIGNAL))
		return 0;
	queue->called = false;
	refcount_dec(&queue->refs);
	return -ECANCELED;
}

/* --- waiting to be started ---------------------------------------------------- */

/* For a ring without an SQ thread, who queued it works it off: io_spawn_start(). */
static int io_chain_queue(struct io_chain *chain, bool call)
{
	struct io_spawn_queue *queue = chain->start.queue;
	int ret = 0;

	lockdep_assert_held(&queue->lock);

	if (call)
		ret = io_spawn_call(queue, chain);
	if (!ret) {
		chain->state = IO_CHAIN_QUEUED;
		list_add_tail(&chain->start.node, &queue->chains);
	}
	return ret;
}

void io_chain_enqueue(struct io_chain *chain, struct io_spawn_queue *queue)
{
	struct io_ring_ctx *ctx = chain->ctx;
	int ret;

	/* ours, as long as it is not in the queue */
	chain->state = IO_CHAIN_STARTING;
	chain->start.queue = queue;
	refcount_inc(&queue->refs);

	spin_lock_irq(&ctx->spawn.lock);
	list_add_tail(&chain->node.list, &ctx->spawn.chains);
	ctx->spawn.nr_chains++;
	ctx->spawn.nr_waiting++;
	if (chain->ltimeout)
		io_chain_arm_deadline(chain);
	if (chain->plan)
		io_plan_arm_deadline(chain->plan);
	spin_lock(&queue->lock);
	queue->nr_chains++;
	ret = io_chain_queue(chain, io_has_sq_thread(chain));
	spin_unlock(&queue->lock);
	spin_unlock_irq(&ctx->spawn.lock);

	if (ret)
		io_chain_abandon(chain, ret);
	else if (!(ctx->flags & IORING_SETUP_SQPOLL))
		current->io_uring->spawn_pending = true;
}

/* Nobody can make a child of it now. */
static void io_chain_retry(struct work_struct *work)
{
	struct io_chain *chain = container_of(work, struct io_chain,
					      start.retry.work);
	int ret = -ECANCELED;

	spin_lock_irq(&chain->ctx->spawn.lock);
	if (!chain->cancelled) {
		guard(spinlock)(&chain->start.queue->lock);
		ret = io_chain_queue(chain, true);
	}
	spin_unlock_irq(&chain->ctx->spawn.lock);
	/* somebody else's now, if that went well */
	if (ret)
		io_chain_abandon(chain, ret);
}

/* Put it back into the queue later. */
void io_chain_pause(struct io_chain *chain, unsigned long delay)
{
	INIT_DELAYED_WORK(&chain->start.retry, io_chain_retry);

	guard(spinlock_irq)(&chain->ctx->spawn.lock);
	chain->state = IO_CHAIN_PAUSED;
	queue_delayed_work(system_unbound_wq, &chain->start.retry,
			   chain->cancelled ? 0 : delay);
}

/*
 * The starter may be far from its next chain, and the one who cancels may be who
 * it waits for.
 */
void io_chain_stop_start(struct io_chain *chain)
{
	struct io_spawn_queue *queue = chain->start.queue;

	lockdep_assert_held(&chain->ctx->spawn.lock);

	spin_lock(&queue->lock);
	/* in this queue, or in the list of a child that waits */
	if (chain->state == IO_CHAIN_QUEUED || chain->state == IO_CHAIN_HANDED) {
		list_del(&chain->start.node);
		chain->state = IO_CHAIN_DOOMED;
		io_chain_doom(chain);
	} else if (chain->state == IO_CHAIN_PAUSED &&
		   cancel_delayed_work(&chain->start.retry)) {
		queue_delayed_work(system_unbound_wq, &chain->start.retry, 0);
	}
	spin_unlock(&queue->lock);
}

/* --- working the queue off ------------------------------------------------------ */

/*
 * Whether the current task can go on with this queue. If it cannot, because it
 * ends or its rights have changed, another thread of the process is called.
 */
static bool io_spawn_may_take(struct io_spawn_queue *queue, struct io_chain *chain)
{
	if (!io_has_sq_thread(chain) || io_may_start(chain, current))
		return true;
	queue->busy = false;
	chain->start.error = io_spawn_call(queue, chain);
	if (!chain->start.error)
		return false;
	queue->busy = true;
	return true;
}

/* The next chain, which is ours then. Without one the queue is not ours any more. */
static struct io_chain *io_spawn_take(struct io_spawn_queue *queue)
{
	struct io_chain *chain;

	guard(spinlock_irq)(&queue->lock);
	chain = list_first_entry_or_null(&queue->chains, struct io_chain,
					 start.node);
	if (!chain) {
		queue->busy = false;
		return NULL;
	}
	if (!io_spawn_may_take(queue, chain))
		return NULL;
	list_del(&chain->start.node);
	chain->state = IO_CHAIN_STARTING;
	return chain;
}

static bool io_spawn_claim(struct io_spawn_queue *queue)
{
	guard(spinlock_irq)(&queue->lock);
	if (queue->arrived) {
		queue->arrived = false;
		queue->called = false;
	}
	if (queue->busy)
		return false;
	queue->busy = true;
	return true;
}

static void io_spawn_work_off(struct io_spawn_queue *queue)
{
	struct io_chain *chain;

	if (!io_spawn_claim(queue))
		return;
	while ((chain = io_spawn_take(queue))) {
		io_chain_start(chain);
		cond_resched();
	}
}

/*
 * Work off this queue and those that come to be ours meanwhile. The caller has a
 * reference to the queue that is dropped here.
 */
static void io_spawn_loop(struct io_spawn_queue *queue)
{
	LIST_HEAD(queues);

	if (current->io_spawn) {
		/* we are in the middle of starting a chain: see there */
		if (list_empty(&queue->node))
			list_add_tail(&queue->node, current->io_spawn);
		else
			io_spawn_queue_put(queue);
		return;
	}

	current->io_spawn = &queues;
	list_add(&queue->node, &queues);
	while ((queue = list_first_entry_or_null(&queues, struct io_spawn_queue,
						 node))) {
		list_del_init(&queue->node);
		io_spawn_work_off(queue);
		io_spawn_queue_put(queue);
	}
	current->io_spawn = NULL;
}

void __io_spawn_start(struct io_spawn_queue *queue)
{
	current->io_uring->spawn_pending = false;
	refcount_inc(&queue->refs);
	io_spawn_loop(queue);
}

static void io_spawn_work(struct callback_head *work)
{
	struct io_spawn_queue *queue = container_of(work, struct io_spawn_queue,
						    work);

	queue->arrived = true;
	io_spawn_loop(queue);
}
