/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM io_uring_spawn

#if !defined(_TRACE_IO_URING_SPAWN_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_IO_URING_SPAWN_H

#include <linux/tracepoint.h>
#include <linux/io_uring.h>

struct io_actor_run;
struct io_chain;
struct io_step_event;

/* Of a name: what is longer does not fit into an event. */
#define IO_TRACE_NAME_MAX	1024

/* Names end a line of the trace: what would begin another one becomes '?'. */
void io_trace_clean_name(char *name);

/**
 * io_uring_spawn_start - a child has been made, and is about to run
 * @chain:	its chain
 *
 * Emitted by the submitter.
 */
TRACE_EVENT(io_uring_spawn_start,

	TP_PROTO(struct io_chain *chain),

	TP_ARGS(chain),

	TP_STRUCT__entry(
		__field(u64,	chain)
		__field(u32,	link)
		__field(s32,	pid)
		__field(u32,	steps)
		__field(u64,	cookie)
		__field(u64,	user_data)
	),

	TP_fast_assign(
		__entry->chain		= io_chain_id(chain);
		__entry->link		= io_chain_link_id(chain);
		__entry->pid		= chain->pid;
		__entry->steps		= chain->nr_steps;
		__entry->cookie		= chain->cookie;
		__entry->user_data	= chain->user_data;
	),

	TP_printk("chain=%llu link=%u pid=%d steps=%u cookie=0x%llx user_data=0x%llx",
		  __entry->chain, __entry->link, __entry->pid, __entry->steps,
		  __entry->cookie, __entry->user_data)
);

/**
 * io_uring_spawn_step - a request of a chain has ended in the child
 * @chain:	its chain
 * @event:	the request, and what has become of it
 *
 * Also emitted for a request that a policy has staged and that is not issued: its
 * attempt is 0, or it has been refused.
 */
TRACE_EVENT(io_uring_spawn_step,

	TP_PROTO(struct io_chain *chain, const struct io_step_event *event),

	TP_ARGS(chain, event),

	TP_STRUCT__entry(
		__field(u64,	chain)
		__field(u32,	link)
		__field(s32,	pid)
		__field(u32,	step)
		__field(u32,	attempt)
		__field(u32,	op)
		__field(u32,	cmd)
		__field(s32,	res)
		__field(bool,	staged)
		__field(u64,	user_data)
		__field(u64,	elapsed_ns)
		__string(opname, io_uring_get_opcode(event->opcode))
		__string_len(name, event->name,
			     strnlen(event->name, IO_TRACE_NAME_MAX))
	),

	TP_fast_assign(
		__entry->chain		= io_chain_id(chain);
		__entry->link		= io_chain_link_id(chain);
		__entry->pid		= chain->pid;
		__entry->step		= chain->step.nr;
		__entry->attempt	= event->attempt;
		__entry->op		= event->opcode;
		__entry->cmd		= event->cmd;
		__entry->res		= event->res;
		__entry->staged		= event->staged;
		__entry->user_data	= event->user_data;
		__entry->elapsed_ns	= io_chain_elapsed(chain);
		__assign_str(opname);
		__assign_str(name);
		io_trace_clean_name(__get_str(name));
	),

	TP_printk("chain=%llu link=%u pid=%d step=%u attempt=%u op=%u opname=%s cmd=%u res=%d staged=%d user_data=0x%llx elapsed_ns=%llu name=%s",
		  __entry->chain, __entry->link, __entry->pid, __entry->step,
		  __entry->attempt, __entry->op, __get_str(opname),
		  __entry->cmd, __entry->res, __entry->staged,
		  __entry->user_data, __entry->elapsed_ns, __get_str(name))
);

/**
 * io_uring_spawn_verdict - a policy has decided, or passed
 * @chain:	the chain it was asked about
 * @req:	the request of the current step
 * @verdict:	what it returned
 * @result:	the result of the step as it stands now
 *
 * Of the requests that it has staged, the first is described here; each has an
 * io_uring_spawn_step of its own once it has ended.
 */
