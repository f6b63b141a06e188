// SPDX-License-Identifier: GPL-2.0
/*
 * Preparing IORING_OP_SPAWN: a plan is made of what user memory says (plan.h). All of
 * it is read and checked here, before anything is started.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "child.h"
#include "exec.h"
#include "name.h"
#include "plan.h"
#include "report.h"
#include "search.h"
#include "search_dirs.h"

/* What the first kernel that has it knows. */
#define IO_SPAWN_SIZE_VER0	offsetofend(struct io_uring_spawn, report)
#define IO_SPAWN_STEP_FLAGS	(IORING_SPAWN_STEP_FIXED | IORING_SPAWN_STEP_MAY_FAIL)

/* CLONE's flags and SPAWN's are checked by the same functions: see clone.h. */
#define IO_SAME_FLAG(name) \
	static_assert(!((u32)IORING_SPAWN_##name ^ IORING_CLONE_##name))

IO_SAME_FLAG(FILES);
IO_SAME_FLAG(KEEP);
IO_SAME_FLAG(CHILD);
IO_SAME_FLAG(COPY);

/* What is zeroed of it: the rest is filled in where it is needed. */
#define IO_PLAN_HEAD		offsetof(struct io_plan, chain)

/* --- the steps ------------------------------------------------------------------ */

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
	if (step.flags & ~IO_SPAWN_STEP_FLAGS || step.resv)
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

static bool io_plan_searches(const struct io_uring_spawn *arg)
{
	return arg->search || arg->flags & IORING_SPAWN_REGISTERED;
}

static struct io_search *io_plan_make_search(struct io_plan *plan,
					     struct filename *path,
					     const struct io_uring_spawn *arg)
{
	struct io_search_dirs *dirs;

	if (!(arg->flags & IORING_SPAWN_REGISTERED))
		return io_search_import(path, arg->search);
	dirs = io_search_dirs_of(plan->exec.ctx, arg->search);
	return dirs ? io_search_in(path, dirs) : ERR_PTR(-ENXIO);
}

static struct io_search *io_plan_import_search(struct io_plan *plan,
					       struct filename *path,
					       const struct io_uring_spawn *arg)
{
	struct io_search *search;
	int ret;

	if (!io_plan_searches(arg) && !arg->shell)
		return NULL;
	search = io_plan_make_search(plan, path, arg);
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
	if (plan->nr_steps)
		plan->step.link = &plan->exec;
	return 0;
}

static int io_plan_import_args(struct io_plan *plan, const struct io_uring_spawn *arg)
{
	struct io_clone_args *args = &plan->args;

	plan->has_args = arg->clone_args ||
			 arg->flags & (IORING_CLONE_FILES | IO_CLONE_KEPT);
	if (!plan->has_args)
		return 0;
	args->files = arg->files;
	args->addr = arg->clone_args;
	args->len = arg->clone_args_size;
	args->child = arg->child;
	args->keep_ns = arg->keep_ns;
	return io_clone_import(args, arg->flags);
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

/* There is a child afterwards, or there was one before. */
static bool io_plan_ends_with_steps(const struct io_uring_spawn *arg)
{
	return !arg->path && arg->flags & (IORING_SPAWN_KEEP | IORING_SPAWN_CHILD);
}

static int io_plan_import(struct io_plan *plan, const struct io_uring_spawn *arg)
{
	int ret;

	ret = io_plan_import_clone(plan, arg);
	if (ret)
		return ret;
	ret = io_plan_import_steps(plan, arg->steps);
	if (!ret && !io_plan_ends_with_steps(arg))
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

/* What it says of children that wait. */
static int io_spawn_op_check_kept(const struct io_uring_spawn *arg)
{
	if (arg->resv)
		return -EINVAL;
	if (io_plan_ends_with_steps(arg) &&
	    (io_plan_searches(arg) || arg->shell || arg->argv || arg->envp ||
	     arg->dfd || arg->exec_flags))
		return -EINVAL;
	/* only a child that exists can still be of use if a program fails */
	if (arg->flags & IORING_SPAWN_KEEP && arg->path &&
	    !(arg->flags & IORING_SPAWN_CHILD))
		return -EINVAL;
	return io_clone_check_kept(arg->flags, arg->clone_args, arg->child,
				   arg->keep_ns);
}

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
	if ((io_plan_searches(arg) || arg->shell) &&
	    (arg->exec_flags || arg->dfd != AT_FDCWD))
		return -EINVAL;
	if (arg->flags & IORING_SPAWN_REGISTERED &&
	    arg->search >= IORING_SPAWN_SEARCHES)
		return -EINVAL;
	if (arg->timeout_ns > KTIME_MAX)
		return -EINVAL;
	if (arg->nr_steps > IO_CHAIN_MAX_STEPS)
		return -E2BIG;
	return io_spawn_op_check_kept(arg);
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
	plan->nr_steps = nr_steps;
	memset(plan->steps, 0, nr_steps * sizeof(plan->steps[0]));
	plan->size = nr_steps * sizeof(struct io_uring_spawn_step);
	io_plan_init_req(&plan->exec, req, &plan->chain, IORING_OP_EXEC);
	if (nr_steps)
		io_plan_init_req(&plan->step, req, &plan->chain, IORING_OP_CHILD);
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
