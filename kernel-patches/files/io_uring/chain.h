/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A chain: a CLONE and the requests that are linked to it, its steps, or a SPAWN with
 * all of that in it (plan.h), from the moment they are taken from the ring until the
 * last of them is complete.
 *
 * It goes from hand to hand. Whoever has it works on it without a lock, and the
 * last one frees it:
 *
 *   submitter  takes the requests and queues the chain      clone.c
 *   starter    makes the child, in the order of the queue   queue.c, start.c
 *   child      runs the steps, becomes a program or dies    chain.c
 *
 * All others only find it in ctx->spawn.chains, under ctx->spawn.lock, and cancel
 * it (spawn.c); it is not found again then. One that is cancelled in the queue,
 * where nobody has it, goes to the ring's reaper, a worker.
 *
 * ctx stays until the last of the chain's requests is complete: the chain leaves
 * the list before, and does not look at ctx after.
 */
#ifndef IOU_CHAIN_H
#define IOU_CHAIN_H

#include <linux/completion.h>
#include <linux/hash.h>
#include <linux/io_uring_types.h>
#include <linux/workqueue.h>

#include "policy.h"

struct io_clone_args;
struct io_kept;
struct io_plan;
struct io_spawn_queue;
struct io_taken;
struct spawn_head;

/* Cancelling can look at them all with interrupts off. */
#define IO_CHAIN_MAX_STEPS	1024
/* Chains of one ring without a child; what is beyond fails with -EAGAIN. */
#define IO_SPAWN_MAX_WAITING	4096

/* What stands in the ring's list: a chain, or the place that a walk has reached. */
struct io_spawn_node {
	struct list_head	list;
	struct io_chain		*chain;		/* NULL: a place */
};

/*
 * Who has it. A chain enters and leaves IO_CHAIN_QUEUED under queue->lock; PAUSED,
 * HANDED and RUNNING are set under ctx->spawn.lock.
 */
enum io_chain_state {
	IO_CHAIN_QUEUED,	/* nobody: it is in the queue */
	IO_CHAIN_STARTING,	/* the starter */
	IO_CHAIN_PAUSED,	/* nobody: start.retry puts it back into the queue */
	IO_CHAIN_HANDED,	/* nobody: a child that waits will take it */
	IO_CHAIN_DOOMED,	/* the reaper */
	IO_CHAIN_RUNNING,	/* the child */
};

/* The starter's. */
struct io_chain_start {
	struct list_head	node;		/* in the queue, a child's, or the doomed */
	struct io_spawn_queue	*queue;
	struct io_kiocb		*clone;		/* CLONE or SPAWN, until there is a child */
	const struct io_clone_args *args;	/* its, as long, or NULL */
	int			error;		/* why there is no starter */
	unsigned long		pause;		/* jiffies: the next one */
	struct delayed_work	retry;		/* initialised when it is needed */
};

/* What a request has come to. */
struct io_result {
	s32			res;
	u32			flags;		/* of the CQE */
	bool			failed;		/* not the same as res < 0: short reads */
};

/* The child's: the step at hand. */
struct io_step {
	struct io_kiocb		*req;
	struct io_result	result;
	unsigned int		nr;
	unsigned int		attempt;	/* requests issued for it */
	int			search_offset;	/* of the last EXEC: see the context */
	bool			own_issued;	/* its own among them */
	bool			silent;		/* IOSQE_CQE_SKIP_SUCCESS */
};

/* The child's: what it has come to. */
struct io_child_state {
	bool			undumpable;	/* what the program is to be */
	bool			dead;		/* has taken a fatal signal */
	bool			execed;		/* is a program now */
	bool			committed;	/* failed past the point of no return */
	bool			finished;	/* has run all steps, and none has executed */
	struct mm_struct	*mm;		/* of a copy's program, made ahead, or NULL */
	enum io_uring_spawn_end	end;		/* 0: what its steps have come to */
};

/* Where the launcher wants to be told of the end: see report.h. */
struct io_report {
	struct io_uring_spawn_report __user *to;	/* NULL: nowhere */
	u32			size;
};

/* A request of the step at hand that has failed. */
struct io_report_note {
	struct filename		*name;
	s32			res;
	unsigned int		attempt;	/* 0: there is none */
	u32			cmd;
	u8			opcode;
	bool			staged;
};

