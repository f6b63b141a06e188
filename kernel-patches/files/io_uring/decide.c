// SPDX-License-Identifier: GPL-2.0
/*
 * A step under a policy: the program is asked about what happened, its verdict
 * followed, and what it staged is issued, until the step has an end.
 *
 * All of it happens in the child, which holds no lock. The program only fills
 * in struct io_policy_run; requests are made from that here, after it returned.
 * Only when CLONE itself has failed, it is the submitter that asks.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/freezer.h>
#include <linux/io_uring.h>
#include <linux/sched/signal.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "consult.h"
#include "exec.h"
#include "decide.h"
#include "spawn.h"
#include "stage.h"
#include "step.h"

#include <trace/events/io_uring_spawn.h>

/* What to do next about a step. */
enum io_step_act {
	IO_ACT_ISSUE,		/* its request */
	IO_ACT_STAGED,		/* what was staged */
	IO_ACT_RESULT,		/* nothing more, link rules decide */
	IO_ACT_SKIP,		/* nothing more, the next step follows */
	IO_ACT_END,		/* nothing more, the chain is over */
	IO_ACT_PASS,		/* the next policy is asked */
};

/* What the step has come to. */
static void io_step_set_res(struct io_chain *chain, s32 res)
{
	chain->step.result = (struct io_result){ .res = res, .failed = res < 0 };
}

#define IO_EVENTS_ALWAYS	(IORING_POLICY_FAILED | IORING_POLICY_STAGED)

/* Whether any policy is told. */
static bool io_step_wants(struct io_chain *chain, u32 event)
{
	return event & (chain->pol.list->events | IO_EVENTS_ALWAYS);
}

/* --- what becomes of the answer ----------------------------------------------------- */

/* Wait as the policy asked. Killing the child ends it. */
static bool io_chain_delay(struct io_chain *chain)
{
	u64 delay = chain->pol.run->delay;
	ktime_t end = ktime_add_ns(ktime_get(), delay);

	chain->pol.use.delayed += delay;
	io_chain_flush(chain);
	do {
		/* what wakes us early is a stop or the end: see to it first */
		if (!io_chain_alive(chain))
			return false;
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		schedule_hrtimeout(&end, HRTIMER_MODE_ABS);
	} while (ktime_before(ktime_get(), end));
	return io_chain_alive(chain);
}

/* Killed: a step that nothing was issued for has not succeeded. */
static enum io_step_act io_chain_gone(struct io_chain *chain)
{
	/* as a step that never ran, it is no failure to tell of */
	if (!chain->step.attempt)
		chain->step.result = (struct io_result){ .res = -ECANCELED };
	return IO_ACT_END;
}

static int io_chain_count_failure(struct io_chain *chain, int error)
{
	struct io_policy *policy = chain->pol.policy;

	if (error == -ETOOMANYREFS) {
		atomic64_inc(&policy->exhausted);
		chain->child_state.end = IORING_END_BUDGET;
	} else {
		atomic64_inc(&policy->failures);
		chain->child_state.end = IORING_END_REFUSED;
	}
	return error;
}

static enum io_step_act io_chain_fail_verdict(struct io_chain *chain, int error)
{
	io_step_set_res(chain, io_chain_count_failure(chain, error));
	return IO_ACT_END;
}

static enum io_step_act io_chain_verdict_retry(struct io_chain *chain)
{
	/* the first time is no retry */
	if (!chain->step.own_issued)
		return IO_ACT_ISSUE;
	if (!io_op_can_retry(chain->step.req->opcode))
		return io_chain_fail_verdict(chain, -EBADRQC);
	if (!io_chain_charge(chain))
		return io_chain_fail_verdict(chain, -ETOOMANYREFS);
	if (chain->step.req->opcode == IORING_OP_EXEC)
		io_exec_begin_again(chain->step.req);
	atomic64_inc(&chain->pol.policy->retries);
	return IO_ACT_ISSUE;
}

/* An EXEC that did not happen is not made to look as if it had. */
static enum io_step_act io_chain_verdict_skip(struct io_chain *chain)
{
	if (chain->pol.run->has_result)
		return IO_ACT_SKIP;
	if (chain->step.req->opcode != IORING_OP_EXEC)
		io_step_set_res(chain, 0);
	else if (!chain->step.attempt)
		io_step_set_res(chain, -ECANCELED);
	return IO_ACT_SKIP;
}

static enum io_step_act io_chain_follow(struct io_chain *chain, int verdict)
{
	struct io_policy_run *run = chain->pol.run;
	/* there is something to go on with */
	bool before = run->ctx.event & (IORING_POLICY_BEFORE_STEP |
					IORING_POLICY_BEFORE_EXEC |
					IORING_POLICY_MISS);

