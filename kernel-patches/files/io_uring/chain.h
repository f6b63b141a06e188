/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_CHAIN_H
#define IOU_CHAIN_H

#include <linux/hrtimer.h>
#include <linux/io_uring_types.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>

#include "policy.h"

/*
 * A CLONE and its steps, from the moment they are taken from the ring. It has
 * one owner at a time, who also frees it: the work that makes the child, then
 * the child. Others find it by ctx->spawn_list, under ctx->spawn_lock, and then
 * only to cancel it.
 *
 * ctx stays until the last of the chain's requests is completed: the chain
 * leaves the list before that, and must not look at ctx after.
 */
struct io_chain {
	struct io_ring_ctx	*ctx;
	struct list_head	node;		/* in ctx->spawn_list */

	/* under ctx->spawn_lock */
	bool			cancelled;
	bool			timed_out;
	struct task_struct	*child;
	struct io_kiocb		*steps;		/* current one first */

	struct io_kiocb		*clone;		/* until there is a child */
	struct io_kiocb		*ltimeout;	/* deadline of the whole, or NULL */
	struct io_kiocb		*exec;		/* the EXEC that was stood in for */
	struct task_struct	*task;		/* of the requests */
	u64			user_data;	/* of CLONE */
	u64			cookie;
	u64			id;
	ktime_t			start;		/* when CLONE was issued */
	unsigned int		nr_steps;

	/* making the child */
	int			error;		/* why there is no submitter */
	struct task_struct	*submitter;	/* whose task work does it */
	struct callback_head	work;
	struct delayed_work	retry;		/* under ctx->spawn_lock, too */
	unsigned long		retry_delay;	/* jiffies */
	sigset_t		blocked;	/* what the program shall block */
	unsigned long		ip, sp;		/* where debuggers expect it */

	/* used by the child only */
	pid_t			pid;		/* as CLONE's CQE tells it */
	unsigned int		step;		/* number of the current one */
	unsigned int		attempt;	/* requests issued for it */
	int			fd;		/* of its request */
	bool			own_issued;	/* that has been issued */
	bool			undumpable;	/* what the program shall be */
	bool			dead;		/* took a fatal signal */
	bool			execed;		/* is a program now */
	bool			committed;	/* is neither that nor the old */

	/* dealings with the policy, if there is one */
	struct io_policy	*policy;
	struct io_policy_run	*run;
	char			*tried;		/* a staged EXEC's path, or NULL */
	unsigned int		issued;		/* on behalf of the policy */
	u64			delayed;	/* nanoseconds, likewise */
};

/* How a step ends. */
enum io_step_end {
	IO_STEP_NEXT,		/* go on with the next one */
	IO_STEP_LAST,		/* the chain is over */
};

/* Runs in the child. Returns only if that has become a program. */
int io_chain_main(void *data);

/*
 * Issue a request of the chain in the child, with the result in req->cqe.res.
 * Returns whether it failed.
 */
bool io_chain_issue(struct io_chain *chain, struct io_kiocb *req, bool staged);
/* Whether the step behind a request runs if its result is an error. */
bool io_step_forgives(struct io_kiocb *req);
/* Take a request out of the chain's hands, for io_chain_complete() or so. */
void io_chain_release(struct io_kiocb *req);
/* Give a request its one completion. */
void io_chain_complete(struct io_kiocb *req, bool silent);
/* Off the list: nobody but the owner finds the chain any more. */
void io_chain_leave(struct io_chain *chain);
/* Complete the steps that will not run, and the deadline. */
void io_chain_cancel_steps(struct io_chain *chain);
/* Whether the child may go on: neither cancelled nor killed. May sleep. */
bool io_chain_alive(struct io_chain *chain);
void io_chain_free(struct io_chain *chain);

/* For tracing; 0 if the chain has no policy. */
static inline u32 io_chain_link_id(struct io_chain *chain)
{
	return chain->policy ? chain->policy->link_id : 0;
}

static inline u64 io_chain_elapsed(struct io_chain *chain)
{
	return ktime_to_ns(ktime_sub(ktime_get(), chain->start));
}

#endif
