// SPDX-License-Identifier: GPL-2.0
/*
 * Completing the requests of a chain, and its end in the child, which is a program
 * then, waits for the next chain, or dies.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/hrtimer.h>
#include <linux/io_uring.h>
#include <linux/sched/signal.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "timeout.h"
#include "chain.h"
#include "complete.h"
#include "kept.h"
#include "plan.h"
#include "report.h"
#include "spawn_task.h"

#include <trace/events/io_uring_spawn.h>

/* --- what steps are completed with --------------------------------------------- */

/*
 * Give a request back with its result. Its file is put here, so that it is closed
 * in the child now, whenever the request is freed.
 */
void io_chain_release(struct io_kiocb *req, const struct io_result *result,
		      bool silent)
{
	req->flags &= ~(REQ_F_CHILD | REQ_F_LINK | REQ_F_HARDLINK |
			REQ_F_CQE_SKIP | REQ_F_FAIL);
	if (silent)
		req->flags |= REQ_F_CQE_SKIP;
	if (req->file && !(req->flags & REQ_F_FIXED_FILE)) {
		fput(req->file);
		req->file = NULL;
	}
	io_req_set_res(req, result->res, result->flags);
}

void io_chain_complete(struct io_kiocb *req, const struct io_result *result,
		       bool silent)
{
	io_chain_release(req, result, silent);
	req->link = NULL;
	io_req_complete_list(req);
}

void io_chain_clone_done(struct io_chain *chain, int error)
{
	struct io_kiocb *clone = chain->start.clone;
	const struct io_result result = {
		.res	= error ?: chain->keeps ? (int)chain->kept->number : chain->pid,
		.failed	= error,
	};

	chain->start.clone = NULL;
	if (chain->plan) {
		chain->spawn = clone;
		return;
	}
	chain->start.args = NULL;
	io_chain_complete(clone, &result, !error && clone->flags & REQ_F_CQE_SKIP);
}

/* Cut off the steps up to @last, and return the first of them. */
static struct io_kiocb *io_chain_detach(struct io_chain *chain,
					struct io_kiocb *last)
{
	struct io_ring_ctx *ctx = chain->ctx;
	struct io_kiocb *first;

	spin_lock_irq(&ctx->spawn.lock);
	first = chain->steps;
	chain->steps = last->link;
	spin_unlock_irq(&ctx->spawn.lock);
	last->link = NULL;
	return first;
}

/*
 * chain->steps begins with steps that have their results but no CQEs yet, up to
 * chain->step.req. Complete those.
 */
void io_chain_flush(struct io_chain *chain)
{
	struct io_kiocb *req = chain->steps;

	/* a plan's steps have no CQEs */
	if (!req || req == chain->step.req)
		return;
	while (req->link != chain->step.req)
		req = req->link;
	io_req_complete_list(io_chain_detach(chain, req));
}

/* Off the list: nobody but the owner finds the chain any more. */
static void __io_chain_leave(struct io_chain *chain)
{
	list_del_init(&chain->node.list);
	chain->ctx->spawn.nr_chains--;
}

/* Nor does the deadline. */
static void io_chain_stop_deadline(struct io_chain *chain)
{
	struct io_timeout_data *data;

	if (chain->plan)
		io_plan_stop_deadline(chain->plan);
	if (!chain->ltimeout)
		return;
	data = chain->ltimeout->async_data;
	hrtimer_cancel(&data->timer);
}

void io_chain_leave(struct io_chain *chain)
{
	struct io_ring_ctx *ctx = chain->ctx;

	spin_lock_irq(&ctx->spawn.lock);
	__io_chain_leave(chain);
	spin_unlock_irq(&ctx->spawn.lock);
	io_chain_stop_deadline(chain);
}

/*
 * Give the steps from @req on, which will not run, their results. An EXEC for which
 * a staged one stood in has succeeded.
 */
static void io_chain_cancel_from(struct io_chain *chain, struct io_kiocb *req)
{
	const struct io_result canceled = { .res = -ECANCELED, .failed = true };
	const struct io_result instead = { };

	for (; req; req = req->link)
		io_chain_release(req, req == chain->pol.exec ? &instead : &canceled,
				 req->flags & REQ_F_CQE_SKIP);
}

static void io_chain_complete_deadline(struct io_chain *chain)
{
	const struct io_result result = {
		.res	= chain->cancelled_by == IORING_END_DEADLINE ?
			  -ETIME : -ECANCELED,
		.failed	= true,
	};

	if (chain->ltimeout)
		io_chain_complete(chain->ltimeout, &result, false);
}

void io_chain_cancel_steps(struct io_chain *chain)
{
	io_chain_cancel_from(chain, chain->steps);
	io_req_complete_list(chain->steps);
	io_chain_complete_deadline(chain);
}

/* IOSQE_CQE_SKIP_SUCCESS is for success, and for what never ran. */
void io_step_settle(struct io_step *step)
{
	io_chain_release(step->req, &step->result,
			 step->silent && !step->result.failed);
}

void io_step_cancel(struct io_step *step)
{
	step->result.res = -ECANCELED;
	step->result.flags = 0;
	/* not even with IOSQE_CQE_SKIP_SUCCESS, once it was issued */
	step->result.failed = step->attempt;
}

