// SPDX-License-Identifier: GPL-2.0
/*
 * Starting chains: making the child that runs one.
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
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/io_uring.h>
#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/seccomp.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include <asm/syscall.h>
#include <asm/unistd.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "../fs/internal.h"

#include "io_uring.h"
#include "sqpoll.h"
#include "chain.h"
#include "child_cmd.h"
#include "clone.h"
#include "clone_files.h"
#include "decide.h"
#include "rights.h"
#include "spawn.h"
#include "spawn_task.h"

#include <trace/events/io_uring_spawn.h>

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
static void io_spawn_queue_done(struct io_spawn_queue *queue)
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

void io_chain_free(struct io_chain *chain)
{
	struct io_chain_policy *pol = &chain->pol;

	if (pol->policy)
		io_policy_put(pol->policy);
	if (pol->run) {
		io_chain_drop_staged(chain);
		kfree(pol->run);
	}
	if (chain->start.queue)
		io_spawn_queue_done(chain->start.queue);
	kfree(chain);
}

/* --- who starts -------------------------------------------------------------- */

static bool io_has_sq_thread(const struct io_chain *chain)
{
	return chain->ctx->flags & IORING_SETUP_SQPOLL;
}

static bool io_may_start(struct io_chain *chain, struct task_struct *task)
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
static void io_chain_pause(struct io_chain *chain, unsigned long delay)
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
	if (chain->state == IO_CHAIN_QUEUED) {
		list_del(&chain->start.node);
		chain->state = IO_CHAIN_DOOMED;
		io_chain_doom(chain);
	} else if (chain->state == IO_CHAIN_PAUSED &&
		   cancel_delayed_work(&chain->start.retry)) {
		queue_delayed_work(system_unbound_wq, &chain->start.retry, 0);
	}
	spin_unlock(&queue->lock);
}

/* --- making the child --------------------------------------------------------- */

/* Ask the filters about the system call that CLONE stands in for. */
static int io_clone_seccomp(struct io_chain *chain, const struct io_clone_args *ca)
{
	struct seccomp_data sd = {
		.nr		= __NR_clone3,
		.arch		= AUDIT_ARCH_X86_64,
	};

	if (likely(!test_syscall_work(SECCOMP)))
		return 0;
	if (ca) {
		sd.args[0] = ca->addr;
		sd.args[1] = ca->len;
	}
	if (chain->ctx->compat)
		sd.arch = AUDIT_ARCH_I386;
	return seccomp_check(&sd);
}

static struct task_struct *io_chain_fork(struct io_chain *chain,
					 struct kernel_clone_args *args,
					 int *trace)
{
	struct io_kiocb *clone = chain->start.clone;
	struct io_clone *cmd = io_kiocb_to_cmd(clone, struct io_clone);
	struct io_clone_args *ca = clone->async_data;
	struct task_struct *child;

	if (!(cmd->flags & IORING_CLONE_FILES))
		return io_spawn_task_create(args, trace);

	/* fork would fail with this, too, but only after the table has been built */
	if (task_sigpending(current))
		return ERR_PTR(-ERESTARTNOINTR);
	args->files = io_clone_files(chain->ctx, u64_to_user_ptr(ca->files));
	if (IS_ERR(args->files))
		return ERR_CAST(args->files);
	child = io_spawn_task_create(args, trace);
	put_files_struct(args->files);
	return child;
}

/* Signals that can be blocked can wait for the child to be made. */
static struct task_struct *io_chain_fork_blocked(struct io_chain *chain,
						 struct kernel_clone_args *args,
						 int *trace)
{
	sigset_t blocked = current->blocked, all;
	struct task_struct *child;

	sigfillset(&all);
	set_current_blocked(&all);
	child = io_chain_fork(chain, args, trace);
	set_current_blocked(&blocked);
	return child;
}

static struct task_struct *io_chain_create_child(struct io_chain *chain,
						 int *trace)
{
	struct io_clone_args *ca = chain->start.clone->async_data;
	struct kernel_clone_args args = { .exit_signal = SIGCHLD };
	struct task_struct *child;

	if (ca)
		args = ca->args;
	args.fn = io_chain_main;
	args.fn_arg = chain;

	/* the maker of a user namespace has all capabilities over the child */
	if (args.flags & CLONE_NEWUSER)
		io_child_guard_memory();
	child = io_chain_fork(chain, &args, trace);
	if (unlikely(child == ERR_PTR(-ERESTARTNOINTR)))
		child = io_chain_fork_blocked(chain, &args, trace);
	return child;
}