	switch (verdict) {
	case IORING_VERDICT_CONTINUE:
		return before ? IO_ACT_ISSUE : IO_ACT_RESULT;
	case IORING_VERDICT_RETRY:
		return io_chain_verdict_retry(chain);
	case IORING_VERDICT_SKIP:
		return io_chain_verdict_skip(chain);
	case IORING_VERDICT_SUBMIT:
		if (!run->nr_staged)
			return io_chain_fail_verdict(chain, -EBADRQC);
		return IO_ACT_STAGED;
	case IORING_VERDICT_ABORT:
		chain->child_state.end = IORING_END_VERDICT;
		if (chain->step.result.res >= 0)
			io_step_set_res(chain, -ECANCELED);
		return IO_ACT_END;
	default:
		return io_chain_fail_verdict(chain, -EBADRQC);
	}
}

static bool io_verdict_takes_result(int verdict)
{
	return verdict == IORING_VERDICT_CONTINUE ||
	       verdict == IORING_VERDICT_SKIP ||
	       verdict == IORING_VERDICT_ABORT;
}

/* It has been detached: go on without, if the launcher may be without. */
static enum io_step_act io_chain_unpoliced(struct io_chain *chain)
{
	if (!chain->need_policy)
		return IO_ACT_PASS;
	chain->child_state.end = IORING_END_NO_POLICY;
	io_step_set_res(chain, -ENOLINK);
	return IO_ACT_END;
}

/* Ask one policy about the step at hand, and find out what is to be done about it. */
static enum io_step_act io_chain_ask_one(struct io_chain *chain, u32 event)
{
	struct io_policy_run *run = chain->pol.run;
	struct io_kiocb *req = chain->step.req;
	enum io_step_act act;
	int verdict;

	if (!io_chain_alive(chain))
		return io_chain_gone(chain);
	verdict = io_chain_consult(chain, req, event);
	/*
	 * If the policy has gone with the ring, the chain was cancelled before:
	 * see io_ring_ctx_wait_and_kill().
	 */
	smp_rmb();
	if (!io_chain_alive(chain))
		return io_chain_gone(chain);
	if (verdict < 0)
		return io_chain_unpoliced(chain);
	if (verdict == IORING_VERDICT_PASS)
		return IO_ACT_PASS;

	if (run->has_result && io_verdict_takes_result(verdict))
		io_step_set_res(chain, run->result);
	if (run->delay_exceeded)
		act = io_chain_fail_verdict(chain, -ETOOMANYREFS);
	else
		act = io_chain_follow(chain, verdict);
	trace_io_uring_spawn_verdict(chain, req, verdict, chain->step.result.res);

	if (act != IO_ACT_END && run->delay && !io_chain_delay(chain))
		act = io_chain_gone(chain);
	if (act == IO_ACT_END && verdict == IORING_VERDICT_SUBMIT)
		io_chain_trace_staged(chain);
	return act;
}

/* What the step has come to: what was staged for it counts as its own. */
static u32 io_step_outcome(const struct io_step *step)
{
	return step->result.failed ? IORING_POLICY_FAILED : IORING_POLICY_DONE;
}

static bool io_policy_wants(const struct io_policy *policy, u32 event)
{
	return event & (policy->attr.events | IO_EVENTS_ALWAYS);
}

/*
 * Ask the policies about the step at hand, one after the other, until one does not
 * pass. If all do, that is as if there were none. STAGED concerns who staged, who
 * was asked last; those after that one are asked about what has come of it.
 */
static enum io_step_act io_chain_ask(struct io_chain *chain, u32 event,
				     enum io_step_act otherwise)
{
	const struct io_policy_list *list = chain->pol.list;
	unsigned int nr = event == IORING_POLICY_STAGED ? chain->pol.nr : 0;
	enum io_step_act act;

	if (unlikely(io_chain_unguarded(chain)))
		return io_chain_unpoliced(chain);
	for (; nr < list->nr; nr++) {
		if (!io_policy_wants(list->policies[nr], event))
			continue;
		io_chain_turn_to(chain, nr);
		act = io_chain_ask_one(chain, event);
		if (act != IO_ACT_PASS)
			return act;
		if (event == IORING_POLICY_STAGED)
			event = io_step_outcome(&chain->step);
	}
	return otherwise;
}

/* --- the step ------------------------------------------------------------------------- */

static enum io_step_act io_step_issue_own(struct io_chain *chain)
{
	struct io_step *step = &chain->step;

	step->own_issued = true;
	if (step->req->opcode == IORING_OP_EXEC) {
		io_chain_forget_tried(chain);
		io_exec_pause(step->req, io_step_wants(chain, IORING_POLICY_MISS));
	}
	io_chain_issue(chain, step->req, false, &step->result);
	return IO_ACT_ISSUE;
}

static enum io_step_act io_step_issue_staged(struct io_chain *chain)
{
	if (io_chain_issue_staged(chain))
		return IO_ACT_STAGED;
	if (!io_chain_alive(chain))
		return io_chain_gone(chain);
	/* it has used up its budget: that is in the result */
	io_chain_count_failure(chain, -ETOOMANYREFS);
	return IO_ACT_END;
}

