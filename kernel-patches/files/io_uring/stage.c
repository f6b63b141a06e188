// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that a policy has staged: made, issued by the child in place of the
 * step at hand, and completed if user space is to see them. One that is not to be
 * seen is used again for the next.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "opdef.h"
#include "rsrc.h"
#include "child.h"
#include "complete.h"
#include "decide.h"
#include "exec.h"
#include "name.h"
#include "report.h"
#include "stage.h"
#include "step.h"

#include <trace/events/io_uring_spawn.h>

struct io_kiocb *io_exec_at_hand(struct io_kiocb *req)
{
	while (req && req->opcode != IORING_OP_EXEC)
		req = req->link;
	return req;
}

bool io_chain_charge(struct io_chain *chain)
{
	struct io_chain_policy *pol = &chain->pol;

	if (pol->use.issued >= pol->policy->attr.max_issues)
		return false;
	pol->use.issued++;
	pol->issued++;
	return true;
}

void io_chain_forget_tried(struct io_chain *chain)
{
	io_name_put(chain->pol.tried);
	chain->pol.tried = NULL;
}

/* --- the request --------------------------------------------------------------- */

/* One of the chain's own, charged to the submitter like its others. */
static struct io_kiocb *io_staged_alloc(struct io_chain *chain)
{
	struct io_kiocb *req = chain->pol.spare;

	chain->pol.spare = NULL;
	if (req)
		return req;
	req = kmem_cache_alloc(req_cachep, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!req)
		return NULL;
	percpu_ref_get(&chain->ctx->refs);
	percpu_counter_inc(&chain->task->io_uring->inflight);
	req->ctx = chain->ctx;
	req->task = get_task_struct(chain->task);
	return req;
}

static void io_staged_init(struct io_chain *chain, struct io_kiocb *req)
{
	req->opcode = IORING_OP_NOP;
	req->flags = REQ_F_CHILD;
	req->chain = chain;
	req->link = NULL;
	req->cqe.user_data = chain->step.req->cqe.user_data;
	memset(&req->cmd.data, 0, sizeof(req->cmd.data));
	io_req_set_res(req, 0, 0);
}

/* It has not been seen, and holds nothing that takes the ring's lock to put. */
static bool io_staged_reusable(struct io_kiocb *req, bool post)
{
	return !post && !req->rsrc_node;
}

static void io_staged_reuse(struct io_chain *chain, struct io_kiocb *req)
{
	io_clean_op(req);
	io_put_file(req);
	req->file = NULL;
	chain->pol.spare = req;
}

void io_chain_drop_staged(struct io_chain *chain)
{
	io_policy_drop_staged(chain->pol.run);
	io_chain_forget_tried(chain);
	if (chain->pol.spare)
		io_req_free_unlocked(chain->pol.spare);
}

/* --- preparing it ---------------------------------------------------------------- */

static int __io_staged_prep_sqe(struct io_kiocb *req, struct io_staged *staged)
{
	const struct io_uring_sqe *sqe = &staged->sqe;
	const struct io_issue_def *def = &io_issue_defs[req->opcode];
	struct filename *path = staged->path;

	req->flags |= (__force io_req_flags_t)sqe->flags;
	req->cqe.user_data = sqe->user_data;
	if (def->needs_file)
		req->cqe.fd = sqe->fd;
	if (!def->ioprio && sqe->ioprio)
		return -EINVAL;
	/* the name stays with what was staged, which may have to be told of */
	if (path)
		return io_child_prep_path(req, sqe, io_name_get(path));
	return def->prep(req, sqe);
}

/* These find a registered buffer, and read no memory that may never come. */
static int io_staged_prep_fixed(struct io_kiocb *req, struct io_staged *staged)
{
	struct io_ring_ctx *ctx = req->ctx;
	int ret;

	/* who holds the lock may be waiting for what nobody provides */
	if (mutex_lock_killable(&ctx->uring_lock))
		return -EINTR;
	ret = __io_staged_prep_sqe(req, staged);
	mutex_unlock(&ctx->uring_lock);
	return ret;
}