static void io_child_close_ring(struct files_struct *files, unsigned int fd)
{
	struct file *file;

	spin_lock(&files->file_lock);
	file = file_close_fd_locked(files, fd);
	spin_unlock(&files->file_lock);
	filp_close(file, files);
}

/*
 * The program is not to have them, and no step can use them. Until then they would
 * keep a ring alive that the parent has closed, and with it the child. Whoever
 * closes the last descriptor of a ring waits for its lock, so it is not left to the
 * child, which has not begun yet: nobody else changes its table.
 */
static void io_child_close_rings(struct task_struct *child)
{
	struct files_struct *files = child->files;
	struct fdtable *fdt = rcu_dereference_raw(files->fdt);
	unsigned int i, fd;

	for (i = 0; i < fdt->max_fds / BITS_PER_LONG; i++) {
		/* the bits of closed descriptors mean nothing */
		unsigned long set = fdt->close_on_exec[i] & fdt->open_fds[i];

		for (; set; set &= set - 1) {
			fd = i * BITS_PER_LONG + __ffs(set);
			if (io_is_uring_fops(files_lookup_fd_raw(files, fd)))
				io_child_close_ring(files, fd);
		}
	}
}

/*
 * From here on the chain is the child's, and cancelling kills the child. It cannot
 * end before io_spawn_task_start() wakes the child.
 */
static void io_chain_hand_over(struct io_chain *chain, struct task_struct *child)
{
	struct io_ring_ctx *ctx = chain->ctx;

	spin_lock_irq(&ctx->spawn.lock);
	chain->child = child;
	chain->state = IO_CHAIN_RUNNING;
	ctx->spawn.nr_waiting--;
	if (chain->cancelled)
		send_sig(SIGKILL, child, 1);
	spin_unlock_irq(&ctx->spawn.lock);
}

static int io_chain_make_child(struct io_chain *chain)
{
	struct io_kiocb *clone = chain->start.clone;
	struct io_result result = {};
	struct task_struct *child;
	int ret, trace;

	ret = io_clone_seccomp(chain, clone->async_data);
	if (ret)
		return ret;
	child = io_chain_create_child(chain, &trace);
	if (IS_ERR(child))
		return PTR_ERR(child);

	chain->pid = task_pid_vnr(child);
	result.res = chain->pid;
	trace_io_uring_spawn_start(chain);
	io_child_close_rings(child);
	chain->start.clone = NULL;
	io_chain_hand_over(chain, child);
	io_chain_complete(clone, &result, clone->flags & REQ_F_CQE_SKIP);
	io_spawn_task_start(child, &chain->shares, trace);
	return 0;
}

void io_chain_abandon(struct io_chain *chain, int error)
{
	struct io_result result = { .res = error, .failed = true };
	struct io_ring_ctx *ctx = chain->ctx;

	io_chain_leave(chain);
	spin_lock_irq(&ctx->spawn.lock);
	ctx->spawn.nr_waiting--;
	spin_unlock_irq(&ctx->spawn.lock);

	if (chain->cancelled)
		result.res = -ECANCELED;
	trace_io_uring_spawn_end(chain, result.res);
	io_chain_complete(chain->start.clone, &result, false);
	io_chain_cancel_steps(chain);
	io_chain_free(chain);
}

/*
 * There is no child, yet: try again later, or return what CLONE ends with. Fork
 * wants a stop signal, or a debugger's trap, to be taken first. That happens on
 * the way to user mode.
 */
static int io_chain_try_later(struct io_chain *chain, int error)
{
	u64 delay;

	if (error == -ERESTARTNOINTR) {
		if (fatal_signal_pending(current))
			return -ECANCELED;
		chain->start.pause = clamp(2 * chain->start.pause, 1UL, HZ / 4UL);
		io_chain_pause(chain, chain->start.pause);
		return 0;
	}
	if (!chain->pol.policy)
		return error;
	error = io_chain_decide_clone(chain, error, &delay);
	if (!error)
		io_chain_pause(chain, nsecs_to_jiffies(delay) + !!delay);
	return error;
}

static int io_chain_try(struct io_chain *chain)
{
	if (chain->start.error)
		return chain->start.error;
	if (READ_ONCE(chain->cancelled) || !io_may_start(chain, current))
		return -ECANCELED;
	return io_chain_make_child(chain);
}

/* If neither returns an error, the chain has another owner now. */
static void io_chain_start(struct io_chain *chain)
{
	int error;

	/* exec may still fail, and cancels the chain if it does not */
	if (unlikely(current->in_execve)) {
		io_chain_pause(chain, 1);
		return;
	}
	error = io_chain_try(chain);
	if (error)
		error = io_chain_try_later(chain, error);
	if (error)
		io_chain_abandon(chain, error);
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
