// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_OP_CLONE: take a chain of requests from the ring, and make the child
 * that will run it. What the child does is in chain.c.
 *
 * The child must be one of the submitter, whoever issues CLONE, and fork
 * copies from current. It is therefore made from task work of the submitter,
 * where no lock is held either.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/fdtable.h>
#include <linux/io_uring.h>
#include <linux/sched/signal.h>
#include <linux/seccomp.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>
#include <uapi/linux/sched.h>

#include "io_uring.h"
#include "opdef.h"
#include "sqpoll.h"
#include "tctx.h"
#include "cancel.h"
#include "timeout.h"
#include "chain.h"
#include "child_cmd.h"
#include "clone_files.h"
#include "decide.h"
#include "exec.h"
#include "spawn.h"

#define CREATE_TRACE_POINTS
#include <trace/events/io_uring_spawn.h>

#define IO_CLONE_FLAGS	(CLONE_PIDFD | CLONE_INTO_CGROUP | CLONE_CLEAR_SIGHAND | \
			 IO_NAMESPACE_FLAGS)

#define IO_CLONE_SQE_FLAGS	(IORING_CLONE_NEED_POLICY | IORING_CLONE_FILES)

/* Cancelling looks at them all with interrupts off. */
#define IO_CHAIN_MAX_STEPS	1024

struct io_clone {
	struct file			*file;
	u64				cookie;
	u32				slot;
	u32				flags;
};

static atomic64_t io_chain_ids;

static int io_clone_import(struct io_clone_args *ca)
{
	struct kernel_clone_args *args = &ca->args;
	int ret;

	if (!ca->addr) {
		if (ca->len)
			return -EINVAL;
		*args = (struct kernel_clone_args){ .exit_signal = SIGCHLD };
		return 0;
	}

	args->set_tid = ca->set_tid;
	ret = copy_clone_args_from_user(args, u64_to_user_ptr(ca->addr), ca->len);
	if (ret)
		return ret;
	if (args->flags & ~IO_CLONE_FLAGS)
		return -EINVAL;
	if (args->stack || args->stack_size || args->tls || args->child_tid ||
	    args->parent_tid)
		return -EINVAL;
	return 0;
}

int io_clone_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_clone *clone = io_kiocb_to_cmd(req, struct io_clone);
	struct io_clone_args *ca;

	if (sqe->fd || sqe->buf_index || sqe->__pad2[0])
		return -EINVAL;
	if (READ_ONCE(sqe->personality) || req->flags & REQ_F_FIXED_FILE)
		return -EINVAL;

	clone->cookie = READ_ONCE(sqe->off);
	clone->slot = READ_ONCE(sqe->file_index);
	clone->flags = READ_ONCE(sqe->clone_flags);
	if (clone->flags & ~IO_CLONE_SQE_FLAGS)
		return -EINVAL;
	if (!(clone->flags & IORING_CLONE_FILES) && sqe->addr3)
		return -EINVAL;
	if (clone->slot >= IORING_SPAWN_SLOTS)
		return -EINVAL;

	if (io_alloc_async_data(req))
		return -ENOMEM;
	ca = req->async_data;
	ca->addr = READ_ONCE(sqe->addr);
	ca->len = READ_ONCE(sqe->len);
	ca->files = READ_ONCE(sqe->addr3);
	return io_clone_import(ca);
}

/*
 * Steps must not be taken for the parent's own requests: never go on. That
 * CLONE itself is silent about success does not mean that they are.
 */
void io_clone_fail(struct io_kiocb *req)
{
	req->flags &= ~REQ_F_SKIP_LINK_CQES;
	if (req->flags & REQ_F_HARDLINK) {
		req->flags &= ~REQ_F_HARDLINK;
		req->flags |= REQ_F_LINK;
	}
}

