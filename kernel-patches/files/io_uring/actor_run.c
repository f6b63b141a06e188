// SPDX-License-Identifier: GPL-2.0
/*
 * Running the program of an actor: with each completion, in the task work of the
 * IORING_OP_BPF. What a run has staged is submitted before the next one, so that what
 * completes at once is told in the same pass.
 *
 * A pass is bounded. An actor with more to do leaves the processor and the ring's lock to
 * others first: actor_rest.c.
 */
#include <linux/kernel.h>
#include <linux/blkdev.h>
#include <linux/bpf.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/sched/signal.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "cancel.h"
#include "actor.h"
#include "policy.h"
#include "spawn.h"

#include <trace/events/io_uring_spawn.h>

#define IO_ACTOR_MAX_RUNS	2048	/* of one pass ... */
#define IO_ACTOR_MAX_CANCELS	32	/* ... likewise ... */
#define IO_ACTOR_MAX_TIME	1	/* ... and jiffies, about */
#define IO_ACTOR_MAX_DELAY	(HZ / 10)

enum io_actor_pass {
	IO_ACTOR_WAITS,		/* for a completion */
	IO_ACTOR_YIELDS,
	IO_ACTOR_PAUSES,
	IO_ACTOR_IS_OVER,
};

/* --- ending -------------------------------------------------------------------------- */

static bool io_actor_ends(const struct io_actor *actor)
{
	return actor->phase == IO_ACTOR_ENDS || actor->phase == IO_ACTOR_IS_CANCELLED;
}

/* From now on nothing is told, and the result is known. */
static void io_actor_end(struct io_actor *actor, s32 result)
{
	actor->phase = IO_ACTOR_ENDS;
	actor->result = result;
	actor->retry_at = jiffies;

	guard(spinlock)(&actor->lock);
	actor->silent = true;
	actor->head = actor->tail;
	actor->nr_more = 0;
}

/*
 * Cancel what is in flight. Returns whether all of it has been looked at. A request can
 * escape, on its way from one place where it would be found to another one: work that
 * arms a poll, task work that tries again, a multishot timeout that is armed again. So
 * this is done until nothing is in flight.
 */
static bool io_actor_cancel_staged(struct io_actor *actor)
{
	struct io_ring_ctx *ctx = actor->ctx;
	struct io_cancel_data cd = {
		.ctx	= ctx,
		.owner	= actor,
		.flags	= IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
		.seq	= atomic_inc_return(&ctx->cancel_seq),
	};
	unsigned int pending = io_actor_pending(actor);
	unsigned int found, tries;
	int ret;

	/* without a search for more than there are */
	found = pending ? io_spawn_cancel_every(ctx, &cd) : 0;
	for (tries = 0; found < pending; tries++) {
		if (tries == IO_ACTOR_MAX_CANCELS || (tries && need_resched()))
			return false;
		/* a kernel thread that does a task's work as it exits has no io-wq */
		ret = io_try_cancel(current->io_uring, &cd, 0);
		if (ret == -ENOENT)
			break;
		found += max(ret, 1);
	}
	return true;
}

/* The same, less and less often as long as nothing ends of it. */
static bool io_actor_cancel_again(struct io_actor *actor)
{
	unsigned int pending = io_actor_pending(actor);

	if (time_before(jiffies, actor->retry_at))
		return true;
	if (!io_actor_cancel_staged(actor))
		return false;
	/* what was linked to that has begun */
	if (pending != actor->retry_pending)
		actor->retry_delay = 1;
	actor->retry_pending = pending;
	actor->retry_at = jiffies + actor->retry_delay;
	actor->retry_delay = min(2 * actor->retry_delay, IO_ACTOR_MAX_DELAY + 1UL);
	return true;
}

/* --- staging ------------------------------------------------------------------------- */

/* What an SQ thread submits has the rights of who made the ring. */
static const struct cred *io_actor_override_creds(const struct io_ring_ctx *ctx)
{
	if (!(ctx->flags & IORING_SETUP_SQPOLL) || ctx->sq_creds == current_cred())
		return NULL;
	return override_creds(ctx->sq_creds);
}