/* The last ones: of those that found nothing, and of the others. */
struct io_chain_reports {
	struct io_report_note	miss;
	struct io_report_note	other;
};

/* Of who asks the policies: the child, or the starter before there is one. */
struct io_chain_policy {
	struct io_policy_list	*list;		/* NULL: all of this is unused */
	struct io_policy	*policy;	/* whom the chain asked last ... */
	unsigned int		nr;		/* ... in the list */
	struct io_policy_use	use;		/* ... and what it has used up */
	struct io_policy_run	*run;
	struct filename		*tried;		/* path of the last staged EXEC */
	struct spawn_head	*head;		/* of the file of the last EXEC */
	struct io_kiocb		*spare;		/* a request to be staged again */
	struct io_kiocb		*exec;		/* the EXEC that was stood in for */
	unsigned int		issued;		/* requests on behalf of all of them */
};

struct io_chain {
	/* set when it is made */
	struct io_ring_ctx	*ctx;
	struct task_struct	*task;		/* of the requests */
	struct io_actor		*owner;		/* that has staged it, or NULL; to be compared */
	u64			user_data;	/* of CLONE */
	u64			cookie;
	u64			filter;		/* which user_data may be here */
	ktime_t			begin;		/* 0: nobody wanted to know */
	unsigned int		nr_steps;
	bool			need_policy;
	struct io_report	report;
	struct io_kiocb		*ltimeout;	/* deadline of the whole, or NULL */
	struct io_plan		*plan;		/* of a SPAWN, in place of steps, or NULL */
	struct io_kiocb		*spawn;		/* that SPAWN, once there is a child */
	struct io_kept		*kept;		/* what the child is while it waits, or NULL */
	struct io_kept		*from;		/* what it is to be a copy of, or NULL */
	struct io_taken		*taken;		/* for one that waits, from the launcher */
	bool			keeps;		/* the child is to wait afterwards */
	bool			in_kept;	/* and has done so before */
	bool			claims;		/* .kept, and has not come to it yet */
	u64			keep_ns;	/* how long it waits at most; 0: for ever */
	struct io_spawn_snapshot snapshot;
	struct completion	shares;		/* the child has its parent's memory */

	/* under ctx->spawn.lock */
	struct io_spawn_node	node;
	bool			cancelled;
	enum io_uring_spawn_end	cancelled_by;
	struct task_struct	*child;
	struct io_kiocb		*steps;		/* without CQEs yet, run or not */

	enum io_chain_state	state;
	struct io_chain_start	start;

	pid_t			pid;		/* as CLONE's CQE tells it */
	u64			id;		/* for tracing; see io_chain_id() */
	struct io_step		step;
	struct io_child_state	child_state;
	struct io_chain_reports	reports;
	struct io_chain_policy	pol;
};

/* spawn.c */
struct io_cancel_data;
bool io_cancel_match(struct io_cancel_data *cd, u8 opcode, u64 user_data);
/* under ctx->spawn.lock */
void io_chain_cancel(struct io_chain *chain, enum io_uring_spawn_end by);
/* It belongs to the ring's reaper now. */
void io_chain_doom(struct io_chain *chain);
/* clone.c */
void io_chain_arm_deadline(struct io_chain *chain);
/* Its deadline has come. From a timer. */
void io_chain_expire(struct io_chain *chain);
/* start.c */
/*
 * Make the child, or put the chain back into the queue, or end it. The chain is not
 * the caller's any more.
 */
void io_chain_start(struct io_chain *chain);
/* Ask the filters about the system call that CLONE stands in for. */
int io_clone_seccomp(struct io_chain *chain, const struct io_clone_args *ca);
/* Make its child, one of the current task's. Returns 0: the chain is the child's. */
int io_chain_make_child(struct io_chain *chain);
/* Complete CLONE with an error and its steps with it; frees the chain. */
void io_chain_abandon(struct io_chain *chain, int error);

/* What the child is at the end of a chain. */
enum io_outcome {
	IO_OUTCOME_END,
	IO_OUTCOME_PROGRAM,
	IO_OUTCOME_KEPT,
};

/* In the child, which has run what it will: complete the chain, and free it. */
enum io_outcome io_chain_end(struct io_chain *chain);
/* Give the step at hand its result. */
void io_step_settle(struct io_step *step);
/* It does not run, or not to its end. */
void io_step_cancel(struct io_step *step);

