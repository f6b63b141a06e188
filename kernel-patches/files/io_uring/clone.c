// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_OP_CLONE: take a chain of requests from the ring and queue it to be
 * started. How the child is made is in start.c, what it does in chain.c.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/ioprio.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <asm/pkru.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>
#include <uapi/linux/sched.h>

#include "io_uring.h"
#include "opdef.h"
#include "rsrc.h"
#include "timeout.h"
#include "actor.h"
#include "chain.h"
#include "child.h"
#include "clone.h"
#include "consult.h"
#include "decide.h"
#include "kept.h"
#include "queue.h"
#include "report.h"
#include "spawn.h"
#include "step.h"

#include <trace/events/io_uring_spawn.h>

/* What the first kernel that has it knows. */
#define IO_CLONE_KEPT_SIZE_VER0	offsetofend(struct io_uring_clone_kept, keep_ns)

/* --- preparing the request ------------------------------------------------ */

/* Record what the program inherits from the submitting thread. */
void io_spawn_snapshot(struct io_spawn_snapshot *snapshot)
{
	snapshot->blocked = *sigmask_to_save();
	snapshot->timer_slack = current->timer_slack_ns;
	snapshot->personality = current->personality;
	snapshot->pkru = read_pkru();
	snapshot->ioprio = current->io_context ? current->io_context->ioprio : 0;
}

void io_clone_snapshot(struct io_ring_ctx *ctx, struct io_spawn_snapshot *snapshot)
{
	/* the submitter of an SQ thread is who made the ring */
	if (ctx->flags & IORING_SETUP_SQPOLL)
		*snapshot = ctx->spawn.inherited;
	else
		io_spawn_snapshot(snapshot);
}

int io_clone_check_kept(u32 flags, u64 clone_args, u32 child, u64 keep_ns)
{
	u32 in = flags & IO_CLONE_IN_KEPT;

	if (in == IO_CLONE_IN_KEPT)
		return -EINVAL;
	if (in ? !child || child > INT_MAX : child)
		return -EINVAL;
	if (in == IORING_CLONE_COPY && clone_args)
		return -EINVAL;
	if (!(flags & IORING_CLONE_KEEP))
		return keep_ns ? -EINVAL : 0;
	if (keep_ns > KTIME_MAX)
		return -EINVAL;
	/* a copy of all files would keep too much alive */
	return in || flags & IORING_CLONE_FILES ? 0 : -EINVAL;
}

static int io_clone_import_args(struct io_clone_args *ca)
{
	struct kernel_clone_args *args = &ca->args;
	int ret;

	if (!ca->addr) {
		*args = (struct kernel_clone_args){ .exit_signal = SIGCHLD };
		return 0;
	}
	args->set_tid = ca->set_tid;
	ret = copy_clone_args_from_user(args, u64_to_user_ptr(ca->addr), ca->len);
	if (ret)
		return ret;
	if (args->flags & ~IO_CLONE_FLAGS)
		return -EINVAL;
	if (args->stack || args->stack_size || args->tls || args->child_tid ||
	    args->parent_tid)
		return -EINVAL;
	return 0;
}

int io_clone_import(struct io_clone_args *ca, u32 flags)
{
	int ret;

	ca->lists_files = flags & IORING_CLONE_FILES;
	ca->keep = flags & IORING_CLONE_KEEP;
	ca->copy = flags & IORING_CLONE_COPY;
	ret = io_clone_import_args(ca);
	/* all else a child that exists has already */
	if (!ret && flags & IORING_CLONE_CHILD &&
	    (ca->args.flags & ~CLONE_PIDFD || ca->args.set_tid_size))
		ret = -EINVAL;
	return ret;
}

/* What addr and len say, by whichever structure. */
static int io_clone_read_kept(const struct io_uring_sqe *sqe, u32 flags,
			      struct io_uring_clone_kept *kept)
{
	u64 addr = READ_ONCE(sqe->addr);
	u32 len = READ_ONCE(sqe->len);
	int ret;

	*kept = (struct io_uring_clone_kept){};
	if (!addr)
		return len ? -EINVAL : 0;
	if (!(flags & IO_CLONE_KEPT)) {
		kept->clone_args = addr;
		kept->clone_args_size = len;
		return 0;
	}
	if (len < IO_CLONE_KEPT_SIZE_VER0)
		return -EINVAL;
	if (len > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(kept, sizeof(*kept), u64_to_user_ptr(addr), len);
	if (!ret && !kept->clone_args && kept->clone_args_size)
		ret = -EINVAL;
	return ret;
}

static int io_clone_prep_args(struct io_kiocb *req, u32 flags,
			      const struct io_uring_clone_kept *kept, u64 files)
{
	struct io_clone_args *ca;

	if (io_alloc_async_data(req))
		return -ENOMEM;
	ca = req->async_data;
	ca->addr = kept->clone_args;
	ca->len = kept->clone_args_size;
	ca->files = files;
	ca->child = kept->child;
	ca->keep_ns = kept->keep_ns;
	return io_clone_import(ca, flags);
}

int io_clone_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_clone *clone = io_kiocb_to_cmd(req, struct io_clone);
	u32 flags = READ_ONCE(sqe->clone_flags);
	u32 slot = READ_ONCE(sqe->file_index);
	u64 files = READ_ONCE(sqe->addr3);
	u64 report_addr = READ_ONCE(sqe->__pad2[0]);
	struct io_uring_clone_kept kept;
	struct io_report report = {};
	int ret;

