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
#include <linux/slab.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "opdef.h"
#include "child.h"
#include "exec.h"
#include "decide.h"

#include <trace/events/io_uring_spawn.h>

/* What to do next about a step. */
enum io_step_act {
	IO_ACT_ISSUE,		/* its request */
	IO_ACT_STAGED,		/* what was staged */
	IO_ACT_RESULT,		/* nothing more, link rules decide */
	IO_ACT_SKIP,		/* nothing more, the next step follows */
	IO_ACT_END,		/* nothing more, the chain is over */
};

/* Set the result of a step, which says also whether it failed. */
static void io_step_set_res(struct io_kiocb *req, s32 res)
{
	io_req_set_res(req, res, 0);
	req->flags &= ~REQ_F_FAIL;
	if (res < 0)
		req->flags |= REQ_F_FAIL;
}

static bool io_step_wants(struct io_chain *chain, u32 event)
{
	u32 always = IORING_POLICY_FAILED | IORING_POLICY_STAGED;

	return event & (chain->policy->attr.events | always);
}

/* The EXEC that staging refers to: this step, or the next one that is. */
static struct io_kiocb *io_exec_at_hand(struct io_kiocb *req)
{
	while (req && req->opcode != IORING_OP_EXEC)
		req = req->link;
	return req;
}

static void io_chain_fill_ctx(struct io_chain *chain, struct io_kiocb *req,
			      u32 event)
{
	bool clone = req == chain->clone;
	struct io_policy_run *run = chain->run;
	struct bpf_iouring_ctx *ctx = &run->ctx;
	struct io_kiocb *exec = io_exec_at_hand(clone ? chain->steps : req);

	ctx->event = event;
	if (event != IORING_POLICY_STAGED) {
		ctx->staged_opcode = 0;
		ctx->staged_cmd = 0;
		ctx->staged_user_data = 0;
	}
	ctx->opcode = req->opcode;
	ctx->res = req->cqe.res;
	ctx->cmd = 0;
	ctx->off = 0;
	if (req->opcode == IORING_OP_CHILD) {
		ctx->cmd = io_child_cmd(req);
		ctx->off = io_child_off(req);
	}
	ctx->user_data = req->cqe.user_data;
	ctx->step = chain->step;
	ctx->attempt = chain->attempt;
	ctx->flags = 0;
	if (io_step_forgives(req))
		ctx->flags |= IORING_POLICY_F_HARDLINK;
	if (req->opcode == IORING_OP_EXEC && io_exec_searches(req))
		ctx->flags |= IORING_POLICY_F_SEARCH;
	if (!req->link && !clone)
		ctx->flags |= IORING_POLICY_F_LAST;
	if (io_issue_defs[req->opcode].child_retry || clone)
		ctx->flags |= IORING_POLICY_F_CAN_RETRY;
	if (exec && io_exec_at(exec))
		ctx->flags |= IORING_POLICY_F_EXEC_AT;
	ctx->pid = chain->pid;
	ctx->elapsed_ns = io_chain_elapsed(chain);
	ctx->cookie = chain->cookie;

	run->exec_name = exec ? io_exec_path(exec) : NULL;
	run->step_is_exec = req->opcode == IORING_OP_EXEC;
	/* there is no child yet to issue anything */
	run->max_staged = clone ? 0 : chain->policy->attr.max_staged;
	run->delay_left = chain->policy->attr.max_delay - chain->delayed;
}