static int io_staged_get_file(struct io_kiocb *req)
{
	struct io_ring_ctx *ctx = req->ctx;

	if (mutex_lock_killable(&ctx->uring_lock))
		return -EINTR;
	io_step_get_fixed(req);
	mutex_unlock(&ctx->uring_lock);
	return 0;
}

static int io_staged_prep_sqe(struct io_kiocb *req, struct io_staged *staged)
{
	int ret;

	if (req->opcode == IORING_OP_READ_FIXED ||
	    req->opcode == IORING_OP_WRITE_FIXED)
		ret = io_staged_prep_fixed(req, staged);
	else
		ret = __io_staged_prep_sqe(req, staged);
	if (!ret && req->flags & REQ_F_FIXED_FILE)
		ret = io_staged_get_file(req);
	return ret;
}

static int io_staged_prep_exec(struct io_chain *chain, struct io_kiocb *req,
			       struct io_staged *staged)
{
	struct io_kiocb *exec = io_exec_at_hand(chain->step.req);
	struct filename *script = NULL;

	if (staged->kind == IO_STAGED_SEARCH)
		return io_exec_init_search(req, exec, staged->path);
	/* the interpreter gets what was tried last, or the EXEC's own path */
	if (staged->kind == IO_STAGED_INTERP) {
		script = chain->pol.tried ? io_name_get(chain->pol.tried) :
					    io_exec_full_name(exec);
		if (IS_ERR(script))
			return PTR_ERR(script);
	}
	io_exec_init_staged(req, exec, io_name_get(staged->path), script);
	return 0;
}

static int io_staged_prep(struct io_chain *chain, struct io_kiocb *req,
			  struct io_staged *staged)
{
	struct io_ring_ctx *ctx = chain->ctx;
	unsigned int sqe_flags = 0;

	req->opcode = io_staged_op(staged);
	if (staged->kind == IO_STAGED_SQE)
		sqe_flags = staged->sqe.flags;
	if (ctx->restricted && !io_check_restriction(ctx, req, sqe_flags))
		return -EACCES;
	if (staged->kind == IO_STAGED_SQE)
		return io_staged_prep_sqe(req, staged);
	return io_staged_prep_exec(chain, req, staged);
}

/* --- completing it ----------------------------------------------------------------- */

/* For drained requests, the ring counts CQEs without an SQE. Where CQEs are made. */
static void io_staged_post(struct io_kiocb *req, struct io_tw_state *ts)
{
	req->ctx->cq_extra++;
	io_req_task_complete(req, ts);
}

static void io_staged_show(struct io_chain *chain, struct io_kiocb *req,
			   const struct io_result *result)
{
	struct io_ring_ctx *ctx = chain->ctx;

	io_chain_flush(chain);
	if (!ctx->task_complete) {
		spin_lock(&ctx->completion_lock);
		ctx->cq_extra++;
		spin_unlock(&ctx->completion_lock);
		io_chain_complete(req, result, false);
		return;
	}
	io_chain_release(req, result, false);
	req->io_task_work.func = io_staged_post;
	__io_req_task_work_add(req, 0);
}

static void io_staged_finish(struct io_chain *chain, struct io_kiocb *req,
			     struct io_result *result, bool post)
{
	result->flags |= IORING_CQE_F_STAGED;
	if (post)
		io_staged_show(chain, req, result);
	else if (io_staged_reusable(req, post))
		io_staged_reuse(chain, req);
	else
		io_chain_complete(req, result, true);
}

/* What a staged EXEC tried is kept, for an interpreter to be run on it. */
static void io_staged_note_tried(struct io_chain *chain, struct io_kiocb *req)
{
	struct filename *name;

	if (req->opcode != IORING_OP_EXEC || io_exec_is_script(req) ||
	    chain->child_state.execed)
		return;
	name = io_exec_full_name(req);
	io_chain_forget_tried(chain);
	chain->pol.tried = IS_ERR(name) ? NULL : name;
}

/* --- telling of it ------------------------------------------------------------------- */