	if (sqe->fd || sqe->buf_index)
		return -EINVAL;
	if (READ_ONCE(sqe->personality) || req->flags & REQ_F_FIXED_FILE)
		return -EINVAL;
	if (flags & ~IO_CLONE_SQE_FLAGS || slot >= IORING_SPAWN_SLOTS)
		return -EINVAL;
	if (!(flags & IORING_CLONE_FILES) && files)
		return -EINVAL;
	ret = io_clone_read_kept(sqe, flags, &kept);
	if (!ret)
		ret = io_clone_check_kept(flags, kept.clone_args, kept.child,
					  kept.keep_ns);
	if (ret)
		return ret;

	if (flags & IORING_CLONE_REPORT) {
		ret = io_report_prep(&report, report_addr);
		if (ret)
			return ret;
	} else if (report_addr) {
		return -EINVAL;
	}

	clone->cookie = READ_ONCE(sqe->off);
	clone->report = report.to;
	clone->report_size = report.size;
	clone->slot = slot;
	clone->flags = flags;
	io_clone_snapshot(req->ctx, &clone->snapshot);
	if (!kept.clone_args && !(flags & (IORING_CLONE_FILES | IO_CLONE_KEPT)))
		return 0;
	return io_clone_prep_args(req, flags, &kept, files);
}

/*
 * Steps must not be taken for the parent's own requests: never go on. That
 * CLONE itself is silent about success does not mean that they are.
 */
void io_clone_fail(struct io_kiocb *req)
{
	req->flags &= ~REQ_F_SKIP_LINK_CQES;
	if (req->flags & REQ_F_HARDLINK) {
		req->flags &= ~REQ_F_HARDLINK;
		req->flags |= REQ_F_LINK;
	}
}

/* --- taking the chain ------------------------------------------------------ */

/* Only a child that exists can still be of use if a program fails. */
static bool io_clone_takes_exec(const struct io_clone *clone)
{
	return !(clone->flags & IORING_CLONE_KEEP) ||
	       clone->flags & IORING_CLONE_CHILD;
}

static int io_step_check(const struct io_clone *clone, struct io_kiocb *req)
{
	if (req->opcode == IORING_OP_LINK_TIMEOUT)
		return -EINVAL;
	if (req->opcode == IORING_OP_EXEC && !io_clone_takes_exec(clone))
		return -EINVAL;
	if (!io_op_in_child(req->opcode))
		return -EOPNOTSUPP;
	if (req->flags & (REQ_F_BUFFER_SELECT | REQ_F_MULTISHOT |
			  REQ_F_APOLL_MULTISHOT))
		return -EOPNOTSUPP;
	return 0;
}

/* Look at the whole of a chain before any of it is taken. */
static int io_clone_check_links(struct io_kiocb *req)
{
	const struct io_clone *clone = io_kiocb_to_cmd(req, struct io_clone);
	struct io_kiocb *cur = req->link;
	unsigned int nr = 0;
	int ret;

	if (cur && cur->opcode == IORING_OP_LINK_TIMEOUT)
		cur = cur->link;
	if (!cur)
		return -EINVAL;
	for (; cur; cur = cur->link) {
		if (++nr > IO_CHAIN_MAX_STEPS)
			return -E2BIG;
		ret = io_step_check(clone, cur);
		if (ret) {
			req_fail_link_node(cur, ret);
			return -ECANCELED;
		}
	}
	return 0;
}

static int io_chain_get_policies(struct io_chain *chain,
				 const struct io_clone *clone)
{
	struct io_chain_policy *pol = &chain->pol;

	pol->list = io_policy_list_get(chain->ctx, clone->slot);
	if (!pol->list)
		return chain->need_policy ? -ENOLINK : 0;
	pol->policy = pol->list->policies[0];
	pol->run = io_policy_run_alloc(pol->list->nr);
	if (!pol->run)
		return -ENOMEM;
	io_chain_init_run(chain);
	return 0;
}

