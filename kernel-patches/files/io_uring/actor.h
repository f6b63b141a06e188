/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Actors: requests of IORING_OP_BPF that are running. actor.c has their life, actor_run.c
 * runs their programs, actor_bpf.c is what programs can call.
 */
#ifndef IOU_ACTOR_H
#define IOU_ACTOR_H

#include <linux/filter.h>
#include <linux/io_uring_types.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>

#include <uapi/linux/io_uring_spawn.h>

struct io_actor_stage;
struct io_cancel_data;
struct io_policy;
struct seq_file;

#define IO_ACTOR_DEF_IN_FLIGHT	64
#define IO_ACTOR_MAX_IN_FLIGHT	1024
#define IO_ACTOR_MAX_STAGED	64	/* by one run */
#define IO_ACTOR_MAX_POSTED	16	/* likewise */
#define IO_ACTOR_MAX_STATE	4096

/* A completion that the program is to be told. */
struct io_actor_event {
	u64	tag;
	u64	extra[2];
	s32	res;
	u32	cqe_flags;
	u8	opcode;
	bool	last;		/* of its request */
};

enum io_actor_phase {
	/* it has not been started ... */
	IO_ACTOR_NEW,
	/* ... decides ... */
	IO_ACTOR_ACTS,
	/* ... is cancelled, and told of what ends ... */
	IO_ACTOR_IS_CANCELLED,
	/* ... waits for all to end, and is told nothing */
	IO_ACTOR_ENDS,
};

/*
 * What is staged for it comes to its end before it does, so requests point to their
 * owner without a reference. Whoever finds it otherwise takes one.
 */
struct io_actor {
	refcount_t		refs;
	struct rcu_head		rcu;
	struct io_ring_ctx	*ctx;
	struct io_policy	*policy;
	struct task_struct	*task;		/* of ->req; to be compared */
	u64			user_data;
	u32			index;		/* in ctx->spawn.actors */
	struct list_head	node;		/* under policy->actors_lock */

	/* within ctx->completion_lock, and policy->actors_lock never */
	spinlock_t		lock;
	/* under ->lock */
	struct io_kiocb		*req;		/* NULL: complete */
	int			stop;		/* why it is to end; 0: it is not */
	bool			scheduled;	/* ->req is queued to be run, or runs */
	bool			paused;		/* by ->pause ... */
	bool			expects;	/* ... which any completion ends */
	bool			silent;		/* completions are counted only */
	unsigned int		nr_ended;	/* requests: their last completion was there */
	unsigned int		nr_more;	/* events that are not the last ones */
	unsigned int		tail;

	/* under the ring's lock */
	unsigned int		head;		/* of the events: the next one to be told */
	unsigned int		nr_issued;	/* requests */
	enum io_actor_phase	phase;
	s32			result;
	unsigned int		untold;		/* requests whose last event is not told */
	bool			yielded;	/* it has more to do */
	u64			total_left;	/* requests that it can still stage */
	struct delayed_work	pause;
	/* when what is in flight is cancelled once more, in jiffies ... */
	unsigned long		retry_at;
	unsigned long		retry_delay;	/* ... and how long after the last time */
	unsigned int		retry_pending;	/* ... how much that was */

	/* what does not change in the program's context, and START's result */
	struct bpf_iouring_op_ctx start;

	unsigned int		max_in_flight;
	struct io_actor_event	*events;	/* twice as many, or more ... */
	unsigned int		mask;		/* ... a power of 2, less 1 */
	u32			state_size;
	u64			state[];
};

/* One run of a program: what it is given, and what it has asked for. */
struct io_actor_run {
	struct bpf_iouring_op_ctx ctx;	/* what the program sees */

	/* inputs */
	struct io_ring_ctx	*ring;		/* NULL: a dry run */
	void			*state;
	u32			state_size;
	bool			wide;		/* the ring has SQEs of 128 bytes */
	u64			total_left;	/* that it can stage in all ... */
	u32			places_left;	/* ... and has places for */

	/* outputs */
	u32			nr_staged;
	u32			nr_places;	/* that they will need */
	u32			nr_posted;
	s32			result;
	bool			exhausted;
};

/* What a pass has done, for the counters of the link. */
struct io_actor_count {
	u32	verdicts[IORING_ACTOR_END + 1];
	u32	staged;
	u32	exhausted;
};

/* The program that runs fills this: one for each ring. */
struct io_actor_stage {
	struct io_actor_run	run;
	struct io_actor		*actor;		/* whose run it was; to be compared */
	struct io_actor_count	count;
	struct bpf_iouring_op_test_posted posted[IO_ACTOR_MAX_POSTED];
	struct io_kiocb		*reqs[IO_ACTOR_MAX_STAGED];
	struct io_uring_sqe	sqes[IO_ACTOR_MAX_STAGED][2];
};

#ifdef CONFIG_IO_URING_BPF
int io_bpf_op_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_bpf_op(struct io_kiocb *req, unsigned int issue_flags);
/* It is linked to a request that has this result. */
void io_bpf_op_follows(struct io_kiocb *req, const struct io_kiocb *prev);

