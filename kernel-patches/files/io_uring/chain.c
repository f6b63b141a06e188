// SPDX-License-Identifier: GPL-2.0
/*
 * The child's side of a chain: run the steps one after the other, and end as a
 * program or not at all, or wait for the next chain. This is the way of one spawn:
 *
 *	io_clone()		takes the chain from the ring		clone.c
 *	  io_chain_enqueue()	queues it for the submitter		queue.c
 *	io_chain_start()	makes the child, off the ring's lock	start.c
 *	io_chain_main()		what the child runs; for each step:
 *	  io_step_run()
 *	    io_chain_issue()	without a policy: issues the request	exec.c, ...
 *	    io_chain_decide()	with one: issues and asks, in a loop	decide.c
 *	  io_chain_flush()	posts the CQEs of steps that are done	chain_end.c
 *	io_chain_end()		the last ones
 *
 * The child never returns to user mode before it is a program. It takes no
 * signal but SIGKILL and SIGSTOP, which makes it possible to stop it for a
 * debugger or a frozen cgroup between two steps, and to kill it at any time. It
 * takes the ring's lock in one case only: to look up a registered file or buffer
 * for a request that a policy staged (stage.c). It can be killed while it waits.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/ioprio.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/task_work.h>

#include <asm/pkru.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "opdef.h"
#include "call.h"
#include "chain.h"
#include "child.h"
#include "decide.h"
#include "exec.h"
#include "kept.h"
#include "plan.h"
#include "report.h"
#include "search.h"
#include "spawn_task.h"
#include "step.h"

/* --- signals ----------------------------------------------------------------------- */

noinline bool io_chain_take_signals(struct io_chain *chain)
{
	struct ksignal ksig = {};

	/* a step may have put the last reference to a file, among others */
	if (task_work_pending(current))
		task_work_run();
	/*
	 * get_signal() handles stops. For a fatal signal it sets PF_SIGNALED and
	 * returns, because of PF_SPAWN: the chain then ends the task itself.
	 */
	if (signal_pending(current)) {
		/* that can last: let others see what has been done so far */
		io_chain_flush(chain);
		get_signal(&ksig);
		if (current->flags & PF_SIGNALED)
			chain->child_state.dead = true;
	}
	return !chain->child_state.dead && !READ_ONCE(chain->cancelled);
}

/* --- one request -------------------------------------------------------------------- */

/* For a request that failed before its handler had anything to say. */
static void io_chain_fail(struct io_kiocb *req, int error)
{
	const struct io_cold_def *def = &io_cold_defs[req->opcode];

	req_set_fail(req);
	io_req_set_res(req, error, 0);
	if (def->fail)
		def->fail(req);
}

static void io_chain_issue_once(struct io_kiocb *req)
{
	int ret = -EBADF;

	req->flags &= ~REQ_F_FAIL;
	/* without a file here there was none when the chain was taken */
	if (likely(!(req->flags & REQ_F_FIXED_FILE) || req->file)) {
		/* as io-wq does: it may block, and the ring's lock is not held */
		ret = __io_issue_sqe(req, IO_URING_F_UNLOCKED | IO_URING_F_IOWQ |
					  IO_URING_F_CHILD);
	}
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
	if (req->cqe.res != -EINTR || chain->child_state.committed)
		return false;
	if (!io_op_can_restart(req->opcode))
		return false;
	/* it may also be what a file system says, signal or not */
	if (!signal_pending(current) || !io_chain_alive(chain))
		return false;
	io_op_restart(req);
	return true;
}

void io_chain_issue(struct io_chain *chain, struct io_kiocb *req, bool staged,
		    struct io_result *result)
{
	/* what steps up to here have done is known before one waits for others */
	if (io_op_may_wait(req) || unlikely(io_call_may_wait()))
		io_chain_flush(chain);

	chain->step.attempt++;
	if (req->opcode == IORING_OP_EXEC)
		io_exec_rewind(req);
	do {
		io_chain_issue_once(req);
	} while (io_chain_restart(chain, req));

	result->res = req->cqe.res;
	result->flags = req->cqe.flags;
	/* some handlers report an error in the result without REQ_F_FAIL */
	result->failed = req->flags & REQ_F_FAIL || result->res < 0;
	if (req->opcode == IORING_OP_EXEC)
		io_exec_tell(req, staged, result);
	else
		io_chain_tell(chain, req, staged, result->res, result->failed);
}

/* --- one step ------------------------------------------------------------------------ */