int io_chain_init(struct io_chain *chain, struct io_kiocb *req,
		  const struct io_clone *clone, const struct io_clone_args *args)
{
	int ret;

	*chain = (struct io_chain){
		.ctx		= req->ctx,
		.task		= req->task,
		.owner		= io_req_owner(req),
		.user_data	= req->cqe.user_data,
		.filter		= io_chain_filter_bit(req->cqe.user_data),
		.cookie		= clone->cookie,
		.snapshot	= clone->snapshot,
		.need_policy	= clone->flags & IORING_CLONE_NEED_POLICY,
		.report.to	= clone->report,
		.report.size	= clone->report_size,
		.start.clone	= req,
		.start.args	= args,
		.node.chain	= chain,
		.step.search_offset = -1,
	};
	INIT_LIST_HEAD(&chain->node.list);

	ret = io_chain_get_policies(chain, clone);
	if (ret)
		return ret;
	if (chain->pol.list || trace_io_uring_spawn_step_enabled() ||
	    trace_io_uring_spawn_end_enabled())
		chain->begin = ktime_get();
	return 0;
}

static void io_chain_adopt_step(struct io_chain *chain, struct io_kiocb *req)
{
	req->flags |= REQ_F_CHILD;
	req->chain = chain;
	/*
	 * The child does not have to take the ring's lock then. A file that is not
	 * there is the step's error, when it comes to it.
	 */
	if (unlikely(req->flags & REQ_F_FIXED_FILE))
		io_step_get_fixed(req);
	chain->filter |= io_chain_filter_bit(req->cqe.user_data);
	chain->nr_steps++;
}

/* From here on the requests are the chain's, and so is their completion. */
static void io_chain_adopt(struct io_chain *chain, struct io_kiocb *req)
{
	struct io_kiocb *cur = req->link;

	chain->steps = cur;
	req->link = NULL;
	req->flags &= ~(REQ_F_LINK | REQ_F_HARDLINK);

	if (cur->opcode == IORING_OP_LINK_TIMEOUT) {
		chain->ltimeout = cur;
		chain->steps = cur->link;
		cur->link = NULL;
		cur->flags &= ~(REQ_F_LINK | REQ_F_HARDLINK);
	}
	for (cur = chain->steps; cur; cur = cur->link)
		io_chain_adopt_step(chain, cur);
}

/* --- the deadline ---------------------------------------------------------- */

void io_chain_expire(struct io_chain *chain)
{
	struct io_ring_ctx *ctx = chain->ctx;
	unsigned long flags;

	spin_lock_irqsave(&ctx->spawn.lock, flags);
	if (!list_empty(&chain->node.list) && !chain->cancelled)
		io_chain_cancel(chain, IORING_END_DEADLINE);
	spin_unlock_irqrestore(&ctx->spawn.lock, flags);
}

static enum hrtimer_restart io_chain_deadline(struct hrtimer *timer)
{
	struct io_timeout_data *data = container_of(timer, struct io_timeout_data,
						    timer);

	io_chain_expire(data->req->chain);
	return HRTIMER_NORESTART;
}

void io_chain_arm_deadline(struct io_chain *chain)
{
	struct io_timeout_data *data = chain->ltimeout->async_data;

	chain->ltimeout->chain = chain;
	data->timer.function = io_chain_deadline;
	hrtimer_start(&data->timer, timespec64_to_ktime(data->ts), data->mode);
}

/* --- issue ------------------------------------------------------------------ */

struct io_spawn_queue *io_chain_get_queue(struct io_ring_ctx *ctx)
{
	struct io_spawn_queue *queue;

	/* nobody would cancel the chain */
	if (percpu_ref_is_dying(&ctx->refs))
		return ERR_PTR(-ECANCELED);
	if (READ_ONCE(ctx->spawn.nr_waiting) >= IO_SPAWN_MAX_WAITING)
		return ERR_PTR(-EAGAIN);
	queue = io_spawn_queue_of(ctx);
	return queue ? queue : ERR_PTR(-ENOMEM);
}

static int io_clone_take(struct io_kiocb *req)
{
	struct io_clone *clone = io_kiocb_to_cmd(req, struct io_clone);
	struct io_spawn_queue *queue;
	struct io_chain *chain;
	int ret;

	ret = io_clone_check_links(req);
	if (ret)
		return ret;
	queue = io_chain_get_queue(req->ctx);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	chain = kmalloc(sizeof(*chain), GFP_KERNEL_ACCOUNT);
	if (!chain)
		return -ENOMEM;
	ret = io_chain_init(chain, req, clone, req->async_data);
	/* as long as the steps are the ring's: it cancels them if this fails */
	if (!ret)
		ret = io_kept_claim(chain);
	if (ret) {
		io_chain_free(chain);
		return ret;
	}
	io_chain_adopt(chain, req);

	io_chain_enqueue(chain, queue);
	return 0;
}

int io_clone(struct io_kiocb *req, unsigned int issue_flags)
{
	int ret;

	lockdep_assert_held(&req->ctx->uring_lock);

	ret = io_clone_take(req);
	if (!ret)
		return IOU_ISSUE_SKIP_COMPLETE;
	/* an -EAGAIN returned from here would send the request to io-wq */
	req_set_fail(req);
	io_req_set_res(req, ret, 0);
	io_clone_fail(req);
	return IOU_OK;
}