/* Not all could be allocated: each of them ends with this error. */
static void io_actor_fail_staged(struct io_actor *actor, struct io_actor_stage *stage,
				 int error)
{
	u32 i;

	guard(spinlock)(&actor->lock);
	for (i = 0; i < stage->run.nr_staged; i++) {
		/* it runs, so nobody has to wake it */
		actor->untold++;
		actor->events[actor->tail & actor->mask] = (struct io_actor_event){
			.tag	= stage->sqes[i]->user_data,
			.res	= error,
			.opcode	= stage->sqes[i]->opcode,
			.last	= true,
		};
		/* pairs with io_actor_next_event() */
		smp_store_release(&actor->tail, actor->tail + 1);
	}
}

static void io_actor_submit(struct io_actor *actor, struct io_actor_stage *stage)
{
	const struct cred *creds = io_actor_override_creds(actor->ctx);
	u32 nr = stage->run.nr_staged;
	int ret;

	ret = io_submit_staged(actor->ctx, actor, stage->reqs, stage->sqes[0], nr);
	if (ret)
		io_actor_fail_staged(actor, stage, ret);
	actor->total_left -= nr;
	stage->count.staged += nr;
	if (creds)
		revert_creds(creds);
}

/* --- completions --------------------------------------------------------------------- */

/* It stays in its place until io_actor_told(). Others add some meanwhile. */
static const struct io_actor_event *io_actor_next_event(const struct io_actor *actor)
{
	/* pairs with io_actor_add_event() */
	if (actor->head == smp_load_acquire(&actor->tail))
		return NULL;
	return &actor->events[actor->head & actor->mask];
}

/*
 * Its place is another one's. What a last completion leaves is taken by the next request
 * that is issued, later than this.
 */
static void io_actor_told(struct io_actor *actor, const struct io_actor_event *event)
{
	actor->head++;
	if (likely(event->last)) {
		actor->untold--;
		return;
	}
	guard(spinlock)(&actor->lock);
	actor->nr_more--;
}

/* --- running ------------------------------------------------------------------------- */

/* io_waitid_finish() has put it there. */
static void io_actor_fill_waitid(struct bpf_iouring_op_ctx *ctx)
{
	ctx->wait_status = lower_32_bits(ctx->big_cqe[0]);
	ctx->wait_code = upper_32_bits(ctx->big_cqe[0]);
	ctx->wait_pid = ctx->big_cqe[1];
	memset(ctx->big_cqe, 0, sizeof(ctx->big_cqe));
}

static void io_actor_fill_event(struct bpf_iouring_op_ctx *ctx,
				const struct io_actor_event *event)
{
	ctx->res = event->res;
	ctx->cqe_flags = event->cqe_flags;
	ctx->tag = event->tag;
	ctx->opcode = event->opcode;
	ctx->big_cqe[0] = event->extra[0];
	ctx->big_cqe[1] = event->extra[1];
	if (event->opcode == IORING_OP_WAITID)
		io_actor_fill_waitid(ctx);
}

/* What does not change from one run of this actor to the next. */
static void io_actor_fill_actor(struct io_actor *actor, struct io_actor_stage *stage)
{
	struct io_actor_run *run = &stage->run;

	stage->actor = actor;
	run->ctx = actor->start;
	run->ring = actor->ctx;
	run->state = actor->state;
	run->state_size = actor->state_size;
	run->wide = actor->ctx->flags & IORING_SETUP_SQE128;
}

/* The runs of others have been between, or START's result is still there. */
static void io_actor_fill_again(struct io_actor *actor, struct io_actor_stage *stage)
{
	struct bpf_iouring_op_ctx *ctx = &stage->run.ctx;

	if (unlikely(stage->actor != actor))
		io_actor_fill_actor(actor, stage);
	ctx->flags = 0;
	if (ctx->opcode == IORING_OP_WAITID) {
		ctx->wait_status = 0;
		ctx->wait_code = 0;
		ctx->wait_pid = 0;
	}
}

/* There is no completion to be told of. What CANCEL tells is not that of START. */
static void io_actor_fill_first(struct io_actor *actor, struct io_actor_stage *stage,
				u32 why)
{
	struct bpf_iouring_op_ctx *ctx = &stage->run.ctx;

	io_actor_fill_actor(actor, stage);
	if (why == IORING_ACTOR_CANCEL) {
		ctx->flags = 0;
		ctx->res = 0;
		ctx->cqe_flags = 0;
	}
}