static int io_step_check(struct io_kiocb *req)
{
	if (req->opcode == IORING_OP_LINK_TIMEOUT)
		return -EINVAL;
	if (!io_uring_op_in_child(req->opcode))
		return -EOPNOTSUPP;
	if (req->flags & (REQ_F_BUFFER_SELECT | REQ_F_MULTISHOT |
			  REQ_F_APOLL_MULTISHOT))
		return -EOPNOTSUPP;
	return 0;
}

/* Look at the whole of a chain before any of it is taken. */
static int io_clone_check_links(struct io_kiocb *req)
{
	struct io_kiocb *cur = req->link;
	unsigned int nr = 0;
	int ret;

	if (cur && cur->opcode == IORING_OP_LINK_TIMEOUT)
		cur = cur->link;
	if (!cur)
		return -EINVAL;
	for (; cur; cur = cur->link) {
		if (++nr > IO_CHAIN_MAX_STEPS)
			return -E2BIG;
		ret = io_step_check(cur);
		if (ret) {
			req_fail_link_node(cur, ret);
			return -ECANCELED;
		}
	}
	return 0;
}

/*
 * The submitter may be far from running its task work, and the one who cancels
 * may be who it waits for: take the chain back from there.
 */
static void io_chain_kill(struct io_chain *chain)
{
	lockdep_assert_held(&chain->ctx->spawn_lock);

	WRITE_ONCE(chain->cancelled, true);
	if (chain->child)
		send_sig(SIGKILL, chain->child, 1);
	else if (cancel_delayed_work(&chain->retry) ||
		 (chain->submitter &&
		  task_work_cancel(chain->submitter, &chain->work)))
		queue_delayed_work(system_unbound_wq, &chain->retry, 0);
}

static enum hrtimer_restart io_chain_deadline(struct hrtimer *timer)
{
	struct io_timeout_data *data = container_of(timer, struct io_timeout_data,
						    timer);
	struct io_chain *chain = data->req->chain;
	struct io_ring_ctx *ctx = chain->ctx;
	unsigned long flags;

	spin_lock_irqsave(&ctx->spawn_lock, flags);
	if (!list_empty(&chain->node) && !chain->cancelled) {
		chain->timed_out = true;
		io_chain_kill(chain);
	}
	spin_unlock_irqrestore(&ctx->spawn_lock, flags);
	return HRTIMER_NORESTART;
}

static void io_chain_arm_deadline(struct io_chain *chain)
{
	struct io_timeout_data *data = chain->ltimeout->async_data;

	chain->ltimeout->chain = chain;
	data->timer.function = io_chain_deadline;
	hrtimer_start(&data->timer, timespec64_to_ktime(data->ts), data->mode);
}

/* Task work and delayed work both end here if there will be no child. */
static void io_chain_abandon(struct io_chain *chain, int error)
{
	struct io_kiocb *clone = chain->clone;

	io_chain_leave(chain);
	if (chain->cancelled)
		error = -ECANCELED;
	trace_io_uring_spawn_end(chain, error);

	io_req_set_res(clone, error, 0);
	io_chain_complete(clone, false);
	io_chain_cancel_steps(chain);
	io_chain_free(chain);
}

/* Ask the filters about the system call that CLONE stands in for. */
static int io_clone_seccomp(struct io_chain *chain, struct io_clone_args *ca)
{
	struct seccomp_data sd = {
		.nr		= __NR_clone3,
		.arch		= AUDIT_ARCH_X86_64,
		.args		= { ca->addr, ca->len },
	};

	if (chain->ctx->compat)
		sd.arch = AUDIT_ARCH_I386;
	return seccomp_check(&sd);
}