TRACE_EVENT(io_uring_spawn_verdict,

	TP_PROTO(struct io_chain *chain, struct io_kiocb *req, int verdict,
		 s32 result),

	TP_ARGS(chain, req, verdict, result),

	TP_STRUCT__entry(
		__field(u64,	chain)
		__field(u32,	link)
		__field(u32,	prog)
		__field(s32,	pid)
		__field(u32,	step)
		__field(u32,	event)
		__field(u32,	op)
		__field(s32,	res)
		__field(s32,	verdict)
		__field(u32,	staged)
		__field(u32,	staged_op)
		__field(u32,	staged_cmd)
		__field(u64,	delay_ns)
		__field(s32,	result)
		__string(opname, io_uring_get_opcode(req->opcode))
		__string_len(name, io_chain_staged_name(chain),
			     strnlen(io_chain_staged_name(chain), IO_TRACE_NAME_MAX))
	),

	TP_fast_assign(
		__entry->chain		= io_chain_id(chain);
		__entry->link		= io_chain_link_id(chain);
		__entry->prog		= chain->pol.run->prog_id;
		__entry->pid		= chain->pid;
		__entry->step		= chain->step.nr;
		__entry->event		= chain->pol.run->ctx.event;
		__entry->op		= req->opcode;
		__entry->res		= chain->pol.run->ctx.res;
		__entry->verdict	= verdict;
		__entry->staged		= chain->pol.run->nr_staged;
		__entry->staged_op	= !chain->pol.run->nr_staged ? 0 :
			io_staged_op(chain->pol.run->staged);
		__entry->staged_cmd	= !chain->pol.run->nr_staged ? 0 :
			io_staged_what(chain->pol.run->staged);
		__entry->delay_ns	= chain->pol.run->delay;
		__entry->result		= result;
		__assign_str(opname);
		__assign_str(name);
		io_trace_clean_name(__get_str(name));
	),

	TP_printk("chain=%llu link=%u prog=%u pid=%d step=%u event=%s op=%u opname=%s res=%d verdict=%s staged=%u staged_op=%u staged_cmd=%u delay_ns=%llu result=%d name=%s",
		  __entry->chain, __entry->link, __entry->prog, __entry->pid,
		  __entry->step,
		  __print_symbolic(__entry->event,
				   { IORING_POLICY_FAILED,	"FAILED" },
				   { IORING_POLICY_STAGED,	"STAGED" },
				   { IORING_POLICY_BEFORE_STEP,	"BEFORE_STEP" },
				   { IORING_POLICY_BEFORE_EXEC,	"BEFORE_EXEC" },
				   { IORING_POLICY_DONE,	"DONE" },
				   { IORING_POLICY_CLONE,	"CLONE" },
				   { IORING_POLICY_MISS,	"MISS" },
				   { IORING_POLICY_EXECED,	"EXECED" }),
		  __entry->op, __get_str(opname), __entry->res,
		  __print_symbolic(__entry->verdict,
				   { IORING_VERDICT_CONTINUE,	"CONTINUE" },
				   { IORING_VERDICT_RETRY,	"RETRY" },
				   { IORING_VERDICT_SKIP,	"SKIP" },
				   { IORING_VERDICT_SUBMIT,	"SUBMIT" },
				   { IORING_VERDICT_ABORT,	"ABORT" },
				   { IORING_VERDICT_PASS,	"PASS" }),
		  __entry->staged, __entry->staged_op, __entry->staged_cmd,
		  __entry->delay_ns, __entry->result, __get_str(name))
);

/**
 * io_uring_spawn_end - a chain is over
 * @chain:	the chain
 * @res:	0 if the child is a program now, else why it is not
 */
TRACE_EVENT(io_uring_spawn_end,

	TP_PROTO(struct io_chain *chain, s32 res),

	TP_ARGS(chain, res),

	TP_STRUCT__entry(
		__field(u64,	chain)
		__field(u32,	link)
		__field(s32,	pid)
		__field(u32,	step)
		__field(s32,	res)
		__field(u32,	end)
		__field(u32,	issued)
		__field(u64,	elapsed_ns)
	),

	TP_fast_assign(
		__entry->chain		= io_chain_id(chain);
		__entry->link		= io_chain_link_id(chain);
		__entry->pid		= chain->pid;
		__entry->step		= chain->step.nr;
		__entry->res		= res;
		__entry->end		= io_chain_why(chain);
		__entry->issued		= chain->pol.issued;
		__entry->elapsed_ns	= io_chain_elapsed(chain);
	),

	TP_printk("chain=%llu link=%u pid=%d step=%u res=%d end=%s issued=%u elapsed_ns=%llu",
		  __entry->chain, __entry->link, __entry->pid, __entry->step,
		  __entry->res,
		  __print_symbolic(__entry->end,
				   { IORING_END_PROGRAM,	"PROGRAM" },
				   { IORING_END_CLONE,		"CLONE" },
				   { IORING_END_STEP,		"STEP" },
				   { IORING_END_NO_EXEC,	"NO_EXEC" },
				   { IORING_END_VERDICT,	"VERDICT" },
				   { IORING_END_REFUSED,	"REFUSED" },
				   { IORING_END_BUDGET,		"BUDGET" },
				   { IORING_END_NO_POLICY,	"NO_POLICY" },
				   { IORING_END_DEADLINE,	"DEADLINE" },
				   { IORING_END_CANCEL,		"CANCEL" },
				   { IORING_END_EXIT,		"EXIT" },
				   { IORING_END_KILLED,		"KILLED" },
				   { IORING_END_KEPT,		"KEPT" }),
		  __entry->issued, __entry->elapsed_ns)
);