/* Who has staged a request; NULL: the launcher has submitted it. To be compared. */
static inline struct io_actor *io_req_owner(const struct io_kiocb *req)
{
	return req->flags & REQ_F_OWNED ? req->owner : NULL;
}

/* Under the ring's lock: the request is the actor's from now on. */
static inline void io_actor_adopt(struct io_actor *actor, struct io_kiocb *req)
{
	req->flags |= REQ_F_OWNED;
	req->owner = actor;
	actor->untold++;
	WRITE_ONCE(actor->nr_issued, actor->nr_issued + 1);
}

/* The same for what is being submitted, if that is the actor's. */
static inline void io_actor_adopt_staged(struct io_kiocb *req)
{
	struct io_actor *actor = req->ctx->submit_state.actor;

	if (unlikely(actor))
		io_actor_adopt(actor, req);
}

/* Instead of posting a CQE for a request with REQ_F_OWNED: the last, or one before it. */
void io_actor_tell(struct io_kiocb *req);
bool io_actor_tell_more(struct io_kiocb *req, s32 res, u32 cqe_flags);

/* For IORING_OP_ASYNC_CANCEL: cancel one that matches. 0 or -ENOENT. */
int io_actor_cancel(struct io_ring_ctx *ctx, struct io_cancel_data *cd);
/* ... or of all that match, in one walk. Returns how many there were. */
unsigned int io_actor_cancel_every(struct io_ring_ctx *ctx, struct io_cancel_data *cd);
/* Cancel those of this task, or all. Returns whether there was one. */
bool io_actor_cancel_all(struct io_ring_ctx *ctx, struct task_struct *task);
/* Its program is detached. */
void io_actor_stop_all(struct io_policy *policy);
void io_actor_ring_free(struct io_ring_ctx *ctx);
void io_actor_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx);
#else
static inline struct io_actor *io_req_owner(const struct io_kiocb *req)
{
	return NULL;
}

static inline void io_bpf_op_follows(struct io_kiocb *req,
				     const struct io_kiocb *prev)
{
}

static inline void io_actor_adopt_staged(struct io_kiocb *req)
{
}

static inline void io_actor_tell(struct io_kiocb *req)
{
}

static inline bool io_actor_tell_more(struct io_kiocb *req, s32 res, u32 cqe_flags)
{
	return false;
}

static inline int io_actor_cancel(struct io_ring_ctx *ctx, struct io_cancel_data *cd)
{
	return -ENOENT;
}

static inline unsigned int io_actor_cancel_every(struct io_ring_ctx *ctx,
						 struct io_cancel_data *cd)
{
	return 0;
}

static inline bool io_actor_cancel_all(struct io_ring_ctx *ctx,
				       struct task_struct *task)
{
	return false;
}

static inline void io_actor_ring_free(struct io_ring_ctx *ctx)
{
}

static inline void io_actor_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx)
{
}
#endif

/*
 * How many requests have not had their last completion. Exact under the ring's lock and
 * that of the actor; with the latter alone, more can have been issued meanwhile.
 */
static inline unsigned int io_actor_pending(const struct io_actor *actor)
{
	unsigned int nr_ended;

	/* pairs with io_actor_tell(): what has ended was issued before */
	nr_ended = smp_load_acquire(&actor->nr_ended);
	return READ_ONCE(actor->nr_issued) - nr_ended;
}

/* actor.c, for actor_run.c and actor_rest.c */
struct io_actor *io_actor_of(struct io_kiocb *req);
/* Have it run by task work. Under actor->lock. */
void io_actor_kick(struct io_actor *actor);
/* Returns whether it was not to end before, and is now, for this reason. */
bool io_actor_stop(struct io_actor *actor, int reason);
/* All that it has staged has ended. The actor is not the caller's any more. */
void io_actor_complete(struct io_actor *actor, struct io_tw_state *ts);
/* actor_run.c: the task work of its request. */
void io_actor_work(struct io_kiocb *req, struct io_tw_state *ts);
/* actor_rest.c: come back at once, but let others go first. */
void io_actor_yield(struct io_actor *actor);
/* ... or later. */
void io_actor_pause(struct io_actor *actor);
/* Whether it has come back too early, and rests. */
bool io_actor_rests(struct io_actor *actor);

/* Where spinlocks do not sleep, this costs less than to disable migration. */
static inline u32 io_actor_run_pinned(const struct bpf_prog *prog, const void *ctx)
{
	u32 verdict;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return bpf_prog_run_pin_on_cpu(prog, ctx);
	preempt_disable();
	verdict = bpf_prog_run(prog, ctx);
	preempt_enable();
	return verdict;
}

/* Run a program, once its inputs are there. Under RCU. */
static inline u32 io_actor_run_prog(const struct bpf_prog *prog, struct io_actor_run *run)
{
	u32 verdict;

	run->nr_staged = 0;
	run->nr_places = 0;
	run->nr_posted = 0;
	run->result = 0;
	run->exhausted = false;
	verdict = io_actor_run_pinned(prog, &run->ctx);

	/* the verifier has seen to that, but not where freplace came in */
	return min_t(u32, verdict, IORING_ACTOR_END);
}

/* actor_test_run.c */
int io_actor_prog_test_run(struct bpf_prog *prog, const union bpf_attr *attr,
			   union bpf_attr __user *uattr);

#endif
