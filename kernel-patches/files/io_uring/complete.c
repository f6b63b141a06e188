// SPDX-License-Identifier: GPL-2.0
/*
 * Completing requests of chains: see complete.h.
 *
 * Where the ring has a task of its own for CQEs, they are left to that, and so
 * are requests that hold a registered file or buffer, whose last reference makes
 * a CQE. For the rest the submitter is not disturbed.
 */
#include <linux/kernel.h>
#include <linux/io_uring.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "io_uring.h"
#include "actor.h"
#include "complete.h"

void io_req_free_unlocked(struct io_kiocb *req)
{
	struct io_ring_ctx *ctx = req->ctx;

	if (req->rsrc_node) {
		req->flags |= REQ_F_CQE_SKIP;
		req->io_task_work.func = io_req_task_complete;
		__io_req_task_work_add(req, IOU_F_TWQ_LAZY_WAKE);
		return;
	}
	io_clean_op(req);
	io_put_file(req);
	io_put_task_remote(req->task);
	kmem_cache_free(req_cachep, req);
	percpu_ref_put(&ctx->refs);
}

/* The ring's task makes the CQEs. It is woken once it has what it waits for. */
static void io_req_leave_to_task(struct io_kiocb *req)
{
	struct io_kiocb *next;

	for (; req; req = next) {
		next = req->link;
		req->link = NULL;
		if (req->flags & REQ_F_CQE_SKIP) {
			io_req_free_unlocked(req);
			continue;
		}
		req->io_task_work.func = io_req_task_complete;
		__io_req_task_work_add(req, IOU_F_TWQ_LAZY_WAKE);
	}
}

static void io_req_post_list(struct io_ring_ctx *ctx, struct io_kiocb *req)
{
	spin_lock(&ctx->completion_lock);
	for (; req; req = req->link) {
		if (req->flags & REQ_F_CQE_SKIP)
			continue;
		if (req->flags & REQ_F_OWNED)
			io_actor_tell(req);
		else if (!io_fill_cqe_req(ctx, req))
			io_req_cqe_overflow(req);
	}
	io_cq_unlock_post(ctx);
}

void io_req_complete_list(struct io_kiocb *req)
{
	struct io_ring_ctx *ctx;
	struct io_kiocb *next;

	if (!req)
		return;
	ctx = req->ctx;
	if (ctx->task_complete) {
		io_req_leave_to_task(req);
		return;
	}
	io_req_post_list(ctx, req);
	for (; req; req = next) {
		next = req->link;
		req->link = NULL;
		io_req_free_unlocked(req);
	}
}
