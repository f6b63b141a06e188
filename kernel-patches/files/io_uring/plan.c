// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_OP_SPAWN: importing a plan, and running a chain from it: see plan.h.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/io_uring.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "rsrc.h"
#include "chain.h"
#include "child.h"
#include "child_cmd.h"
#include "clone.h"
#include "complete.h"
#include "exec.h"
#include "name.h"
#include "plan.h"
#include "queue.h"
#include "report.h"
#include "search.h"

/* What the first kernel that has it knows. */
#define IO_SPAWN_SIZE_VER0	offsetofend(struct io_uring_spawn, report)
#define IO_SPAWN_STEP_FLAGS	(IORING_SPAWN_STEP_FIXED | IORING_SPAWN_STEP_MAY_FAIL)

struct io_plan_step {
	struct io_child		child;
	u64			user_data;
	u32			flags;		/* IORING_SPAWN_STEP_* */
};

struct io_plan {
	struct io_clone		clone;
	u64			timeout_ns;	/* 0: none */
	size_t			size;		/* of all that was imported */
	u8			sqe_flags;	/* IOSQE_*, of the SPAWN */
	bool			has_args;
	bool			has_exec;
	unsigned int		at;		/* the next step */
	unsigned int		nr_steps;

	struct io_chain		chain;		/* once it has been issued */
	/* what stands for the step at hand, linked to what stands for the EXEC */
	struct io_kiocb		exec;
	struct io_kiocb		step;		/* if there are steps */

	struct hrtimer		deadline;	/* if it has one */
	struct io_clone_args	args;		/* if it has any */
	struct io_plan_step	steps[] __counted_by(nr_steps);
};

/* As many as the CQE's flags have room for. */
#define IO_PLAN_MAX_ATTEMPTS	(U32_MAX >> IORING_SPAWN_STEP_SHIFT)

/* What is zeroed of it: the rest is filled in where it is needed. */
#define IO_PLAN_HEAD		offsetof(struct io_plan, chain)

/* The request, until it is a chain. */
struct io_spawn_op {
	struct file		*file;
	struct io_plan		*plan;
};

/* --- importing ---------------------------------------------------------------- */

static int io_plan_charge(struct io_plan *plan, size_t size)
{
	plan->size += size;
	return plan->size > IO_PLAN_MAX_SIZE ? -E2BIG : 0;
}

/* A step passes the ring's restrictions as a request of its own would. */
static bool io_plan_allowed(struct io_plan *plan, struct io_kiocb *req, u32 step_flags)
{
	unsigned int flags = plan->sqe_flags;

	if (likely(!req->ctx->restricted))
		return true;
	if (step_flags & IORING_SPAWN_STEP_FIXED)
		flags |= IOSQE_FIXED_FILE;
	if (step_flags & IORING_SPAWN_STEP_MAY_FAIL)
		flags |= IOSQE_IO_HARDLINK;
	return io_check_restriction(req->ctx, req, flags);
}

static int io_plan_import_step(struct io_plan *plan, unsigned int nr,
			       const struct io_uring_spawn_step __user *from)
{
	struct io_plan_step *to = &plan->steps[nr];
	struct io_uring_spawn_step step;
	int ret;

	if (copy_from_user(&step, from, sizeof(step)))
		return -EFAULT;
	if (step.flags & ~IO_SPAWN_STEP_FLAGS)
		return -EINVAL;
	if (!io_plan_allowed(plan, &plan->step, step.flags))
		return -EACCES;
	to->user_data = step.user_data;
	to->flags = step.flags;
	ret = io_child_prep_step(&to->child, &step);
	if (ret || !to->child.path)
		return ret;
	return io_plan_charge(plan, strlen(to->child.path->name) + 1);
}

static int io_plan_import_steps(struct io_plan *plan, u64 addr)
{
	const struct io_uring_spawn_step __user *from = u64_to_user_ptr(addr);
	int ret;

	for (; plan->at < plan->nr_steps; plan->at++) {
		ret = io_plan_import_step(plan, plan->at, &from[plan->at]);
		if (ret)
			return ret;
	}
	return 0;
}

static int io_plan_import_shell(struct io_plan *plan, struct io_search *search,
				u64 addr)
{
	struct filename *shell = io_name_import(addr);

	if (IS_ERR(shell))
		return PTR_ERR(shell);
	search->shell = shell;
	return io_plan_charge(plan, strlen(shell->name) + 1);
}

