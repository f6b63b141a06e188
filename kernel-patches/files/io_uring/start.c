// SPDX-License-Identifier: GPL-2.0
/*
 * Starting a chain: making the child that runs it. The starter gets the chain from
 * the queue (queue.c), and gives it to the child (chain.c), back to the queue to try
 * again later, or up.
 */
#include <linux/kernel.h>
#include <linux/binfmts.h>
#include <linux/errno.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/io_uring.h>
#include <linux/sched/signal.h>
#include <linux/seccomp.h>
#include <linux/slab.h>

#include <asm/syscall.h>
#include <asm/unistd.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "../fs/internal.h"

#include "io_uring.h"
#include "chain.h"
#include "child_cmd.h"
#include "clone.h"
#include "clone_files.h"
#include "decide.h"
#include "exec.h"
#include "kept.h"
#include "plan.h"
#include "queue.h"
#include "report.h"
#include "spawn_task.h"

#include <trace/events/io_uring_spawn.h>

/* --- making the child --------------------------------------------------------- */

int io_clone_seccomp(struct io_chain *chain, const struct io_clone_args *ca)
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
	const struct io_clone_args *ca = chain->start.args;
	struct task_struct *child;

	if (chain->from) {
		args->files = chain->taken->files;
		return io_spawn_task_create(args, trace);
	}
	if (!ca || !ca->lists_files)
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
	const struct io_clone_args *ca = chain->start.args;
	struct kernel_clone_args args = { .exit_signal = SIGCHLD };
	struct task_struct *child;

	if (ca)
		args = ca->args;
	args.fn = io_chain_main;
	args.fn_arg = chain;
	/* the current task is the child that is copied */
	if (chain->from) {
		args.flags |= CLONE_PARENT;
		return io_chain_fork(chain, &args, trace);
	}

	/* the maker of a user namespace has all capabilities over the child */
	if (args.flags & CLONE_NEWUSER)
		io_child_guard_memory();
	child = io_chain_fork(chain, &args, trace);
	if (unlikely(child == ERR_PTR(-ERESTARTNOINTR)))
		child = io_chain_fork_blocked(chain, &args, trace);
	return child;
}

static void io_files_close_ring(struct files_struct *files, unsigned int fd)
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
 * child, which has not begun yet: nobody else changes the table.
 */
void io_files_close_rings(struct files_struct *files, bool all)
{
	struct fdtable *fdt = rcu_dereference_raw(files->fdt);
	unsigned int i, fd;

	for (i = 0; i < fdt->max_fds / BITS_PER_LONG; i++) {
		/* the bits of closed descriptors mean nothing */
		unsigned long set = fdt->open_fds[i];

		if (!all)
			set &= fdt->close_on_exec[i];
		for (; set; set &= set - 1) {
			fd = i * BITS_PER_LONG + __ffs(set);
			if (io_is_uring_fops(files_lookup_fd_raw(files, fd)))
				io_files_close_ring(files, fd);
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
	if (chain->kept)
		io_kept_made(chain, child);
	if (chain->cancelled)
		send_sig(SIGKILL, child, 1);
	spin_unlock_irq(&ctx->spawn.lock);
}

/* As the launcher knows it, whoever has made the child. */
static pid_t io_chain_child_pid(struct io_chain *chain, struct task_struct *child)
{
	if (likely(!chain->from))
		return task_pid_vnr(child);
	return pid_nr_ns(task_pid(child), ns_of_pid(chain->from->marks.tgid));
}

int io_chain_make_child(struct io_chain *chain)
{
	struct task_struct *child;
	int ret, trace;

	ret = io_clone_seccomp(chain, chain->start.args);
	if (ret)
		return ret;
	child = io_chain_create_child(chain, &trace);
	if (IS_ERR(child))
		return PTR_ERR(child);

	chain->pid = io_chain_child_pid(chain, child);
	io_report_put_pid(chain);
	trace_io_uring_spawn_start(chain);
	io_files_close_rings(child->files, chain->keeps);
	if (unlikely(chain->from))
		io_kept_give_mm(chain, child);
	io_chain_hand_over(chain, child);
	io_chain_clone_done(chain, 0);
	io_spawn_task_start(child, &chain->shares, trace);
	return 0;
}

/* --- trying, and giving up ------------------------------------------------------ */

void io_chain_free(struct io_chain *chain)
{
	struct io_chain_policy *pol = &chain->pol;

	io_report_forget(chain);
	io_exec_forget_head(pol);
	io_kept_forget(chain);
	if (unlikely(chain->child_state.mm))
		spawn_mm_put(chain->child_state.mm);
	if (pol->list)
		io_policy_list_put(pol->list);
	if (pol->run) {
		io_chain_drop_staged(chain);
		kfree(pol->run);
	}
	if (chain->start.queue)
		io_spawn_queue_done(chain->start.queue);
	/* it is part of its plan */
	if (chain->plan)
		io_plan_free(chain->plan);
	else
		kfree(chain);
}

void io_chain_abandon(struct io_chain *chain, int error)
{
	struct io_result result = { .res = error, .failed = true };
	struct io_ring_ctx *ctx = chain->ctx;

	io_chain_leave(chain);
	spin_lock_irq(&ctx->spawn.lock);
	ctx->spawn.nr_waiting--;
	spin_unlock_irq(&ctx->spawn.lock);
	/* what is linked to this can name the child again */
	io_kept_forget(chain);

	if (chain->cancelled)
		result.res = io_chain_cancelled(chain);
	else if (!chain->child_state.end)
		chain->child_state.end = IORING_END_CLONE;
	trace_io_uring_spawn_end(chain, result.res);
	if (chain->plan)
		io_plan_complete(chain, chain->start.clone, result.res);
	else
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
	if (!chain->pol.list)
		return error;
	error = io_chain_decide_clone(chain, error, &delay);
	if (!error)
		io_chain_pause(chain, nsecs_to_jiffies(delay) + !!delay);
	return error;
}

/* The child is one that waits, or is to be one. */
static int io_chain_try_kept(struct io_chain *chain, const struct io_clone_args *args)
{
	bool is_new = chain->keeps && !chain->in_kept;
	int ret;

	if (is_new) {
		ret = io_kept_prepare(chain);
		if (ret)
			return ret;
	}
	ret = args->child ? io_kept_hand(chain) : io_chain_make_child(chain);
	/* it may be tried again, by a thread that has changed */
	if (ret && is_new)
		io_kept_drop(chain);
	return ret;
}

static int io_chain_try(struct io_chain *chain)
{
	if (chain->start.error)
		return chain->start.error;
	if (READ_ONCE(chain->cancelled) || !io_may_start(chain, current))
		return -ECANCELED;
	if (chain->start.args)
		return io_chain_try_kept(chain, chain->start.args);
	return io_chain_make_child(chain);
}

/* If neither returns an error, the chain has another owner now. */
void io_chain_start(struct io_chain *chain)
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
