/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM io_uring_spawn

#if !defined(_TRACE_IO_URING_SPAWN_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_IO_URING_SPAWN_H

#include <linux/tracepoint.h>
#include <linux/io_uring.h>

struct io_chain;

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
 * @req:	the request
 * @cmd:	the command, if that is an IORING_OP_CHILD
 * @staged:	a policy made it
 * @res:	its result
 * @name:	the path that an EXEC tried, or an empty string
 */
TRACE_EVENT(io_uring_spawn_step,

	TP_PROTO(struct io_chain *chain, struct io_kiocb *req, u32 cmd,
		 bool staged, s32 res, const char *name),

	TP_ARGS(chain, req, cmd, staged, res, name),

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
		__string(opname, io_uring_get_opcode(req->opcode))
		__string(name,	name)
	),

	TP_fast_assign(
		__entry->chain		= io_chain_id(chain);
		__entry->link		= io_chain_link_id(chain);
		__entry->pid		= chain->pid;
		__entry->step		= chain->step.nr;
		__entry->attempt	= chain->step.attempt;
		__entry->op		= req->opcode;
		__entry->cmd		= cmd;
		__entry->res		= res;
		__entry->staged		= staged;
		__entry->user_data	= req->cqe.user_data;
		__entry->elapsed_ns	= io_chain_elapsed(chain);
		__assign_str(opname);
		__assign_str(name);
	),

	TP_printk("chain=%llu link=%u pid=%d step=%u attempt=%u op=%u opname=%s cmd=%u res=%d staged=%d user_data=0x%llx elapsed_ns=%llu name=%s",
		  __entry->chain, __entry->link, __entry->pid, __entry->step,
		  __entry->attempt, __entry->op, __get_str(opname),
		  __entry->cmd, __entry->res, __entry->staged,
		  __entry->user_data, __entry->elapsed_ns, __get_str(name))
);

/**
 * io_uring_spawn_verdict - a policy has decided
 * @chain:	the chain it decided about
 * @req:	the request of the current step
 * @verdict:	what it returned
 * @result:	the result of the step as it stands now
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
		__field(u64,	delay_ns)
		__field(s32,	result)
		__string(opname, io_uring_get_opcode(req->opcode))
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
			chain->pol.run->staged[0].kind == IO_STAGED_SQE ?
			chain->pol.run->staged[0].sqe.opcode : IORING_OP_EXEC;
		__entry->delay_ns	= chain->pol.run->delay;
		__entry->result		= result;
		__assign_str(opname);
	),

	TP_printk("chain=%llu link=%u prog=%u pid=%d step=%u event=%s op=%u opname=%s res=%d verdict=%s staged=%u staged_op=%u delay_ns=%llu result=%d",
		  __entry->chain, __entry->link, __entry->prog, __entry->pid,
		  __entry->step,
		  __print_symbolic(__entry->event,
				   { IORING_POLICY_FAILED,	"FAILED" },
				   { IORING_POLICY_STAGED,	"STAGED" },
				   { IORING_POLICY_BEFORE_STEP,	"BEFORE_STEP" },
				   { IORING_POLICY_BEFORE_EXEC,	"BEFORE_EXEC" },
				   { IORING_POLICY_DONE,	"DONE" },
				   { IORING_POLICY_CLONE,	"CLONE" }),
		  __entry->op, __get_str(opname), __entry->res,
		  __print_symbolic(__entry->verdict,
				   { IORING_VERDICT_CONTINUE,	"CONTINUE" },
				   { IORING_VERDICT_RETRY,	"RETRY" },
				   { IORING_VERDICT_SKIP,	"SKIP" },
				   { IORING_VERDICT_SUBMIT,	"SUBMIT" },
				   { IORING_VERDICT_ABORT,	"ABORT" }),
		  __entry->staged, __entry->staged_op, __entry->delay_ns,
		  __entry->result)
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
		__field(s32,	res)
		__field(u32,	issued)
		__field(u64,	elapsed_ns)
	),

	TP_fast_assign(
		__entry->chain		= io_chain_id(chain);
		__entry->link		= io_chain_link_id(chain);
		__entry->pid		= chain->pid;
		__entry->res		= res;
		__entry->issued		= chain->pol.issued;
		__entry->elapsed_ns	= io_chain_elapsed(chain);
	),

	TP_printk("chain=%llu link=%u pid=%d res=%d issued=%u elapsed_ns=%llu",
		  __entry->chain, __entry->link, __entry->pid, __entry->res,
		  __entry->issued, __entry->elapsed_ns)
);

#endif

#include <trace/define_trace.h>