/* The fork itself. Signals are out of its way. */
static struct task_struct *io_chain_create_child(struct io_chain *chain,
						 struct kernel_clone_args *args,
						 int *trace)
{
	struct io_clone *clone = io_kiocb_to_cmd(chain->clone, struct io_clone);
	struct io_clone_args *ca = chain->clone->async_data;
	struct task_struct *child;

	if (!(clone->flags & IORING_CLONE_FILES))
		return create_spawn_task(args, trace);

	/* fork would say so only when the work is done, each time it is tried */
	if (task_sigpending(current))
		return ERR_PTR(-ERESTARTNOINTR);
	args->files = io_clone_files(chain->ctx, u64_to_user_ptr(ca->files));
	if (IS_ERR(args->files))
		return ERR_CAST(args->files);
	child = create_spawn_task(args, trace);
	put_files_struct(args->files);
	return child;
}

static struct task_struct *io_chain_fork(struct io_chain *chain,
					 struct io_clone_args *ca, int *trace)
{
	struct kernel_clone_args args = ca->args;
	sigset_t blocked = current->blocked, all;
	struct task_struct *child;

	args.fn = io_chain_main;
	args.fn_arg = chain;
	chain->blocked = *sigmask_to_save();
	chain->ip = instruction_pointer(current_pt_regs());
	chain->sp = user_stack_pointer(current_pt_regs());

	/* who made it has all rights in it, over the child, too */
	if (args.flags & CLONE_NEWUSER)
		io_child_guard_memory();
	sigfillset(&all);
	set_current_blocked(&all);
	child = io_chain_create_child(chain, &args, trace);
	set_current_blocked(&blocked);
	return child;
}

static int io_chain_clone(struct io_chain *chain)
{
	struct io_kiocb *clone = chain->clone;
	struct io_ring_ctx *ctx = chain->ctx;
	struct task_struct *child;
	int ret, trace;

	ret = io_clone_seccomp(chain, clone->async_data);
	if (ret)
		return ret;
	child = io_chain_fork(chain, clone->async_data, &trace);
	if (IS_ERR(child))
		return PTR_ERR(child);

	chain->pid = task_pid_vnr(child);
	trace_io_uring_spawn_start(chain);

	spin_lock_irq(&ctx->spawn_lock);
	chain->child = child;
	chain->clone = NULL;
	if (chain->cancelled)
		io_chain_kill(chain);
	spin_unlock_irq(&ctx->spawn_lock);

	io_req_set_res(clone, chain->pid, 0);
	io_chain_complete(clone, clone->flags & REQ_F_CQE_SKIP);
	/* from here on, the chain is the child's */
	start_spawn_task(child, trace);
	return 0;
}

/* Whether one may do just what the other may, and sees the same things. */
static bool io_same_rights(struct task_struct *a, struct task_struct *b)
{
	if (rcu_access_pointer(a->real_cred) != rcu_access_pointer(b->real_cred))
		return false;
	if (READ_ONCE(a->fs) != READ_ONCE(b->fs) ||
	    READ_ONCE(a->files) != READ_ONCE(b->files) ||
	    READ_ONCE(a->nsproxy) != READ_ONCE(b->nsproxy))
		return false;
#ifdef CONFIG_SECCOMP_FILTER
	if (READ_ONCE(a->seccomp.filter) != READ_ONCE(b->seccomp.filter))
		return false;
#endif
	return task_no_new_privs(a) == task_no_new_privs(b);
}

static bool io_may_clone(struct io_chain *chain, struct task_struct *t)
{
	if (t->flags & (PF_EXITING | PF_POSTCOREDUMP | PF_USER_WORKER))
		return false;
	return !(chain->ctx->flags & IORING_SETUP_SQPOLL) ||
	       (io_same_rights(t, chain->task) &&
		rcu_access_pointer(t->real_cred) == chain->ctx->sq_creds);
}

/*
 * For a ring with an SQ thread, the requests are that thread's. A thread of
 * the process stands in for it, the first that is alive and may do just what
 * the SQ thread may, and what the ring may, which can share the SQ thread of
 * another ring.
 */
static struct task_struct *io_chain_submitter(struct io_chain *chain)
{
	struct task_struct *t;

	if (!(chain->ctx->flags & IORING_SETUP_SQPOLL))
		return chain->task;

