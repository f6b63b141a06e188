// SPDX-License-Identifier: GPL-2.0
/*
 * Asking one policy: what its program is told about the step at hand, and whose turn
 * it is. Runs in the child, or in the submitter if CLONE itself has failed.
 */
#include <linux/kernel.h>
#include <linux/cgroup.h>
#include <linux/io_uring.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "child.h"
#include "consult.h"
#include "exec.h"
#include "spawn.h"
#include "stage.h"
#include "step.h"

#include <trace/events/io_uring_spawn.h>

static u64 io_task_cgroup_id(struct task_struct *task)
{
#ifdef CONFIG_CGROUPS
	guard(rcu)();
	return cgroup_id(task_dfl_cgroup(task));
#else
	return 0;
#endif
}

void io_chain_init_run(struct io_chain *chain)
{
	struct bpf_iouring_ctx *ctx = &chain->pol.run->ctx;

	ctx->ring_id = io_policy_ring_id(chain->ctx);
	ctx->cgroup_id = io_task_cgroup_id(chain->task);
}

static void io_chain_fill_path(struct io_chain *chain, struct io_kiocb *req)
{
	struct io_policy_run *run = chain->pol.run;
	struct io_step_path path;

	io_step_get_path(req, &path);
	if (path.at)
		run->ctx.flags |= IORING_POLICY_F_PATH_AT;
	run->ctx.path_flags = path.flags;
	run->ctx.path_mode = path.mode;
	run->ctx.path_resolve = path.resolve;
	run->step_path = path.path;
}

static u32 io_chain_ctx_flags(struct io_chain *chain, struct io_kiocb *req,
			      struct io_kiocb *exec)
{
	bool clone = req == chain->start.clone;
	u32 flags = 0;

	if (io_step_forgives(req, chain->step.result.res))
		flags |= IORING_POLICY_F_HARDLINK;
	if (req->opcode == IORING_OP_EXEC && io_exec_is_search(req))
		flags |= IORING_POLICY_F_SEARCH;
	if (!clone && !io_chain_has_next(chain))
		flags |= IORING_POLICY_F_LAST;
	if (clone || io_op_can_retry(req->opcode))
		flags |= IORING_POLICY_F_CAN_RETRY;
	if (exec && io_exec_at(exec))
		flags |= IORING_POLICY_F_EXEC_AT;
	return flags;
}

static void io_chain_fill_ctx(struct io_chain *chain, struct io_kiocb *req,
			      struct io_kiocb *exec, u32 event)
{
	struct bpf_iouring_ctx *ctx = &chain->pol.run->ctx;

	ctx->event = event;
	if (event != IORING_POLICY_STAGED) {
		ctx->staged_opcode = 0;
		ctx->staged_cmd = 0;
		ctx->staged_user_data = 0;
	}
	ctx->opcode = req->opcode;
	ctx->res = chain->step.result.res;
	ctx->cmd = 0;
	ctx->off = 0;
	if (req->opcode == IORING_OP_CHILD) {
		ctx->cmd = io_child_cmd(req);
		ctx->off = io_child_off(req);
	}
	ctx->user_data = req->cqe.user_data;
	ctx->step = chain->step.nr;
	ctx->attempt = chain->step.attempt;
	ctx->flags = io_chain_ctx_flags(chain, req, exec);
	ctx->pid = chain->pid;
	ctx->elapsed_ns = io_chain_elapsed(chain);
	ctx->cookie = chain->cookie;
	ctx->search_offset = chain->step.search_offset;
}

static void io_chain_fill_run(struct io_chain *chain, struct io_kiocb *req,
			      u32 event)
{
	const struct io_policy_attr *attr = &chain->pol.policy->attr;
	bool clone = req == chain->start.clone;
	struct io_kiocb *exec = io_exec_at_hand(clone ? io_chain_first(chain) : req);
	struct io_policy_run *run = chain->pol.run;

	io_chain_fill_ctx(chain, req, exec, event);
	io_chain_fill_path(chain, req);
	run->head = chain->pol.head;
	run->exec_name = exec ? io_exec_own_path(exec) : NULL;
	run->step_is_exec = req->opcode == IORING_OP_EXEC;
	run->max_staged = io_event_can_stage(event) ? attr->max_staged : 0;
	run->delay_left = event == IORING_POLICY_EXECED ? 0 :
			  attr->max_delay - chain->pol.use.delayed;
}

void io_chain_turn_to(struct io_chain *chain, unsigned int nr)
{
	struct io_chain_policy *pol = &chain->pol;
	struct io_policy_run *run = pol->run;
	struct io_policy_kept *kept;

	if (nr == pol->nr)
		return;
	kept = &run->kept[pol->nr];
	kept->use = pol->use;
	memcpy(kept->scratch, run->ctx.scratch, sizeof(kept->scratch));

	kept = &run->kept[nr];
	pol->use = kept->use;
	memcpy(run->ctx.scratch, kept->scratch, sizeof(kept->scratch));
	pol->policy = pol->list->policies[nr];
	pol->nr = nr;
}

/* What was asked for with this verdict is not done. */
static void io_chain_pass(struct io_chain *chain, struct io_kiocb *req)
{
	struct io_policy_run *run = chain->pol.run;

	io_policy_drop_staged(run);
	run->has_result = false;
	run->delay_exceeded = false;
	run->delay = 0;
	trace_io_uring_spawn_verdict(chain, req, IORING_VERDICT_PASS,
				     chain->step.result.res);
}

int io_chain_consult(struct io_chain *chain, struct io_kiocb *req, u32 event)
{
	struct io_policy *policy = chain->pol.policy;
	int verdict;

	io_policy_drop_staged(chain->pol.run);
	io_chain_fill_run(chain, req, event);
	verdict = io_policy_run(policy, chain->pol.run);
	if (verdict >= 0 && verdict <= IORING_VERDICT_PASS)
		atomic64_inc(&policy->verdicts[verdict]);
	if (verdict == IORING_VERDICT_PASS)
		io_chain_pass(chain, req);
	return verdict;
}
