// SPDX-License-Identifier: GPL-2.0
/*
 * What is told of a chain to those who watch: its number, what requests have come to,
 * and what has ended it.
 */
#include <linux/kernel.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/sched/signal.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "actor.h"
#include "chain.h"
#include "child.h"
#include "report.h"
#include "step.h"

#define CREATE_TRACE_POINTS
#include <trace/events/io_uring_spawn.h>

u64 io_chain_id(struct io_chain *chain)
{
	static atomic64_t last;

	if (!chain->id)
		chain->id = atomic64_inc_return(&last);
	return chain->id;
}

void io_trace_clean_name(char *name)
{
	for (; *name; name++)
		if (iscntrl((unsigned char)*name))
			*name = '?';
}

/* What a request comes to that is killed is no result of its own. */
static bool io_chain_interrupted(struct io_chain *chain)
{
	return chain->child_state.dead || READ_ONCE(chain->cancelled) ||
	       fatal_signal_pending(current);
}

void io_chain_trace(struct io_chain *chain, struct io_kiocb *req,
		    bool staged, s32 res)
{
	struct io_step_event event = {
		.user_data	= req->cqe.user_data,
		.attempt	= chain->step.attempt,
		.opcode		= req->opcode,
		.staged		= staged,
		.res		= res,
	};
	struct io_step_path path;

	if (req->opcode == IORING_OP_CHILD)
		event.cmd = io_child_cmd(req);
	if (res < 0 && io_chain_interrupted(chain))
		event.res = -ECANCELED;
	io_step_get_path(req, &path);
	event.name = path.path ?: "";
	trace_io_uring_spawn_step(chain, &event);
}

void io_chain_tell(struct io_chain *chain, struct io_kiocb *req, bool staged,
		   s32 res, bool failed)
{
	if (failed)
		io_report_note(chain, req, staged, res, chain->step.attempt);
	if (trace_io_uring_spawn_step_enabled())
		io_chain_trace(chain, req, staged, res);
}

/* Nobody asks any more whether it is cancelled: only what has been found counts. */
enum io_uring_spawn_end io_chain_why(const struct io_chain *chain)
{
	const struct io_child_state *state = &chain->child_state;

	if (chain->cancelled)
		return chain->cancelled_by;
	if (state->dead)
		return IORING_END_KILLED;
	if (state->end)
		return state->end;
	if (state->execed)
		return IORING_END_PROGRAM;
	if (chain->keeps && state->finished)
		return IORING_END_KEPT;
	return chain->step.result.failed || chain->step.result.res < 0 ?
	       IORING_END_STEP : IORING_END_NO_EXEC;
}