/* Runs in the child. Returns only if that has become a program. */
int io_chain_main(void *data);
/* Issue a request in the child. */
void io_chain_issue(struct io_chain *chain, struct io_kiocb *req, bool staged,
		    struct io_result *result);
/* A request has ended: for the report and the tracepoint. */
void io_chain_tell(struct io_chain *chain, struct io_kiocb *req, bool staged,
		   s32 res, bool failed);
/* The first request of its steps, run or not, or NULL. */
struct io_kiocb *io_chain_first(struct io_chain *chain);
/* Whether there is a step after the one at hand. */
bool io_chain_has_next(const struct io_chain *chain);
/* Whether the next step runs if this one has that result, an error. */
bool io_step_forgives(struct io_kiocb *req, s32 res);

/* Take a request out of the chain's hands, with what it will be completed with. */
void io_chain_release(struct io_kiocb *req, const struct io_result *result,
		      bool silent);
/* Complete a request that is no step. */
void io_chain_complete(struct io_kiocb *req, const struct io_result *result,
		       bool silent);
/*
 * The chain is the child's, or has not come to it. Completes CLONE, whose arguments go
 * with it; a SPAWN stays with the chain.
 */
void io_chain_clone_done(struct io_chain *chain, int error);
/* Off the list: nobody but the owner finds the chain any more. */
void io_chain_leave(struct io_chain *chain);
/* Complete the steps from chain->steps on as cancelled, and the deadline. */
void io_chain_cancel_steps(struct io_chain *chain);
/* Steps that have their results have their CQEs afterwards. */
void io_chain_flush(struct io_chain *chain);
void io_chain_free(struct io_chain *chain);

bool io_chain_take_signals(struct io_chain *chain);
/* What ends the chain, at its end. */
enum io_uring_spawn_end io_chain_why(const struct io_chain *chain);

/*
 * Whether the child may go on: neither cancelled nor killed. May sleep, run task
 * work and take stops.
 */
static inline bool io_chain_alive(struct io_chain *chain)
{
	if (unlikely(task_work_pending(current) || signal_pending(current)))
		return io_chain_take_signals(chain);
	return !chain->child_state.dead && !READ_ONCE(chain->cancelled);
}

/* The result of a chain that is cancelled. A SPAWN has no CQE for its deadline. */
static inline int io_chain_cancelled(const struct io_chain *chain)
{
	return chain->plan && chain->cancelled &&
	       chain->cancelled_by == IORING_END_DEADLINE ? -ETIME : -ECANCELED;
}

/* A chain that must not run without its policies ends when one of them goes. */
static inline bool io_chain_unguarded(struct io_chain *chain)
{
	return chain->need_policy && !io_policy_list_intact(chain->pol.list);
}

/* For the filter: one bit of 64. */
static inline u64 io_chain_filter_bit(u64 user_data)
{
	return BIT_ULL(hash_64(user_data, 6));
}

/* --- for tracing ------------------------------------------------------- */

/* What has become of a request. */
struct io_step_event {
	u64			user_data;
	u32			cmd;		/* IORING_CHILD_*, or 0 */
	unsigned int		attempt;	/* 0: it was not issued */
	s32			res;
	u8			opcode;
	bool			staged;
	const char		*name;		/* "" if it has no path */
};

u64 io_chain_id(struct io_chain *chain);
/* A request has ended. */
void io_chain_trace(struct io_chain *chain, struct io_kiocb *req, bool staged,
		    s32 res);

/* Of the first request that a policy has staged; "" if there is none. */
static inline const char *io_chain_staged_name(struct io_chain *chain)
{
	const struct io_policy_run *run = chain->pol.run;

	return run->nr_staged ? io_staged_name(run->staged) : "";
}

/* Of the policy that was asked last, at first the first; 0 if there is none. */
static inline u32 io_chain_link_id(struct io_chain *chain)
{
	return chain->pol.policy ? chain->pol.policy->link_id : 0;
}

/* Nanoseconds since CLONE was issued; 0 if nobody asked then. */
static inline u64 io_chain_elapsed(struct io_chain *chain)
{
	return chain->begin ? ktime_to_ns(ktime_sub(ktime_get(), chain->begin)) : 0;
}

#endif