static void io_actor_fill(struct io_actor *actor, struct io_actor_stage *stage, u32 why,
			  const struct io_actor_event *event)
{
	struct io_actor_run *run = &stage->run;
	struct bpf_iouring_op_ctx *ctx = &run->ctx;

	if (event) {
		io_actor_fill_again(actor, stage);
		io_actor_fill_event(ctx, event);
		io_actor_told(actor, event);
	} else {
		io_actor_fill_first(actor, stage, why);
	}
	ctx->event = why;
	run->total_left = actor->total_left;
	run->places_left = actor->max_in_flight - actor->untold;

	ctx->in_flight = actor->untold;
	ctx->room = min3((u64)IO_ACTOR_MAX_STAGED, run->total_left,
			 (u64)run->places_left);
	if (actor->phase == IO_ACTOR_IS_CANCELLED) {
		ctx->flags |= IORING_ACTOR_F_CANCELLED;
		ctx->room = 0;
	}
}

/* The verdict, or -ENOLINK. */
static int io_actor_ask(struct io_actor *actor, struct io_actor_stage *stage)
{
	const struct bpf_prog *prog;
	u32 verdict;

	guard(rcu)();
	prog = rcu_dereference(actor->policy->prog);
	if (!prog)
		return -ENOLINK;
	verdict = io_actor_run_prog(prog, &stage->run);
	stage->count.verdicts[verdict]++;
	stage->count.exhausted += stage->run.exhausted;
	return verdict;
}

/* Add to the link's counters what a pass has counted. */
static void io_actor_count(struct io_actor *actor, struct io_actor_stage *stage)
{
	const struct io_actor_count *count = &stage->count;
	struct io_policy *policy = actor->policy;

	atomic64_add(count->verdicts[IORING_ACTOR_WAIT] +
		     count->verdicts[IORING_ACTOR_END], &policy->runs);
	atomic64_add(count->verdicts[IORING_ACTOR_WAIT],
		     &policy->verdicts[IORING_ACTOR_WAIT]);
	atomic64_add(count->verdicts[IORING_ACTOR_END],
		     &policy->verdicts[IORING_ACTOR_END]);
	atomic64_add(count->staged, &policy->staged);
	atomic64_add(count->exhausted, &policy->exhausted);
	memset(&stage->count, 0, sizeof(stage->count));
}

static void io_actor_post(struct io_ring_ctx *ctx, const struct io_actor_stage *stage)
{
	const struct bpf_iouring_op_test_posted *cqe;
	u32 i;

	for (i = 0; i < stage->run.nr_posted; i++) {
		cqe = &stage->posted[i];
		io_post_aux_cqe(ctx, cqe->user_data, cqe->res, cqe->flags);
	}
}

/* Do what the program has decided. */
static void io_actor_apply(struct io_actor *actor, struct io_actor_stage *stage,
			   int verdict)
{
	if (stage->run.nr_posted)
		io_actor_post(actor->ctx, stage);
	if (actor->phase == IO_ACTOR_IS_CANCELLED) {
		if (verdict == IORING_ACTOR_END)
			io_actor_end(actor, -ECANCELED);
		return;
	}
	if (verdict == IORING_ACTOR_END) {
		io_actor_end(actor, stage->run.result);
		return;
	}
	if (stage->run.nr_staged)
		io_actor_submit(actor, stage);
	if (!actor->untold) {
		atomic64_inc(&actor->policy->failures);
		io_actor_end(actor, -EDEADLK);
	}
}

static void io_actor_run(struct io_actor *actor, u32 why,
			 const struct io_actor_event *event)
{
	struct io_actor_stage *stage = actor->ctx->spawn.stage;
	int verdict;

	io_actor_fill(actor, stage, why, event);
	verdict = io_actor_ask(actor, stage);
	if (verdict < 0) {
		io_actor_end(actor, actor->phase == IO_ACTOR_IS_CANCELLED ?
				    -ECANCELED : verdict);
		return;
	}
	if (trace_io_uring_actor_run_enabled())
		trace_io_uring_actor_run(actor->policy->link_id, &stage->run, verdict);
	io_actor_apply(actor, stage, verdict);
}

/* --- a pass -------------------------------------------------------------------------- */