	for_each_thread(chain->task, t) {
		if (io_may_clone(chain, t))
			return t;
	}
	return NULL;
}

static void io_chain_clone_work(struct callback_head *work);

/* Returns whether the chain is the submitter's task work's now. */
static bool io_chain_queue_clone(struct io_chain *chain)
{
	struct task_struct *task;

	init_task_work(&chain->work, io_chain_clone_work);

	guard(rcu)();
	guard(spinlock_irq)(&chain->ctx->spawn_lock);
	if (chain->cancelled)
		return false;
	task = io_chain_submitter(chain);
	if (!task) {
		chain->error = -EPERM;
		return false;
	}
	if (chain->submitter)
		put_task_struct(chain->submitter);
	chain->submitter = get_task_struct(task);
	return !task_work_add(task, &chain->work, TWA_SIGNAL);
}

/* Have the task work added again later; not so late if it is to be cancelled. */
static void io_chain_come_back(struct io_chain *chain, unsigned long delay)
{
	guard(spinlock_irq)(&chain->ctx->spawn_lock);
	queue_delayed_work(system_unbound_wq, &chain->retry,
			   chain->cancelled ? 0 : delay);
}

/* Make the child. Returns whether the chain is somebody else's now. */
static bool io_chain_try_clone(struct io_chain *chain, int *error)
{
	int ret = io_chain_clone(chain);
	u64 delay;

	if (!ret)
		return true;

	/*
	 * Fork wants a stop signal, or a debugger's trap, to be taken first.
	 * That happens on the way to user mode, after the task work: come back
	 * then. Adding the work again now would only have it run now.
	 */
	if (ret == -ERESTARTNOINTR) {
		*error = -ECANCELED;
		if (fatal_signal_pending(current))
			return false;
		delay = chain->retry_delay;
		chain->retry_delay = min(2 * delay, HZ / 4UL);
		io_chain_come_back(chain, delay);
		return true;
	}
	if (chain->policy) {
		ret = io_chain_decide_clone(chain, ret, &delay);
		if (!ret) {
			io_chain_come_back(chain, nsecs_to_jiffies(delay) + !!delay);
			return true;
		}
	}
	*error = ret;
	return false;
}

static void io_chain_clone_work(struct callback_head *work)
{
	struct io_chain *chain = container_of(work, struct io_chain, work);
	int error = -ECANCELED;

	/* that may still fail, and cancels the chain if it does not */
	if (unlikely(current->in_execve)) {
		io_chain_come_back(chain, 1);
		return;
	}
	/* it could, when this was queued */
	if (unlikely(!io_may_clone(chain, current))) {
		/* another thread of the process may do as well */
		if ((chain->ctx->flags & IORING_SETUP_SQPOLL) &&
		    io_chain_queue_clone(chain))
			return;
		error = chain->error ?: error;
	} else if (!READ_ONCE(chain->cancelled) &&
		   io_chain_try_clone(chain, &error)) {
		return;
	}
	io_chain_abandon(chain, error);
}

static void io_chain_retry_clone(struct work_struct *work)
{
	struct io_chain *chain = container_of(work, struct io_chain, retry.work);

	if (!io_chain_queue_clone(chain))
		io_chain_abandon(chain, chain->error ?: -ECANCELED);
}

static int io_chain_get_policy(struct io_chain *chain, struct io_clone *clone)
{
	chain->policy = io_policy_get(chain->ctx, clone->slot);
	if (!chain->policy)
		return clone->flags & IORING_CLONE_NEED_POLICY ? -ENOLINK : 0;

	chain->run = kzalloc(sizeof(*chain->run), GFP_KERNEL_ACCOUNT);
	return chain->run ? 0 : -ENOMEM;
}

static struct io_chain *io_chain_alloc(struct io_kiocb *req)
{
	struct io_clone *clone = io_kiocb_to_cmd(req, struct io_clone);
	struct io_chain *chain;
	int ret;