/* Of one that was not issued; @attempt is 0 if nobody has tried to. */
static void io_staged_trace(struct io_chain *chain, const struct io_staged *staged,
			    unsigned int attempt, s32 res)
{
	struct io_step_event event = {
		.attempt	= attempt,
		.opcode		= io_staged_op(staged),
		.user_data	= chain->step.req->cqe.user_data,
		.staged		= true,
		.res		= res,
		.cmd		= io_staged_cmd(staged),
		.name		= io_staged_name(staged),
	};

	if (staged->kind == IO_STAGED_SQE)
		event.user_data = staged->sqe.user_data;
	trace_io_uring_spawn_step(chain, &event);
}

/* Those from @from on will not be issued. */
static void io_staged_trace_rest(struct io_chain *chain, u32 from)
{
	struct io_policy_run *run = chain->pol.run;

	if (!trace_io_uring_spawn_step_enabled())
		return;
	for (; from < run->nr_staged; from++)
		io_staged_trace(chain, &run->staged[from], 0, -ECANCELED);
}

void io_chain_trace_staged(struct io_chain *chain)
{
	io_staged_trace_rest(chain, 0);
}

/* The candidate that was tried last, once more. */
static bool io_staged_is_retry(struct io_chain *chain, const struct io_staged *staged)
{
	const struct filename *tried = chain->pol.tried;

	return staged->kind == IO_STAGED_EXEC && tried &&
	       !strcmp(tried->name, staged->path->name);
}

static void io_staged_count(struct io_chain *chain, const struct io_staged *staged)
{
	struct io_policy *policy = chain->pol.policy;

	atomic64_inc(&policy->staged);
	if (io_staged_is_retry(chain, staged))
		atomic64_inc(&policy->retries);
}

/* --- issuing ------------------------------------------------------------------------ */

/* It could not be made into a request. */
static void io_staged_refuse(struct io_chain *chain, struct io_staged *staged,
			     struct io_result *result, int error)
{
	chain->step.attempt++;
	chain->step.search_offset = -1;
	result->res = error;
	io_report_note_refused(chain, staged, error);
	if (trace_io_uring_spawn_step_enabled())
		io_staged_trace(chain, staged, chain->step.attempt, error);
}

static void io_staged_tell(struct io_chain *chain, struct io_kiocb *req)
{
	struct bpf_iouring_ctx *ctx = &chain->pol.run->ctx;

	ctx->staged_opcode = req->opcode;
	ctx->staged_cmd = req->opcode == IORING_OP_CHILD ? io_child_cmd(req) : 0;
	ctx->staged_user_data = req->cqe.user_data;
}

static void io_staged_issue(struct io_chain *chain, struct io_staged *staged,
			    struct io_result *result)
{
	struct io_kiocb *req = io_staged_alloc(chain);
	int ret;

	io_staged_count(chain, staged);
	*result = (struct io_result){ .failed = true };
	if (!req) {
		io_staged_refuse(chain, staged, result, -ENOMEM);
		return;
	}
	io_staged_init(chain, req);
	ret = io_staged_prep(chain, req, staged);
	if (ret) {
		io_staged_refuse(chain, staged, result, ret);
	} else {
		io_chain_issue(chain, req, true, result);
		io_staged_note_tried(chain, req);
	}
	io_staged_tell(chain, req);
	io_staged_finish(chain, req, result,
			 staged->post && !chain->child_state.execed);
	result->flags = 0;
}

bool io_chain_issue_staged(struct io_chain *chain)
{
	const struct io_child_state *state = &chain->child_state;
	struct io_policy_run *run = chain->pol.run;
	struct io_result *result = &chain->step.result;
	u32 i;

	for (i = 0; i < run->nr_staged; i++) {
		if (!io_chain_alive(chain))
			goto over;
		if (!io_chain_charge(chain)) {
			*result = (struct io_result){ .res = -ETOOMANYREFS,
						      .failed = true };
			goto over;
		}
		io_staged_issue(chain, &run->staged[i], result);
		if (result->failed || state->execed || state->committed)
			break;
	}
	io_staged_trace_rest(chain, i + 1);
	return true;
over:
	io_staged_trace_rest(chain, i);
	return false;
}
