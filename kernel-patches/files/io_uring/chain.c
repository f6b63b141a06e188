// SPDX-License-Identifier: GPL-2.0
/*
 * The child's side of a chain: run the steps one after the other, complete
 * each, and end as a program or not at all.
 *
 * The child never returns to user mode before it is a program. It takes no
 * signal but SIGKILL and SIGSTOP, which makes it possible to stop it for a
 * debugger or a frozen cgroup between two steps, and to kill it at any time.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/io_uring.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "opdef.h"
#include "rsrc.h"
#include "timeout.h"
#include "chain.h"
#include "child.h"
#include "decide.h"
#include "exec.h"
#include "spawn.h"

#include <trace/events/io_uring_spawn.h>

void io_chain_free(struct io_chain *chain)
{
	if (chain->submitter)
		put_task_struct(chain->submitter);
	if (chain->policy)
		io_policy_put(chain->policy);
	kfree(chain->run);
	kfree(chain->tried);
	kfree(chain);
}

/*
 * A request leaves the chain. Nothing stays open in the child because of who
 * frees the request, and when.
 */
void io_chain_release(struct io_kiocb *req)
{
	req->flags &= ~(REQ_F_CHILD | REQ_F_LINK | REQ_F_HARDLINK);
	req->link = NULL;
	if (req->file && !(req->flags & REQ_F_FIXED_FILE)) {
		fput(req->file);
		req->file = NULL;
	}
}

/*
 * Where the ring has a task of its own for CQEs, leave them to that, and what
 * may hold the last of a registered file or buffer, whose tag makes a CQE. The
 * rest is done with here: no need to disturb the submitter.
 */
void io_chain_complete(struct io_kiocb *req, bool silent)
{
	struct io_ring_ctx *ctx = req->ctx;

	io_chain_release(req);
	req->flags &= ~REQ_F_CQE_SKIP;
	if (silent)
		req->flags |= REQ_F_CQE_SKIP;
	else if (req->cqe.res < 0)
		req_set_fail(req);

	if (ctx->task_complete && (!silent || req->rsrc_node)) {
		req->io_task_work.func = io_req_task_complete;
		__io_req_task_work_add(req, IOU_F_TWQ_LAZY_WAKE);
		return;
	}

	/* with the last request, whatever keeps ctx may go */
	percpu_ref_get(&ctx->refs);
	mutex_lock(&ctx->uring_lock);
	io_req_complete_defer(req);
	__io_submit_flush_completions(ctx);
	mutex_unlock(&ctx->uring_lock);
	percpu_ref_put(&ctx->refs);
}

void io_chain_leave(struct io_chain *chain)
{
	struct io_ring_ctx *ctx = chain->ctx;

	spin_lock_irq(&ctx->spawn_lock);
	list_del_init(&chain->node);
	spin_unlock_irq(&ctx->spawn_lock);

	if (chain->ltimeout) {
		struct io_timeout_data *data = chain->ltimeout->async_data;

		hrtimer_cancel(&data->timer);
	}
}

void io_chain_cancel_steps(struct io_chain *chain)
{
	struct io_kiocb *req;

	while ((req = chain->steps)) {
		chain->steps = req->link;
		io_req_set_res(req, req == chain->exec ? 0 : -ECANCELED, 0);
		io_chain_complete(req, req->flags & REQ_F_CQE_SKIP);
	}

	req = chain->ltimeout;
	if (req) {
		io_req_set_res(req, chain->timed_out ? -ETIME : -ECANCELED, 0);
		io_chain_complete(req, false);
	}
}

bool io_chain_alive(struct io_chain *chain)
{
	struct ksignal ksig = {};

	/* a step may have put the last reference to a file, among others */
	if (task_work_pending(current))
		task_work_run();
	/* for what is left here, get_signal() takes the stops, not the ends */
	if (signal_pending(current)) {
		get_signal(&ksig);
		chain->dead = current->flags & PF_SIGNALED;
	}
	return !chain->dead && !READ_ONCE(chain->cancelled);
}