/* Wait as the policy asked. Killing the child ends it. */
static bool io_chain_delay(struct io_chain *chain)
{
	ktime_t end = ktime_add_ns(ktime_get(), chain->run->delay);

	chain->delayed += chain->run->delay;
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
static enum io_step_act io_chain_gone(struct io_chain *chain,
				      struct io_kiocb *req)
{
	if (!chain->attempt) {
		/* as a step that never ran, it is no failure to tell of */
		io_req_set_res(req, -ECANCELED, 0);
		req->flags &= ~REQ_F_FAIL;
	}
	return IO_ACT_END;
}

static int io_chain_count_failure(struct io_chain *chain, int error)
{
	if (error == -ETOOMANYREFS)
		atomic64_inc(&chain->policy->exhausted);
	else
		atomic64_inc(&chain->policy->failures);
	return error;
}

static enum io_step_act io_chain_fail_verdict(struct io_chain *chain,
					      struct io_kiocb *req, int error)
{
	io_step_set_res(req, io_chain_count_failure(chain, error));
	return IO_ACT_END;
}

/* Whether the policy may have one more request issued. */
static bool io_chain_charge(struct io_chain *chain)
{
	if (chain->issued >= chain->policy->attr.max_issues)
		return false;
	chain->issued++;
	return true;
}

static enum io_step_act io_chain_verdict_retry(struct io_chain *chain,
					       struct io_kiocb *req)
{
	/* the first time is no retry */
	if (!chain->own_issued)
		return IO_ACT_ISSUE;
	if (!io_issue_defs[req->opcode].child_retry)
		return io_chain_fail_verdict(chain, req, -EBADRQC);
	if (!io_chain_charge(chain))
		return io_chain_fail_verdict(chain, req, -ETOOMANYREFS);
	return IO_ACT_ISSUE;
}

/* An EXEC that did not happen is not made to look as if it had. */
static enum io_step_act io_chain_verdict_skip(struct io_chain *chain,
					      struct io_kiocb *req)
{
	if (chain->run->has_result)
		return IO_ACT_SKIP;
	if (req->opcode != IORING_OP_EXEC)
		io_step_set_res(req, 0);
	else if (!chain->attempt)
		io_step_set_res(req, -ECANCELED);
	return IO_ACT_SKIP;
}

static enum io_step_act io_chain_follow(struct io_chain *chain,
					struct io_kiocb *req, int verdict)
{
	struct io_policy_run *run = chain->run;
	bool before = run->ctx.event & (IORING_POLICY_BEFORE_STEP |
					IORING_POLICY_BEFORE_EXEC);

	switch (verdict) {
	case IORING_VERDICT_CONTINUE:
		return before ? IO_ACT_ISSUE : IO_ACT_RESULT;
	case IORING_VERDICT_RETRY:
		return io_chain_verdict_retry(chain, req);
	case IORING_VERDICT_SKIP:
		return io_chain_verdict_skip(chain, req);
	case IORING_VERDICT_SUBMIT:
		if (!run->nr_staged)
			return io_chain_fail_verdict(chain, req, -EBADRQC);
		return IO_ACT_STAGED;
	case IORING_VERDICT_ABORT:
		if (req->cqe.res >= 0)
			io_step_set_res(req, -ECANCELED);
		return IO_ACT_END;
	default:
		return io_chain_fail_verdict(chain, req, -EBADRQC);
	}
}

static bool io_verdict_takes_result(int verdict)
{
	return verdict == IORING_VERDICT_CONTINUE ||
	       verdict == IORING_VERDICT_SKIP ||
	       verdict == IORING_VERDICT_ABORT;
}

/* Ask the program about an event. Negative: it has been detached meanwhile. */
static int io_chain_consult(struct io_chain *chain, struct io_kiocb *req,
			    u32 event)
{
	int verdict;

	io_policy_drop_staged(chain->run);
	io_chain_fill_ctx(chain, req, event);
	verdict = io_policy_run(chain->policy, chain->run);
	if (verdict >= 0 && verdict <= IORING_VERDICT_ABORT)
		atomic64_inc(&chain->policy->verdicts[verdict]);
	return verdict;
}

/* The same of a step, to find out what is to be done about it. */
static enum io_step_act io_chain_ask(struct io_chain *chain,
				     struct io_kiocb *req, u32 event,
				     enum io_step_act otherwise)
{
	struct io_policy_run *run = chain->run;
	enum io_step_act act;
	int verdict;

	if (!io_chain_alive(chain))
		return io_chain_gone(chain, req);
	verdict = io_chain_consult(chain, req, event);
	/*
	 * If the policy has gone with the ring, the chain was cancelled before:
	 * see io_ring_ctx_wait_and_kill().
	 */
	smp_rmb();
	if (!io_chain_alive(chain))
		return io_chain_gone(chain, req);
	if (verdict < 0)
		return otherwise;

	if (run->has_result && io_verdict_takes_result(verdict))
		io_step_set_res(req, run->result);
	if (run->delay_exceeded)
		act = io_chain_fail_verdict(chain, req, -ETOOMANYREFS);
	else
		act = io_chain_follow(chain, req, verdict);
	trace_io_uring_spawn_verdict(chain, req, verdict, req->cqe.res);

	if (act != IO_ACT_END && run->delay && !io_chain_delay(chain))
		return io_chain_gone(chain, req);
	return act;
}

/* A request of the chain's own, charged to the submitter like its others. */
static struct io_kiocb *io_staged_alloc(struct io_chain *chain,
					struct io_kiocb *step)
{
	struct io_kiocb *req = io_alloc_req_unlocked(chain->ctx);

	if (!req)
		return NULL;
	percpu_counter_inc(&chain->task->io_uring->inflight);
	get_task_struct(chain->task);

	req->opcode = IORING_OP_NOP;
	req->flags = REQ_F_CHILD;
	req->chain = chain;
	req->file = NULL;
	req->rsrc_node = NULL;
	req->task = chain->task;
	req->cancel_seq_set = false;
	req->link = NULL;
	req->cqe.user_data = step->cqe.user_data;
	memset(&req->cmd.data, 0, sizeof(req->cmd.data));
	io_req_set_res(req, 0, 0);
	return req;
}

static int io_staged_prep_sqe(struct io_kiocb *req, struct io_staged *staged)
{
	const struct io_uring_sqe *sqe = &staged->sqe;
	const struct io_issue_def *def = &io_issue_defs[req->opcode];

	req->flags |= (__force io_req_flags_t)sqe->flags;
	req->cqe.user_data = sqe->user_data;
	if (def->needs_file)
		req->cqe.fd = sqe->fd;
	if (!def->ioprio && sqe->ioprio)
		return -EINVAL;
	if (staged->path) {
		char *path = staged->path;

		staged->path = NULL;
		return io_child_prep_path(req, sqe, path);
	}
	return def->prep(req, sqe);
}

/* The path that the interpreter gets: tried last, or the EXEC's own. */
static char *io_staged_script(struct io_chain *chain, struct io_kiocb *exec)
{
	if (chain->tried)
		return kstrdup(chain->tried, GFP_KERNEL_ACCOUNT);
	return io_exec_full_path(exec);
}

static int io_staged_prep_exec(struct io_chain *chain, struct io_kiocb *step,
			       struct io_kiocb *req, struct io_staged *staged)
{
	struct io_kiocb *exec = io_exec_at_hand(step);
	char *script = NULL;

	if (staged->kind == IO_STAGED_INTERP) {
		script = io_staged_script(chain, exec);
		if (!script)
			return -ENOMEM;
	}
	io_exec_init_staged(req, exec, staged->path, script);
	staged->path = NULL;
	return 0;
}

static int io_staged_prep(struct io_chain *chain, struct io_kiocb *step,
			  struct io_kiocb *req, struct io_staged *staged)
{
	struct io_ring_ctx *ctx = chain->ctx;
	unsigned int sqe_flags = 0;

	req->opcode = IORING_OP_EXEC;
	if (staged->kind == IO_STAGED_SQE) {
		req->opcode = staged->sqe.opcode;
		sqe_flags = staged->sqe.flags;
	}
	if (ctx->restricted && !io_check_restriction(ctx, req, sqe_flags))
		return -EACCES;
	if (staged->kind == IO_STAGED_SQE)
		return io_staged_prep_sqe(req, staged);
	return io_staged_prep_exec(chain, step, req, staged);
}

/* Without it, an interpreter gets the EXEC's own path. */
static void io_chain_forget_tried(struct io_chain *chain)
{
	kfree(chain->tried);
	chain->tried = NULL;
}

/* What a staged EXEC tried is kept, for an interpreter to be run on it. */
static void io_chain_note_tried(struct io_chain *chain, struct io_kiocb *req)
{
	if (req->opcode != IORING_OP_EXEC || io_exec_is_script(req))
		return;
	kfree(chain->tried);
	chain->tried = io_exec_take_path(req);
}

/*
 * For drained requests, the ring counts CQEs without an SQE. Runs where
 * completions do, under uring_lock.
 */
static void io_staged_post(struct io_kiocb *req, struct io_tw_state *ts)
{
	struct io_ring_ctx *ctx = req->ctx;

	if (ctx->lockless_cq) {
		ctx->cq_extra++;
	} else {
		spin_lock(&ctx->completion_lock);
		ctx->cq_extra++;
		spin_unlock(&ctx->completion_lock);
	}
	io_req_task_complete(req, ts);
}

static void io_staged_finish(struct io_chain *chain, struct io_kiocb *req,
			     bool post)
{
	struct io_ring_ctx *ctx = chain->ctx;
	struct io_tw_state ts = {};

	if (!post) {
		io_chain_complete(req, true);
		return;
	}

	io_chain_release(req);
	req->cqe.flags |= IORING_CQE_F_STAGED;
	if (ctx->task_complete) {
		req->io_task_work.func = io_staged_post;
		io_req_task_work_add(req);
		return;
	}
	mutex_lock(&ctx->uring_lock);
	io_staged_post(req, &ts);
	__io_submit_flush_completions(ctx);
	mutex_unlock(&ctx->uring_lock);
}

/* Issue one staged request. Returns its result, and whether it failed. */
static bool io_staged_issue(struct io_chain *chain, struct io_kiocb *step,
			    struct io_staged *staged, s32 *res)
{
	struct bpf_iouring_ctx *bctx = &chain->run->ctx;
	struct io_kiocb *req;
	bool failed = true;
	int ret;

	req = io_staged_alloc(chain, step);
	*res = -ENOMEM;
	if (!req)
		return true;

	ret = io_staged_prep(chain, step, req, staged);
	*res = ret;
	if (ret) {
		chain->attempt++;
		io_req_set_res(req, ret, 0);
	} else {
		failed = io_chain_issue(chain, req, true);
		*res = req->cqe.res;
		io_chain_note_tried(chain, req);
	}
	bctx->staged_opcode = req->opcode;
	bctx->staged_cmd = req->opcode == IORING_OP_CHILD ? io_child_cmd(req) : 0;
	bctx->staged_user_data = req->cqe.user_data;
	io_staged_finish(chain, req, staged->post && !chain->execed);
	return failed;
}

static enum io_step_act io_chain_issue_staged(struct io_chain *chain,
					      struct io_kiocb *step)
{
	struct io_policy_run *run = chain->run;
	bool failed = false;
	s32 res = 0;
	u32 i;

	for (i = 0; i < run->nr_staged && !failed; i++) {
		if (!io_chain_alive(chain))
			return io_chain_gone(chain, step);
		if (!io_chain_charge(chain))
			return io_chain_fail_verdict(chain, step, -ETOOMANYREFS);
		failed = io_staged_issue(chain, step, &run->staged[i], &res);
		if (chain->execed || chain->committed)
			break;
	}
	io_step_set_res(step, res);
	if (failed)
		step->flags |= REQ_F_FAIL;
	return IO_ACT_STAGED;
}

static enum io_step_act io_step_issue(struct io_chain *chain,
				      struct io_kiocb *req)
{
	/* it shares its place with the flags of the CQE */
	if (!chain->own_issued)
		req->cqe.fd = chain->fd;
	chain->own_issued = true;
	if (req->opcode == IORING_OP_EXEC)
		io_chain_forget_tried(chain);
	io_chain_issue(chain, req, false);
	return IO_ACT_ISSUE;
}

/* What has happened, now that @act is done. */
static u32 io_step_event(struct io_kiocb *req, enum io_step_act act)
{
	if (act == IO_ACT_STAGED)
		return IORING_POLICY_STAGED;
	if (req->flags & REQ_F_FAIL)
		return IORING_POLICY_FAILED;
	return IORING_POLICY_DONE;
}

static enum io_step_act io_step_before(struct io_chain *chain,
				       struct io_kiocb *req)
{
	u32 event = req->opcode == IORING_OP_EXEC ? IORING_POLICY_BEFORE_EXEC :
						    IORING_POLICY_BEFORE_STEP;

	chain->fd = req->cqe.fd;
	chain->own_issued = false;
	io_chain_forget_tried(chain);
	io_step_set_res(req, 0);
	if (!io_step_wants(chain, event))
		return IO_ACT_ISSUE;
	return io_chain_ask(chain, req, event, IO_ACT_ISSUE);
}

enum io_step_end io_chain_decide(struct io_chain *chain, struct io_kiocb *req)
{
	enum io_step_act act = io_step_before(chain, req);
	u32 event;

	while (act == IO_ACT_ISSUE || act == IO_ACT_STAGED) {
		if (act == IO_ACT_ISSUE)
			act = io_step_issue(chain, req);
		else
			act = io_chain_issue_staged(chain, req);
		if (act == IO_ACT_END || chain->execed || chain->committed)
			break;
		event = io_step_event(req, act);
		act = IO_ACT_RESULT;
		if (io_step_wants(chain, event))
			act = io_chain_ask(chain, req, event, IO_ACT_RESULT);
	}
	io_policy_drop_staged(chain->run);

	/* whatever was done instead, there is no program */
	if (req->opcode == IORING_OP_EXEC && !chain->execed &&
	    req->cqe.res >= 0)
		io_step_set_res(req, -ECANCELED);
	if (chain->execed)
		chain->exec = io_exec_at_hand(req);
	if (act == IO_ACT_SKIP)
		return IO_STEP_NEXT;
	if (act == IO_ACT_END)
		return IO_STEP_LAST;
	if (req->flags & REQ_F_FAIL && !io_step_forgives(req))
		return IO_STEP_LAST;
	return IO_STEP_NEXT;
}

static int io_clone_follow(struct io_chain *chain, int verdict, int error)
{
	if (chain->run->delay_exceeded)
		return io_chain_count_failure(chain, -ETOOMANYREFS);
	switch (verdict) {
	case IORING_VERDICT_CONTINUE:
		return error;
	case IORING_VERDICT_RETRY:
		if (!io_chain_charge(chain))
			return io_chain_count_failure(chain, -ETOOMANYREFS);
		return 0;
	default:
		return io_chain_count_failure(chain, -EBADRQC);
	}
}

int io_chain_decide_clone(struct io_chain *chain, int error, u64 *delay)
{
	struct io_kiocb *clone = chain->clone;
	int verdict, ret;

	chain->attempt++;
	if (error != -EAGAIN && error != -ENOMEM)
		return error;
	if (!io_step_wants(chain, IORING_POLICY_CLONE))
		return error;
	if (READ_ONCE(chain->cancelled) || fatal_signal_pending(current))
		return error;

	io_req_set_res(clone, error, 0);
	verdict = io_chain_consult(chain, clone, IORING_POLICY_CLONE);
	if (verdict < 0)
		return error;
	ret = io_clone_follow(chain, verdict, error);
	trace_io_uring_spawn_verdict(chain, clone, verdict, ret ?: error);
	if (!ret) {
		*delay = chain->run->delay;
		chain->delayed += *delay;
	}
	return ret;
}