static struct io_search *io_plan_import_search(struct io_plan *plan,
					       struct filename *path,
					       const struct io_uring_spawn *arg)
{
	struct io_search *search;
	int ret;

	if (!arg->search && !arg->shell)
		return NULL;
	search = io_search_import(path, arg->search);
	if (IS_ERR(search))
		return search;
	ret = io_plan_charge(plan, search->list_size);
	if (!ret && arg->shell)
		ret = io_plan_import_shell(plan, search, arg->shell);
	if (ret) {
		io_search_free(search);
		return ERR_PTR(ret);
	}
	return search;
}

/* One of the two requests that stand for steps. */
static void io_plan_init_req(struct io_kiocb *req, const struct io_kiocb *spawn,
			     struct io_chain *chain, u8 opcode)
{
	*req = (struct io_kiocb){
		.opcode		= opcode,
		.flags		= REQ_F_CHILD,
		.ctx		= spawn->ctx,
		.task		= spawn->task,
		.chain		= chain,
		.cqe.user_data	= spawn->cqe.user_data,
	};
}

static int io_plan_import_exec(struct io_plan *plan, const struct io_uring_spawn *arg)
{
	const struct io_exec_args args = {
		.argv	= arg->argv,
		.envp	= arg->envp,
		.dfd	= arg->dfd,
		.flags	= arg->exec_flags,
		.as_is	= arg->flags & IORING_SPAWN_AS_IS,
	};
	struct io_search *search;
	struct filename *path;
	int ret;

	if (!io_plan_allowed(plan, &plan->exec, 0))
		return -EACCES;
	path = io_name_import(arg->path);
	if (IS_ERR(path))
		return PTR_ERR(path);
	search = io_plan_import_search(plan, path, arg);
	ret = PTR_ERR_OR_ZERO(search);
	if (!ret)
		ret = io_plan_charge(plan, strlen(path->name) + 1);
	if (ret) {
		if (!IS_ERR(search))
			io_search_free(search);
		io_name_put(path);
		return ret;
	}
	io_exec_init(&plan->exec, &args, path, search);
	plan->has_exec = true;
	return 0;
}

static int io_plan_import_args(struct io_plan *plan, const struct io_uring_spawn *arg)
{
	plan->has_args = arg->clone_args || arg->flags & IORING_SPAWN_FILES;
	if (!plan->has_args)
		return 0;
	plan->args.lists_files = arg->flags & IORING_SPAWN_FILES;
	plan->args.files = arg->files;
	plan->args.addr = arg->clone_args;
	plan->args.len = arg->clone_args_size;
	return io_clone_import(&plan->args);
}

static int io_plan_import_clone(struct io_plan *plan, const struct io_uring_spawn *arg)
{
	struct io_report report = {};
	int ret;

	if (arg->report) {
		ret = io_report_prep(&report, arg->report);
		if (ret)
			return ret;
	}
	plan->clone.cookie = arg->cookie;
	plan->clone.report = report.to;
	plan->clone.report_size = report.size;
	plan->clone.slot = arg->slot;
	if (arg->flags & IORING_SPAWN_NEED_POLICY)
		plan->clone.flags |= IORING_CLONE_NEED_POLICY;
	plan->timeout_ns = arg->timeout_ns;
	return io_plan_import_args(plan, arg);
}

static int io_plan_import(struct io_plan *plan, const struct io_uring_spawn *arg)
{
	int ret;

	ret = io_plan_import_clone(plan, arg);
	if (ret)
		return ret;
	ret = io_plan_import_steps(plan, arg->steps);
	if (!ret)
		ret = io_plan_import_exec(plan, arg);
	if (ret) {
		const struct io_report report = {
			.to	= plan->clone.report,
			.size	= plan->clone.report_size,
		};

		io_report_refused(&report, plan->at, ret);
	}
	return ret;
}

/* --- preparing the request -------------------------------------------------------- */