/* For a request that failed before its handler had anything to say. */
static void io_chain_fail(struct io_kiocb *req, int error)
{
	const struct io_cold_def *def = &io_cold_defs[req->opcode];

	req_set_fail(req);
	io_req_set_res(req, error, 0);
	if (def->fail)
		def->fail(req);
}

static void io_chain_trace(struct io_chain *chain, struct io_kiocb *req,
			   bool staged)
{
	const char *name = "";
	u32 cmd = 0;

	if (!trace_io_uring_spawn_step_enabled())
		return;
	if (req->opcode == IORING_OP_EXEC)
		name = io_exec_path(req);
	else if (req->opcode == IORING_OP_CHILD)
		cmd = io_child_cmd(req);
	trace_io_uring_spawn_step(chain, req, cmd, staged, name);
}

/* Issue a request, and have its result in req->cqe.res. */
static void io_chain_issue_once(struct io_kiocb *req)
{
	int ret;

	req->flags &= ~REQ_F_FAIL;
	ret = __io_issue_sqe(req, IO_URING_F_UNLOCKED | IO_URING_F_IOWQ |
				  IO_URING_F_CHILD);
	if (WARN_ON_ONCE(ret == IOU_ISSUE_SKIP_COMPLETE))
		ret = -EIO;
	if (ret != IOU_OK)
		io_chain_fail(req, ret <= -ERESTARTSYS ? -EINTR : ret);
}

/*
 * A stop, a debugger or the freezer came in between. No handler runs in the
 * child, so that the interruption means nothing to the program.
 */
static bool io_chain_restart(struct io_chain *chain, struct io_kiocb *req)
{
	const struct io_cold_def *def = &io_cold_defs[req->opcode];

	if (req->cqe.res != -EINTR || chain->committed)
		return false;
	if (!def->restart && !io_issue_defs[req->opcode].child_retry)
		return false;
	/* it may also be what a file system says, signal or not */
	if (!signal_pending(current) || !io_chain_alive(chain))
		return false;
	if (def->restart)
		def->restart(req);
	return true;
}

bool io_chain_issue(struct io_chain *chain, struct io_kiocb *req, bool staged)
{
	io_req_flags_t skip = req->flags & REQ_F_CQE_SKIP;

	chain->attempt++;
	do {
		io_chain_issue_once(req);
	} while (io_chain_restart(chain, req));

	/* some handlers leave it at the result */
	if (req->cqe.res < 0)
		req_set_fail(req);
	/* what is posted for a failure is decided when it is final */
	req->flags |= skip;
	io_chain_trace(chain, req, staged);
	return req->flags & REQ_F_FAIL;
}