/* Whether it was to end, for a reason that it has not followed yet. */
static void io_actor_check_stop(struct io_actor *actor)
{
	int stop = READ_ONCE(actor->stop);

	if (actor->phase == IO_ACTOR_ENDS)
		return;
	if (io_should_terminate_tw(actor->ctx)) {
		io_actor_end(actor, -ECANCELED);
	} else if (stop && actor->phase != IO_ACTOR_IS_CANCELLED &&
		   (actor->phase == IO_ACTOR_NEW || stop != -ECANCELED)) {
		io_actor_end(actor, stop);
	} else if (stop && actor->phase == IO_ACTOR_ACTS) {
		actor->phase = IO_ACTOR_IS_CANCELLED;
		actor->result = -ECANCELED;
		actor->retry_at = jiffies;
		io_actor_run(actor, IORING_ACTOR_CANCEL, NULL);
	}
}

/* Run the program once. Returns whether there was a reason to. */
static bool io_actor_step(struct io_actor *actor)
{
	const struct io_actor_event *event;

	if (actor->phase == IO_ACTOR_ENDS)
		return false;
	if (actor->phase == IO_ACTOR_NEW) {
		actor->phase = IO_ACTOR_ACTS;
		io_actor_run(actor, IORING_ACTOR_START, NULL);
		return true;
	}
	event = io_actor_next_event(actor);
	if (!event)
		return false;
	io_actor_run(actor, IORING_ACTOR_CQE, event);
	return true;
}

/* Nothing to run for: wait, or see whether it is over. */
static enum io_actor_pass io_actor_idle(struct io_actor *actor)
{
	guard(spinlock)(&actor->lock);
	if (actor->head != actor->tail)
		return IO_ACTOR_YIELDS;
	if (io_actor_ends(actor))
		return io_actor_pending(actor) ? IO_ACTOR_PAUSES : IO_ACTOR_IS_OVER;
	if (actor->stop)
		return IO_ACTOR_YIELDS;
	actor->scheduled = false;
	return IO_ACTOR_WAITS;
}

/* The pass has to end. One that waits for its end alone has nothing to come back for. */
static enum io_actor_pass io_actor_break(struct io_actor *actor, bool cancelled)
{
	return actor->phase == IO_ACTOR_ENDS && cancelled ? io_actor_idle(actor) :
							    IO_ACTOR_YIELDS;
}

static enum io_actor_pass io_actor_runs(struct io_actor *actor)
{
	unsigned long begin = jiffies;
	unsigned int runs = 0;
	bool cancelled = false;

	do {
		io_actor_check_stop(actor);
		/* first of all: what makes more work is to end */
		if (!runs && io_actor_ends(actor))
			cancelled = io_actor_cancel_again(actor);
		if (task_sigpending(current) && actor->phase == IO_ACTOR_ACTS)
			return IO_ACTOR_PAUSES;
		if (runs++ == IO_ACTOR_MAX_RUNS || need_resched() ||
		    jiffies - begin > IO_ACTOR_MAX_TIME)
			return io_actor_break(actor, cancelled);
	} while (io_actor_step(actor));

	if (io_actor_ends(actor) && !cancelled && !io_actor_cancel_again(actor))
		return IO_ACTOR_YIELDS;
	return io_actor_idle(actor);
}

static enum io_actor_pass io_actor_pass(struct io_actor *actor)
{
	enum io_actor_pass pass;
	struct blk_plug plug;

	/* what neighbours on a disk are comes from several runs */
	blk_start_plug(&plug);
	pass = io_actor_runs(actor);
	blk_finish_plug(&plug);
	io_actor_count(actor, actor->ctx->spawn.stage);
	return pass;
}

void io_actor_work(struct io_kiocb *req, struct io_tw_state *ts)
{
	struct io_actor *actor = io_actor_of(req);

	io_tw_lock(req->ctx, ts);
	if (io_actor_rests(actor))
		return;
	switch (io_actor_pass(actor)) {
	case IO_ACTOR_WAITS:
		break;
	case IO_ACTOR_YIELDS:
		io_actor_yield(actor);
		break;
	case IO_ACTOR_PAUSES:
		io_actor_pause(actor);
		break;
	case IO_ACTOR_IS_OVER:
		io_actor_complete(actor, ts);
		break;
	}
}