/* All but what user memory holds. */
static int io_spawn_op_check(const struct io_uring_spawn *arg)
{
	if (arg->flags & ~IO_SPAWN_FLAGS || arg->slot >= IORING_SPAWN_SLOTS)
		return -EINVAL;
	if (!(arg->flags & IORING_SPAWN_FILES) && arg->files)
		return -EINVAL;
	if (!arg->clone_args && arg->clone_args_size)
		return -EINVAL;
	if (arg->exec_flags & ~IO_EXEC_FLAGS)
		return -EINVAL;
	/* a name is looked for in directories, not in an open one, as a shell is not */
	if ((arg->search || arg->shell) &&
	    (arg->exec_flags || arg->dfd != AT_FDCWD))
		return -EINVAL;
	if (arg->timeout_ns > KTIME_MAX)
		return -EINVAL;
	if (arg->nr_steps > IO_CHAIN_MAX_STEPS)
		return -E2BIG;
	return 0;
}

static int io_spawn_op_read(const struct io_uring_sqe *sqe, struct io_uring_spawn *arg)
{
	u32 size = READ_ONCE(sqe->len);

	if (sqe->fd || sqe->off || sqe->addr3 || sqe->__pad2[0] || sqe->buf_index ||
	    sqe->file_index || sqe->rw_flags)
		return -EINVAL;
	if (size < IO_SPAWN_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(arg, sizeof(*arg),
				     u64_to_user_ptr(READ_ONCE(sqe->addr)), size);
}

static struct io_plan *io_plan_alloc(struct io_kiocb *req, unsigned int nr_steps)
{
	struct io_plan *plan;

	plan = kvmalloc(struct_size(plan, steps, nr_steps), GFP_KERNEL_ACCOUNT);
	if (!plan)
		return NULL;
	memset(plan, 0, IO_PLAN_HEAD);
	memset(plan->steps, 0, nr_steps * sizeof(plan->steps[0]));
	plan->size = nr_steps * sizeof(struct io_uring_spawn_step);
	plan->nr_steps = nr_steps;
	io_plan_init_req(&plan->exec, req, &plan->chain, IORING_OP_EXEC);
	if (nr_steps) {
		io_plan_init_req(&plan->step, req, &plan->chain, IORING_OP_CHILD);
		plan->step.link = &plan->exec;
	}
	io_clone_snapshot(req->ctx, &plan->clone.snapshot);
	return plan;
}

int io_spawn_op_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_spawn_op *op = io_kiocb_to_cmd(req, struct io_spawn_op);
	struct io_uring_spawn arg;
	struct io_plan *plan;
	int ret;

	if (READ_ONCE(sqe->personality) || req->flags & REQ_F_FIXED_FILE)
		return -EINVAL;
	ret = io_spawn_op_read(sqe, &arg);
	if (!ret)
		ret = io_spawn_op_check(&arg);
	if (ret)
		return ret;
	plan = io_plan_alloc(req, arg.nr_steps);
	if (!plan)
		return -ENOMEM;
	plan->sqe_flags = READ_ONCE(sqe->flags);
	ret = io_plan_import(plan, &arg);
	if (ret) {
		io_plan_free(plan);
		return ret;
	}
	op->plan = plan;
	req->flags |= REQ_F_NEED_CLEANUP;
	return 0;
}

void io_plan_free(struct io_plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->nr_steps; i++)
		io_name_put(plan->steps[i].child.path);
	if (plan->has_exec)
		io_exec_cleanup(&plan->exec);
	kvfree(plan);
}

void io_spawn_op_cleanup(struct io_kiocb *req)
{
	struct io_spawn_op *op = io_kiocb_to_cmd(req, struct io_spawn_op);

	io_plan_free(op->plan);
}

/* --- the steps ------------------------------------------------------------------ */

/* Make the request that stands for steps the next one. */
static struct io_kiocb *io_plan_load(struct io_plan *plan)
{
	const struct io_plan_step *step = &plan->steps[plan->at++];
	struct io_kiocb *req = &plan->step;

	req->flags = REQ_F_CHILD;
	if (step->flags & IORING_SPAWN_STEP_MAY_FAIL)
		req->flags |= REQ_F_HARDLINK;
	if (step->flags & IORING_SPAWN_STEP_FIXED)
		req->flags |= REQ_F_FIXED_FILE;
	*io_kiocb_to_cmd(req, struct io_child) = step->child;
	req->cqe.user_data = step->user_data;
	return req;
}

struct io_kiocb *io_plan_first(struct io_plan *plan)
{
	plan->at = 0;
	return plan->nr_steps ? io_plan_load(plan) : &plan->exec;
}

bool io_plan_is_last(const struct io_plan *plan)
{
	return plan->chain.step.req == &plan->exec;
}