	chain = kzalloc(sizeof(*chain), GFP_KERNEL_ACCOUNT);
	if (!chain)
		return ERR_PTR(-ENOMEM);
	chain->ctx = req->ctx;
	chain->clone = req;
	chain->task = req->task;
	chain->user_data = req->cqe.user_data;
	chain->cookie = clone->cookie;
	chain->id = atomic64_inc_return(&io_chain_ids);
	chain->start = ktime_get();
	INIT_DELAYED_WORK(&chain->retry, io_chain_retry_clone);
	chain->retry_delay = 1;

	ret = io_chain_get_policy(chain, clone);
	if (ret) {
		io_chain_free(chain);
		return ERR_PTR(ret);
	}
	return chain;
}

/* From here on the requests are the chain's, and so is their completion. */
static void io_chain_adopt(struct io_chain *chain, struct io_kiocb *req)
{
	struct io_kiocb *cur = req->link;

	chain->steps = cur;
	req->link = NULL;
	req->flags &= ~(REQ_F_LINK | REQ_F_HARDLINK);

	if (cur->opcode == IORING_OP_LINK_TIMEOUT) {
		chain->ltimeout = cur;
		chain->steps = cur->link;
		cur->link = NULL;
		cur->flags &= ~(REQ_F_LINK | REQ_F_HARDLINK);
	}
	for (cur = chain->steps; cur; cur = cur->link) {
		cur->flags |= REQ_F_CHILD;
		cur->chain = chain;
		chain->nr_steps++;
	}
}

int io_clone(struct io_kiocb *req, unsigned int issue_flags)
{
	struct io_ring_ctx *ctx = req->ctx;
	struct io_chain *chain;
	int ret;

	lockdep_assert_held(&ctx->uring_lock);

	/* nobody would cancel it any more */
	if (percpu_ref_is_dying(&ctx->refs))
		return -ECANCELED;
	ret = io_clone_check_links(req);
	if (ret)
		return ret;
	chain = io_chain_alloc(req);
	if (IS_ERR(chain))
		return PTR_ERR(chain);
	io_chain_adopt(chain, req);

	spin_lock_irq(&ctx->spawn_lock);
	list_add_tail(&chain->node, &ctx->spawn_list);
	spin_unlock_irq(&ctx->spawn_lock);
	if (chain->ltimeout)
		io_chain_arm_deadline(chain);

	/* giving up needs the lock that is held here: leave it to the worker */
	if (!io_chain_queue_clone(chain))
		io_chain_come_back(chain, 0);
	return IOU_ISSUE_SKIP_COMPLETE;
}

void io_spawn_ring_init(struct io_ring_ctx *ctx)
{
	spin_lock_init(&ctx->spawn_lock);
	INIT_LIST_HEAD(&ctx->spawn_list);
}

static bool io_cancel_match(struct io_cancel_data *cd, u8 opcode, u64 user_data)
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

static bool io_chain_match(struct io_chain *chain, struct io_cancel_data *cd)
{
	struct io_kiocb *req;

	if (io_cancel_match(cd, IORING_OP_CLONE, chain->user_data))
		return true;
	for (req = chain->steps; req; req = req->link)
		if (io_cancel_match(cd, req->opcode, req->cqe.user_data))
			return true;
	return false;
}

/*
 * For IORING_OP_ASYNC_CANCEL. A chain that has been cancelled already is not
 * found again, so that looking for all of them comes to an end.
 */
int io_spawn_cancel(struct io_ring_ctx *ctx, struct io_cancel_data *cd)
{
	struct io_chain *chain;
	int ret = -ENOENT;

	if (cd->flags & IORING_ASYNC_CANCEL_FD)
		return ret;

	spin_lock_irq(&ctx->spawn_lock);
	list_for_each_entry(chain, &ctx->spawn_list, node) {
		if (chain->cancelled || !io_chain_match(chain, cd))
			continue;
		io_chain_kill(chain);
		ret = 0;
		break;
	}
	spin_unlock_irq(&ctx->spawn_lock);
	return ret;
}

