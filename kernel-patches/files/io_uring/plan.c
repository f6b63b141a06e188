// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_OP_SPAWN: running a chain from its plan: see plan.h.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/io_uring.h>
#include <linux/slab.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "rsrc.h"
#include "complete.h"
#include "exec.h"
#include "kept.h"
#include "name.h"
#include "plan.h"
#include "queue.h"

/* As many as the CQE's flags have room for. */
#define IO_PLAN_MAX_ATTEMPTS	(U32_MAX >> IORING_SPAWN_STEP_SHIFT)

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
	if (plan->nr_steps)
		return io_plan_load(plan);
	return plan->has_exec ? &plan->exec : NULL;
}

bool io_plan_is_last(const struct io_plan *plan)
{
	return plan->chain.step.req == &plan->exec ||
	       (!plan->has_exec && plan->at == plan->nr_steps);
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
	chain->nr_steps = plan->nr_steps + plan->has_exec;
	if (!ret)
		ret = io_kept_claim(chain);
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
static u32 io_plan_progress(const struct io_chain *chain, int res)
{
	if (res >= 0)
		return chain->child_state.execed ?
		       min(chain->step.attempt, IO_PLAN_MAX_ATTEMPTS) : 0;
	return chain->child_state.end != IORING_END_CLONE && chain->pid ?
	       chain->step.nr + 1 : 0;
}

void io_plan_complete(struct io_chain *chain, struct io_kiocb *req, int res)
{
	u32 flags = io_plan_progress(chain, res) << IORING_SPAWN_STEP_SHIFT;

	if (res < 0)
		req_set_fail(req);
	io_req_set_res(req, res, flags);
	if (req->flags & IO_SPAWN_WITH_OTHERS) {
		req->io_task_work.func = io_req_task_complete;
		io_req_task_work_add(req);
		return;
	}
	req->link = NULL;
	io_req_complete_list(req);
}