struct io_kiocb *io_plan_next(struct io_plan *plan)
{
	return plan->at < plan->nr_steps ? io_plan_load(plan) : &plan->exec;
}

/* --- the deadline ----------------------------------------------------------------- */

static enum hrtimer_restart io_plan_deadline(struct hrtimer *timer)
{
	struct io_plan *plan = container_of(timer, struct io_plan, deadline);

	io_chain_expire(&plan->chain);
	return HRTIMER_NORESTART;
}

void io_plan_arm_deadline(struct io_plan *plan)
{
	if (!plan->timeout_ns)
		return;
	hrtimer_init(&plan->deadline, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	plan->deadline.function = io_plan_deadline;
	hrtimer_start(&plan->deadline, ns_to_ktime(plan->timeout_ns),
		      HRTIMER_MODE_REL);
}

void io_plan_stop_deadline(struct io_plan *plan)
{
	if (plan->timeout_ns)
		hrtimer_cancel(&plan->deadline);
}

/* --- issue ------------------------------------------------------------------------ */

/*
 * The child does not take the ring's lock for registered files. One that is not there
 * is the step's error, when it comes to it.
 */
static void io_plan_get_files(struct io_plan *plan, struct io_kiocb *req)
{
	struct io_plan_step *step;
	unsigned int i;

	for (i = 0; i < plan->nr_steps; i++) {
		step = &plan->steps[i];
		if (step->flags & IORING_SPAWN_STEP_FIXED)
			step->child.file = io_file_get_fixed(req, step->child.fd, 0);
	}
}

/* The plan is not the request's any more, whatever comes of it. */
static struct io_plan *io_spawn_op_detach(struct io_kiocb *req)
{
	req->flags &= ~REQ_F_NEED_CLEANUP;
	return io_kiocb_to_cmd(req, struct io_spawn_op)->plan;
}

static int io_spawn_op_take(struct io_kiocb *req)
{
	struct io_spawn_queue *queue;
	struct io_chain *chain;
	struct io_plan *plan;
	int ret;

	queue = io_chain_get_queue(req->ctx);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	plan = io_spawn_op_detach(req);
	chain = &plan->chain;
	ret = io_chain_init(chain, req, &plan->clone,
			    plan->has_args ? &plan->args : NULL);
	chain->plan = plan;
	chain->nr_steps = plan->nr_steps + 1;
	if (ret) {
		io_chain_free(chain);
		return ret;
	}
	io_plan_get_files(plan, req);
	io_chain_enqueue(chain, queue);
	return 0;
}

int io_spawn_op(struct io_kiocb *req, unsigned int issue_flags)
{
	int ret;

	lockdep_assert_held(&req->ctx->uring_lock);

	ret = io_spawn_op_take(req);
	if (!ret)
		return IOU_ISSUE_SKIP_COMPLETE;
	/* an -EAGAIN returned from here would send the request to io-wq */
	req_set_fail(req);
	io_req_set_res(req, ret, 0);
	return IOU_OK;
}

/* --- completing ---------------------------------------------------------------------- */

/* Others wait for its end: see to them where the ring's requests are completed. */
#define IO_SPAWN_WITH_OTHERS	(REQ_F_LINK | REQ_F_HARDLINK | REQ_F_REFCOUNT | \
				 REQ_F_ARM_LTIMEOUT | REQ_F_LINK_TIMEOUT)

/*
 * What the upper half of the CQE's flags says. io_uring itself completes a SPAWN that
 * is not issued, with no flags: 0 means that there was no child.
 */
static u32 io_plan_progress(const struct io_chain *chain, int error)
{
	if (!error)
		return min(chain->step.attempt, IO_PLAN_MAX_ATTEMPTS);
	return chain->pid ? chain->step.nr + 1 : 0;
}

void io_plan_complete(struct io_chain *chain, struct io_kiocb *req, int error)
{
	u32 flags = io_plan_progress(chain, error) << IORING_SPAWN_STEP_SHIFT;

	if (error)
		req_set_fail(req);
	io_req_set_res(req, error ? error : chain->pid, flags);
	if (req->flags & IO_SPAWN_WITH_OTHERS) {
		req->io_task_work.func = io_req_task_complete;
		io_req_task_work_add(req);
		return;
	}
	req->link = NULL;
	io_req_complete_list(req);
}