/* --- the end --------------------------------------------------------------------------- */

/* SIGPIPE and SIGXFSZ that steps have raised: their results report the errors. */
static void io_chain_drop_signals(void)
{
	sigset_t keep;

	if (likely(!sigismember(&current->pending.signal, SIGPIPE) &&
		   !sigismember(&current->pending.signal, SIGXFSZ)))
		return;
	sigfillset(&keep);
	sigdelset(&keep, SIGPIPE);
	sigdelset(&keep, SIGXFSZ);
	io_spawn_task_drop_signals(&keep);
}

/* A child that has waited before can do so after a failure, too. */
static bool io_chain_may_wait(const struct io_chain *chain)
{
	const struct io_child_state *state = &chain->child_state;

	if (likely(!chain->keeps) || state->dead || state->execed || state->committed)
		return false;
	return state->finished || chain->in_kept;
}

/*
 * Leave the ring's list, as a program, as a child that waits, or neither. Nobody can
 * cancel it afterwards; who cancelled it before wins, and its signal is on its way.
 */
static enum io_outcome io_chain_settle(struct io_chain *chain)
{
	struct io_child_state *state = &chain->child_state;
	enum io_outcome outcome = IO_OUTCOME_END;
	struct io_ring_ctx *ctx = chain->ctx;

	spin_lock_irq(&ctx->spawn.lock);
	if (!chain->cancelled && state->execed)
		outcome = IO_OUTCOME_PROGRAM;
	else if (!chain->cancelled && io_chain_may_wait(chain))
		outcome = IO_OUTCOME_KEPT;
	__io_chain_leave(chain);
	if (unlikely(chain->kept))
		io_kept_settle(chain->kept, outcome == IO_OUTCOME_KEPT);
	spin_unlock_irq(&ctx->spawn.lock);
	io_chain_stop_deadline(chain);

	if (outcome == IO_OUTCOME_PROGRAM) {
		io_chain_drop_signals();
		io_spawn_task_done(&chain->snapshot.blocked);
	}
	return outcome;
}

/* It has not run one instruction: its EXEC can still fail. */
static void io_chain_guard_program(struct io_chain *chain)
{
	struct io_step *step = &chain->step;

	if (!chain->child_state.execed || likely(!io_chain_unguarded(chain)))
		return;
	chain->child_state.execed = false;
	chain->child_state.committed = true;
	chain->child_state.end = IORING_END_NO_POLICY;
	step->result.res = -ENOLINK;
	step->result.failed = true;
}

/* There is no program. */
static void io_chain_end_failed(struct io_chain *chain)
{
	struct io_child_state *state = &chain->child_state;
	struct io_step *step = &chain->step;

	chain->pol.exec = NULL;
	if (!chain->cancelled && !state->dead)
		return;
	/* that its last step has succeeded would say that the child waits */
	if (step->result.res < 0 || state->execed ||
	    (chain->keeps && state->finished)) {
		io_step_cancel(step);
		step->result.res = io_chain_cancelled(chain);
	}
	io_report_write_now(chain);
}

/* Of the chain: what a SPAWN's CQE says. */
static int io_chain_result(const struct io_chain *chain, enum io_outcome outcome)
{
	const struct io_child_state *state = &chain->child_state;
	int res = chain->step.result.res;

	if (outcome == IO_OUTCOME_PROGRAM)
		return chain->pid;
	if (state->finished && outcome == IO_OUTCOME_KEPT)
		return chain->kept->number;
	/* that it ends is what was asked for */
	if (state->finished && chain->in_kept && !chain->cancelled && !state->dead)
		return 0;
	return res < 0 ? res : io_chain_cancelled(chain);
}

/* Others find it in its new state before they are told of it. */
static void io_chain_end_kept(struct io_chain *chain, enum io_outcome outcome)
{
	if (outcome == IO_OUTCOME_KEPT)
		io_kept_rest(chain);
	else
		io_kept_end(chain->kept);
}

/* Complete the steps and, if they have one, their deadline. */
static void io_chain_end_steps(struct io_chain *chain)
{
	struct io_step *step = &chain->step;

	if (step->req) {
		io_step_settle(step);
		io_chain_cancel_from(chain, step->req->link);
	} else {
		/* the child could not begin with them */
		io_chain_cancel_from(chain, chain->steps);
	}
	io_req_complete_list(chain->steps);
	io_chain_complete_deadline(chain);
}

enum io_outcome io_chain_end(struct io_chain *chain)
{
	enum io_outcome outcome;
	int res;

	io_chain_guard_program(chain);
	io_report_write(chain);
	outcome = io_chain_settle(chain);
	if (outcome != IO_OUTCOME_PROGRAM)
		io_chain_end_failed(chain);
	/* the launcher may do what it likes with the report's memory after a CQE */
	if (outcome != IO_OUTCOME_PROGRAM && chain->report.to)
		chain->step.silent = false;
	res = io_chain_result(chain, outcome);
	trace_io_uring_spawn_end(chain, min(res, 0));
	if (unlikely(chain->kept))
		io_chain_end_kept(chain, outcome);

	io_chain_end_steps(chain);
	if (chain->plan)
		io_plan_complete(chain, chain->spawn, res);
	io_spawn_task_end(&chain->shares);
	io_chain_free(chain);
	return outcome;
}