/* The program may be in the next directory: see execvp(3). */
static bool io_search_goes_on(s32 error)
{
	switch (error) {
	case -EACCES:
	case -ENODEV:
	case -ENOENT:
	case -ENOTDIR:
	case -ESTALE:
	case -ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

bool io_step_forgives(struct io_kiocb *req)
{
	if (req->opcode == IORING_OP_EXEC && io_exec_searches(req))
		return io_search_goes_on(req->cqe.res);
	return req->flags & REQ_F_HARDLINK;
}

static enum io_step_end io_chain_step(struct io_chain *chain,
				      struct io_kiocb *req)
{
	bool failed;

	if (chain->policy)
		return io_chain_decide(chain, req);

	failed = io_chain_issue(chain, req, false);
	if (failed && !io_step_forgives(req))
		return IO_STEP_LAST;
	return IO_STEP_NEXT;
}

/* IOSQE_CQE_SKIP_SUCCESS is for success, and for what never ran. */
static bool io_step_silent(struct io_kiocb *req)
{
	return (req->flags & REQ_F_CQE_SKIP) && !(req->flags & REQ_F_FAIL);
}

/* Others look at the steps to find what to cancel. */
static struct io_kiocb *io_chain_pop(struct io_chain *chain)
{
	struct io_ring_ctx *ctx = chain->ctx;
	struct io_kiocb *req;

	spin_lock_irq(&ctx->spawn_lock);
	req = chain->steps;
	chain->steps = req->link;
	spin_unlock_irq(&ctx->spawn_lock);
	return req;
}

/*
 * Run steps until one is the last, and return that one. It is still in the
 * list and has its result, but is not completed.
 */
static struct io_kiocb *io_chain_run(struct io_chain *chain)
{
	struct io_kiocb *req;
	enum io_step_end end;

	for (;;) {
		req = chain->steps;
		chain->attempt = 0;
		if (!io_chain_alive(chain)) {
			io_req_set_res(req, -ECANCELED, 0);
			return req;
		}
		end = io_chain_step(chain, req);
		if (end == IO_STEP_LAST || chain->execed || chain->committed ||
		    !req->link)
			return req;
		/* no failure to be forgiven, if it has been made to fail */
		if (req->cqe.res < 0 && !io_chain_alive(chain))
			return req;
		io_chain_complete(io_chain_pop(chain), io_step_silent(req));
		chain->step++;
	}
}

/* The steps' own: their results have told already. */
static void io_chain_drop_signals(void)
{
	sigset_t keep;
	kernel_siginfo_t info;
	enum pid_type type;

	sigfillset(&keep);
	sigdelset(&keep, SIGPIPE);
	sigdelset(&keep, SIGXFSZ);
	spin_lock_irq(&current->sighand->siglock);
	while (dequeue_signal(&keep, &info, &type))
		;
	spin_unlock_irq(&current->sighand->siglock);
}

/*
 * From here on, nobody can cancel the program. Whoever did it before wins:
 * the signal that kills it is on its way.
 */
static bool io_chain_is_program(struct io_chain *chain)
{
	struct io_ring_ctx *ctx = chain->ctx;
	bool execed;

	spin_lock_irq(&ctx->spawn_lock);
	execed = chain->execed && !chain->cancelled;
	list_del_init(&chain->node);
	spin_unlock_irq(&ctx->spawn_lock);

	if (execed) {
		io_chain_drop_signals();
		current->flags &= ~PF_USER_WORKER;
		set_current_blocked(&chain->blocked);
	}
	return execed;
}

static bool io_chain_end(struct io_chain *chain, struct io_kiocb *req)
{
	bool execed = io_chain_is_program(chain);
	s32 res = req->cqe.res;

	io_chain_leave(chain);
	if (!execed && (res < 0 || chain->execed) &&
	    (chain->cancelled || chain->dead)) {
		res = -ECANCELED;
		/* not even with IOSQE_CQE_SKIP_SUCCESS, once it was issued */
		if (chain->attempt)
			req->flags |= REQ_F_FAIL;
	}
	if (!execed)
		chain->exec = NULL;
	trace_io_uring_spawn_end(chain, execed ? 0 : res < 0 ? res : -ECANCELED);

	chain->steps = req->link;
	io_req_set_res(req, res, req->cqe.flags);
	io_chain_complete(req, io_step_silent(req));
	io_chain_cancel_steps(chain);
	io_chain_free(chain);
	return execed;
}

/*
 * The program is not to have them, and no step can use them. Until then they
 * would keep a ring alive that the parent has closed, and with it the child.
 */
static void io_chain_drop_rings(void)
{
	/* nobody else uses this table */
	struct files_struct *files = current->files;
	struct fdtable *fdt = rcu_dereference_raw(files->fdt);
	unsigned int fd;

	for_each_set_bit(fd, fdt->close_on_exec, fdt->max_fds) {
		/* the bits of closed descriptors mean nothing */
		struct file *file = files_lookup_fd_raw(files, fd);

		if (file && io_is_uring_fops(file))
			close_fd(fd);
	}
}

int io_chain_main(void *data)
{
	struct io_chain *chain = data;

	io_chain_drop_rings();
	/* for debuggers, who expect a child of vfork in the parent's call */
	instruction_pointer_set(current_pt_regs(), chain->ip);
	user_stack_pointer_set(current_pt_regs(), chain->sp);

	if (io_chain_end(chain, io_chain_run(chain)))
		return 0;

	/* no signal, no zombie: see do_notify_parent() */
	do_group_exit(SIGKILL);
}