/* What has happened, now that @act is done. */
static u32 io_step_event(const struct io_step *step, enum io_step_act act)
{
	if (act == IO_ACT_ISSUE && step->req->opcode == IORING_OP_EXEC &&
	    io_exec_paused(step->req))
		return IORING_POLICY_MISS;
	return act == IO_ACT_STAGED ? IORING_POLICY_STAGED : io_step_outcome(step);
}

static enum io_step_act io_step_before(struct io_chain *chain)
{
	u32 event = chain->step.req->opcode == IORING_OP_EXEC ?
		    IORING_POLICY_BEFORE_EXEC : IORING_POLICY_BEFORE_STEP;

	io_chain_forget_tried(chain);
	io_exec_forget_head(&chain->pol);
	if (!io_step_wants(chain, event))
		return IO_ACT_ISSUE;
	return io_chain_ask(chain, event, IO_ACT_ISSUE);
}

/* There is nothing to decide any more, so verdicts are not looked at. */
static void io_chain_tell_execed(struct io_chain *chain)
{
	const struct io_policy_list *list = chain->pol.list;
	unsigned int nr;

	for (nr = 0; nr < list->nr && !READ_ONCE(chain->cancelled); nr++) {
		if (!io_policy_wants(list->policies[nr], IORING_POLICY_EXECED))
			continue;
		io_chain_turn_to(chain, nr);
		io_chain_consult(chain, chain->step.req, IORING_POLICY_EXECED);
	}
}

/* Issue and ask until there is nothing more to do. */
static enum io_step_act io_step_decide(struct io_chain *chain)
{
	const struct io_child_state *state = &chain->child_state;
	enum io_step_act act = io_step_before(chain);
	u32 event;

	while (act == IO_ACT_ISSUE || act == IO_ACT_STAGED) {
		if (act == IO_ACT_ISSUE)
			act = io_step_issue_own(chain);
		else
			act = io_step_issue_staged(chain);
		if (act == IO_ACT_END || state->execed || state->committed)
			break;
		event = io_step_event(&chain->step, act);
		act = event == IORING_POLICY_MISS ? IO_ACT_ISSUE : IO_ACT_RESULT;
		if (io_step_wants(chain, event))
			act = io_chain_ask(chain, event, act);
	}
	if (state->execed && io_step_wants(chain, IORING_POLICY_EXECED))
		io_chain_tell_execed(chain);
	io_policy_drop_staged(chain->pol.run);
	return act;
}

bool io_chain_decide(struct io_chain *chain)
{
	enum io_step_act act = io_step_decide(chain);
	struct io_result *result = &chain->step.result;
	struct io_kiocb *req = chain->step.req;

	if (chain->child_state.execed)
		chain->pol.exec = io_exec_at_hand(req);
	/* whatever was done instead, there is no program */
	else if (req->opcode == IORING_OP_EXEC && result->res >= 0)
		io_step_set_res(chain, -ECANCELED);

	if (act == IO_ACT_SKIP)
		return true;
	if (act == IO_ACT_END)
		return false;
	return !result->failed || io_step_forgives(req, result->res);
}

static int io_clone_follow(struct io_chain *chain, int verdict, int error)
{
	if (chain->pol.run->delay_exceeded)
		return io_chain_count_failure(chain, -ETOOMANYREFS);
	switch (verdict) {
	case IORING_VERDICT_CONTINUE:
		return error;
	case IORING_VERDICT_RETRY:
		if (!io_chain_charge(chain))
			return io_chain_count_failure(chain, -ETOOMANYREFS);
		atomic64_inc(&chain->pol.policy->retries);
		return 0;
	default:
		return io_chain_count_failure(chain, -EBADRQC);
	}
}

/* Ask the policies about CLONE. Negative: none of them decides. */
static int io_clone_ask(struct io_chain *chain)
{
	const struct io_policy_list *list = chain->pol.list;
	unsigned int nr;
	int verdict;

	for (nr = 0; nr < list->nr; nr++) {
		if (!io_policy_wants(list->policies[nr], IORING_POLICY_CLONE))
			continue;
		io_chain_turn_to(chain, nr);
		verdict = io_chain_consult(chain, chain->start.clone,
					   IORING_POLICY_CLONE);
		if (verdict >= 0 && verdict != IORING_VERDICT_PASS)
			return verdict;
	}
	return -ENOLINK;
}

int io_chain_decide_clone(struct io_chain *chain, int error, u64 *delay)
{
	int verdict, ret;

	chain->step.attempt++;
	if (error != -EAGAIN && error != -ENOMEM)
		return error;
	if (!io_step_wants(chain, IORING_POLICY_CLONE))
		return error;
	if (READ_ONCE(chain->cancelled) || fatal_signal_pending(current))
		return error;

	io_step_set_res(chain, error);
	verdict = io_clone_ask(chain);
	if (verdict < 0)
		return error;
	ret = io_clone_follow(chain, verdict, error);
	trace_io_uring_spawn_verdict(chain, chain->start.clone, verdict,
				     ret ?: error);
	if (!ret) {
		*delay = chain->pol.run->delay;
		chain->pol.use.delayed += *delay;
	}
	return ret;
}