/* For exec of the submitter, and for the end of the ring. */
bool io_spawn_cancel_all(struct io_ring_ctx *ctx, struct task_struct *task)
{
	struct io_chain *chain;
	bool found = false;

	spin_lock_irq(&ctx->spawn_lock);
	list_for_each_entry(chain, &ctx->spawn_list, node) {
		if (chain->cancelled || (task && chain->task != task))
			continue;
		io_chain_kill(chain);
		found = true;
	}
	spin_unlock_irq(&ctx->spawn_lock);
	return found;
}

/* Of this task, or of any: whether there is one that is not at its end. */
bool io_spawn_has_chains(struct io_ring_ctx *ctx, struct task_struct *task)
{
	struct io_chain *chain;

	guard(spinlock_irq)(&ctx->spawn_lock);
	list_for_each_entry(chain, &ctx->spawn_list, node) {
		if (!task || chain->task == task)
			return true;
	}
	return false;
}

/*
 * For exit of the submitter, who does not wait: a child that is killed ends when
 * the processor, or a file system, lets it, and both can be somebody else's.
 */
void io_spawn_cancel_task(struct io_uring_task *tctx)
{
	struct io_tctx_node *node;
	unsigned long index;

	xa_for_each(&tctx->xa, index, node)
		io_spawn_cancel_all(node->ctx, current);
}

/* Before the context of an SQ thread is freed. */
void io_spawn_sync(struct io_sq_data *sqd)
{
	struct io_ring_ctx *ctx;

	if (!sqd)
		return;
	/*
	 * Children complete requests of the SQ thread, under uring_lock. They
	 * have counted the last one down before they are done with its context.
	 */
	list_for_each_entry(ctx, &sqd->ctx_list, sqd_list) {
		mutex_lock(&ctx->uring_lock);
		mutex_unlock(&ctx->uring_lock);
	}
}

static void io_spawn_query_ops(struct io_uring_spawn_query *query)
{
	unsigned int op;

	BUILD_BUG_ON(IORING_OP_LAST > 64 * ARRAY_SIZE(query->child_ops));
	for (op = 0; op < IORING_OP_LAST; op++) {
		if (!io_uring_op_in_child(op))
			continue;
		query->child_ops[op / 64] |= BIT_ULL(op % 64);
		if (io_issue_defs[op].child_retry)
			query->retry_ops[op / 64] |= BIT_ULL(op % 64);
	}
}

int io_spawn_query(struct io_ring_ctx *ctx, void __user *arg)
{
	struct io_uring_spawn_query query = {
		.abi		= IORING_SPAWN_ABI,
		.nr_slots	= IORING_SPAWN_SLOTS,
		.exec_flags	= IO_EXEC_FLAGS,
		.clone_flags	= IO_CLONE_FLAGS,
		.child_cmds	= BIT_ULL(IORING_CHILD_LAST) - 1,
		.def_issues	= IO_POLICY_DEF_ISSUES,
		.def_staged	= IO_POLICY_MAX_STAGED,
		.def_delay_ns	= IO_POLICY_DEF_DELAY,
		.max_issues	= IO_POLICY_MAX_ISSUES,
		.max_staged	= IO_POLICY_MAX_STAGED,
		.max_delay_ns	= IO_POLICY_MAX_DELAY,
		.ring_id	= io_policy_ring_id(ctx),
		.sqe_clone_flags = IO_CLONE_SQE_FLAGS,
	};

	if (IS_ENABLED(CONFIG_IO_URING_BPF)) {
		query.features |= IORING_SPAWN_FEAT_POLICY;
		query.policy_events = IO_POLICY_EVENTS;
	}
	io_spawn_query_ops(&query);
	return copy_to_user(arg, &query, sizeof(query)) ? -EFAULT : 0;
}