bool io_step_forgives(struct io_kiocb *req, s32 res)
{
	if (req->opcode == IORING_OP_EXEC && io_exec_searches(req))
		return io_search_goes_on(res);
	return req->flags & REQ_F_HARDLINK;
}

static void io_step_begin(struct io_chain *chain, struct io_kiocb *req)
{
	struct io_step *step = &chain->step;

	io_report_forget(chain);
	step->req = req;
	step->result = (struct io_result){};
	step->attempt = 0;
	step->search_offset = -1;
	step->own_issued = false;
	step->silent = req->flags & REQ_F_CQE_SKIP;
}

/* Returns whether the next step is to run. */
static bool io_step_run(struct io_chain *chain)
{
	struct io_step *step = &chain->step;

	if (chain->pol.list)
		return io_chain_decide(chain);
	io_chain_issue(chain, step->req, false, &step->result);
	return !step->result.failed || io_step_forgives(step->req, step->result.res);
}

struct io_kiocb *io_chain_first(struct io_chain *chain)
{
	return chain->plan ? io_plan_first(chain->plan) : chain->steps;
}

bool io_chain_has_next(const struct io_chain *chain)
{
	return chain->plan ? !io_plan_is_last(chain->plan) :
			     !!chain->step.req->link;
}

/* A SPAWN says what it is to come to: a policy that skips it leaves it undone. */
static bool io_chain_has_program(const struct io_chain *chain)
{
	return chain->plan && chain->plan->has_exec;
}

/* Of a plan, it takes the place of the step at hand. */
static struct io_kiocb *io_chain_next(struct io_chain *chain)
{
	return chain->plan ? io_plan_next(chain->plan) : chain->step.req->link;
}

/*
 * Run steps until one is the last: the one that is at hand then has its result,
 * but is not completed.
 */
static void io_chain_run(struct io_chain *chain)
{
	struct io_child_state *state = &chain->child_state;
	struct io_step *step = &chain->step;
	struct io_kiocb *req = io_chain_first(chain);

	if (unlikely(!req)) {
		state->finished = true;
		return;
	}
	for (;;) {
		io_step_begin(chain, req);
		if (!io_chain_alive(chain)) {
			io_step_cancel(step);
			return;
		}
		if (unlikely(io_chain_unguarded(chain))) {
			state->end = IORING_END_NO_POLICY;
			step->result.res = -ENOLINK;
			step->result.failed = true;
			return;
		}
		if (!io_step_run(chain) || state->execed || state->committed)
			return;
		if (!io_chain_has_next(chain)) {
			state->finished = !io_chain_has_program(chain) &&
					  (step->result.res >= 0 || io_chain_alive(chain));
			return;
		}
		/* a step that failed because the chain was cancelled is not forgiven */
		if (step->result.res < 0 && !io_chain_alive(chain))
			return;
		io_step_settle(step);
		req = io_chain_next(chain);
		step->nr++;
		/* so that io_chain_flush() completes the steps up to here */
		step->req = req;
	}
}

/* --- the beginning ----------------------------------------------------------------------- */

/* Be what the submitter was when it submitted the chain. */
static void io_chain_restore(const struct io_spawn_snapshot *snapshot)
{
	if (read_pkru() != snapshot->pkru)
		write_pkru(snapshot->pkru);
	current->personality = snapshot->personality;
	current->timer_slack_ns = snapshot->timer_slack;
	current->default_timer_slack_ns = snapshot->timer_slack;
	if (unlikely(snapshot->ioprio !=
		     (current->io_context ? current->io_context->ioprio : 0)))
		set_task_ioprio(current, snapshot->ioprio);
}

static void io_chain_carry_out(struct io_chain *chain)
{
	int ret = io_taken_begin(chain);

	io_chain_restore(&chain->snapshot);
	if (!ret) {
		io_chain_run(chain);
		return;
	}
	chain->child_state.end = IORING_END_CLONE;
	chain->step.result.res = ret;
	chain->step.result.failed = true;
}

int io_chain_main(void *data)
{
	struct io_chain *chain = data;
	struct io_kept *kept = chain->kept;
	enum io_outcome outcome;

	do {
		io_chain_carry_out(chain);
		outcome = io_chain_end(chain);
		if (outcome == IO_OUTCOME_PROGRAM)
			return 0;
	} while (outcome == IO_OUTCOME_KEPT && (chain = io_kept_wait(kept)));

	/* no signal, no zombie: see do_notify_parent() */
	do_group_exit(SIGKILL);
}
