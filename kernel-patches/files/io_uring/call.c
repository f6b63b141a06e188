// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that are not made: see call.h.
 */
#include <linux/kernel.h>
#include <linux/audit.h>
#include <linux/entry-common.h>
#include <linux/errno.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/seccomp.h>
#include <linux/syscalls.h>
#include <linux/thread_info.h>

#include <asm/syscall.h>

#include <trace/events/syscalls.h>

#include "call.h"

static unsigned long io_call_work(unsigned long of)
{
	return READ_ONCE(current_thread_info()->syscall_work) & of;
}

/* Where everybody looks for an argument. */
static unsigned long *io_call_reg(struct pt_regs *regs, bool compat, unsigned int arg)
{
	unsigned long *const compat_regs[] = { &regs->bx, &regs->cx, &regs->dx,
					       &regs->si, &regs->di, &regs->bp };
	unsigned long *const native_regs[] = { &regs->di, &regs->si, &regs->dx,
					       &regs->r10, &regs->r8, &regs->r9 };

	return compat ? compat_regs[arg] : native_regs[arg];
}

/* The child has no other use for its registers. */
static void io_call_show(const struct io_call *call)
{
	struct pt_regs *regs = current_pt_regs();
	unsigned int i;

	if (unlikely(call->compat)) {
		current_thread_info()->status |= TS_COMPAT;
		regs->orig_ax = call->nr.compat;
		for (i = 0; i < IO_CALL_ARGS; i++)
			*io_call_reg(regs, true, i) = (u32)call->args[i];
	} else {
		regs->orig_ax = call->nr.native;
		regs->di = call->args[0];
		regs->si = call->args[1];
		regs->dx = call->args[2];
		regs->r10 = call->args[3];
		regs->r8 = call->args[4];
		regs->r9 = call->args[5];
	}
	/* as it is before any call has run */
	regs->ax = __x64_sys_ni_syscall(regs);
}

/* Somebody wants another call, or none. */
static bool io_call_changed(const struct io_call *call)
{
	struct pt_regs *regs = current_pt_regs();
	unsigned int i;

	if ((int)regs->orig_ax != (call->compat ? call->nr.compat : call->nr.native))
		return true;
	for (i = 0; i < IO_CALL_ARGS; i++) {
		u64 arg = call->compat ? (u32)call->args[i] : call->args[i];

		if (*io_call_reg(regs, call->compat, i) != arg)
			return true;
	}
	return false;
}

/*
 * A filter that kills or traps sends SIGSYS so that it is not blocked any more,
 * which it is here otherwise. There is no handler to run.
 */
bool io_call_killed(void)
{
	return !sigismember(&current->blocked, SIGSYS) || fatal_signal_pending(current);
}

/* What stands in for a call that was skipped. */
static int io_call_skipped(const struct io_call *call)
{
	long res = syscall_get_return_value(current, current_pt_regs());

	if (io_call_killed())
		return -ECANCELED;
	/* a debugger that emulates calls has nothing to emulate */
	if (io_call_work(SYSCALL_WORK_SYSCALL_EMU))
		return -EPERM;
	/* a stop has come before the supervisor's answer */
	if (res == -ERESTARTSYS && signal_pending(current))
		return -EINTR;
	if (res >= 0)
		return call->must_run ? -EPERM : min_t(long, res, INT_MAX);
	/* what has a meaning within the kernel alone, or none */
	return res <= -ERESTARTSYS || res < -MAX_ERRNO ? -EPERM : res;
}

static noinline bool io_call_ask(const struct io_call *call, unsigned long work,
				 int *res)
{
	struct pt_regs *regs = current_pt_regs();

	if (syscall_trace_enter(regs, regs->orig_ax, work) == -1L) {
		*res = io_call_skipped(call);
		return false;
	}
	if (io_call_changed(call)) {
		*res = -EPERM;
		return false;
	}
	if (fatal_signal_pending(current)) {
		*res = -ECANCELED;
		return false;
	}
	return true;
}

bool io_call_may_wait(void)
{
	return io_call_work(SYSCALL_WORK_SECCOMP | SYSCALL_WORK_SYSCALL_TRACE |
			    SYSCALL_WORK_SYSCALL_EMU);
}

bool io_call_enter(const struct io_call *call, int *res)
{
	unsigned long work = io_call_work(SYSCALL_WORK_ENTER);

	io_call_show(call);
	return likely(!work) || io_call_ask(call, work, res);
}

static noinline void io_call_tell(unsigned long work, int res)
{
	struct pt_regs *regs = current_pt_regs();

	audit_syscall_exit(regs);
	if (work & SYSCALL_WORK_SYSCALL_TRACEPOINT)
		trace_sys_exit(regs, res);
	if (work & SYSCALL_WORK_SYSCALL_TRACE && !io_call_killed())
		ptrace_report_syscall_exit(regs, 0);
}

void io_call_exit(const struct io_call *call, int res)
{
	unsigned long work = io_call_work(SYSCALL_WORK_EXIT);

	current_pt_regs()->ax = res;
	if (unlikely(work))
		io_call_tell(work, res);
	if (unlikely(call->compat))
		current_thread_info()->status &= ~TS_COMPAT;
}

void io_call_execed(void)
{
	struct pt_regs *regs = current_pt_regs();

	/* audit holds names of the request, which goes now */
	regs->ax = 0;
	audit_syscall_exit(regs);
}