TRACE_DEFINE_ENUM(IORING_ACTOR_START);
TRACE_DEFINE_ENUM(IORING_ACTOR_CQE);
TRACE_DEFINE_ENUM(IORING_ACTOR_CANCEL);
TRACE_DEFINE_ENUM(IORING_ACTOR_WAIT);
TRACE_DEFINE_ENUM(IORING_ACTOR_END);

/**
 * io_uring_actor_run - the program of an IORING_OP_BPF has run
 * @link:	id of its link
 * @run:	what it was told, and what it has asked for
 * @verdict:	what it has returned
 */
TRACE_EVENT(io_uring_actor_run,

	TP_PROTO(u32 link, const struct io_actor_run *run, u32 verdict),

	TP_ARGS(link, run, verdict),

	TP_STRUCT__entry(
		__field(u64,	ring)
		__field(u32,	link)
		__field(u32,	event)
		__field(u64,	user_data)
		__field(u64,	tag)
		__field(u32,	op)
		__field(s32,	res)
		__field(u32,	cqe_flags)
		__field(u32,	verdict)
		__field(u32,	staged)
		__field(u32,	posted)
		__field(u32,	in_flight)
		__string(opname, run->ctx.event == IORING_ACTOR_CQE ?
				 io_uring_get_opcode(run->ctx.opcode) : "")
	),

	TP_fast_assign(
		__entry->ring		= run->ctx.ring_id;
		__entry->link		= link;
		__entry->event		= run->ctx.event;
		__entry->user_data	= run->ctx.user_data;
		__entry->tag		= run->ctx.tag;
		__entry->op		= run->ctx.opcode;
		__entry->res		= run->ctx.res;
		__entry->cqe_flags	= run->ctx.cqe_flags;
		__entry->verdict	= verdict;
		__entry->staged		= run->nr_staged;
		__entry->posted		= run->nr_posted;
		__entry->in_flight	= run->ctx.in_flight;
		__assign_str(opname);
	),

	TP_printk("ring=%llu link=%u user_data=0x%llx event=%s op=%u opname=%s tag=0x%llx res=%d cqe_flags=0x%x verdict=%s staged=%u posted=%u in_flight=%u",
		  __entry->ring, __entry->link, __entry->user_data,
		  __print_symbolic(__entry->event,
				   { IORING_ACTOR_START,	"START" },
				   { IORING_ACTOR_CQE,		"CQE" },
				   { IORING_ACTOR_CANCEL,	"CANCEL" }),
		  __entry->op, __get_str(opname), __entry->tag, __entry->res,
		  __entry->cqe_flags,
		  __print_symbolic(__entry->verdict,
				   { IORING_ACTOR_WAIT,		"WAIT" },
				   { IORING_ACTOR_END,		"END" }),
		  __entry->staged, __entry->posted, __entry->in_flight)
);

/**
 * io_uring_actor_end - an IORING_OP_BPF is complete
 * @ring:	id of the ring
 * @link:	id of its program's link
 * @user_data:	of the request
 * @res:	its result
 */
TRACE_EVENT(io_uring_actor_end,

	TP_PROTO(u64 ring, u32 link, u64 user_data, s32 res),

	TP_ARGS(ring, link, user_data, res),

	TP_STRUCT__entry(
		__field(u64,	ring)
		__field(u32,	link)
		__field(u64,	user_data)
		__field(s32,	res)
	),

	TP_fast_assign(
		__entry->ring		= ring;
		__entry->link		= link;
		__entry->user_data	= user_data;
		__entry->res		= res;
	),

	TP_printk("ring=%llu link=%u user_data=0x%llx res=%d",
		  __entry->ring, __entry->link, __entry->user_data, __entry->res)
);

#endif

#include <trace/define_trace.h>
