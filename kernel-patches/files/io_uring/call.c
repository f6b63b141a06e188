// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that are not made: see call.h.
 */
#include <linux/kernel.h>
#include <linux/audit.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/seccomp.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/thread_info.h>

#include "call.h"

#define IO_CALL_ARGS	ARRAY_SIZE(((struct seccomp_data *)0)->args)

void io_call_set(struct seccomp_data *data, bool compat, struct io_call_nr nr,
		 const u64 args[6])
{
	unsigned int i;

	memset(data, 0, sizeof(*data));
	data->nr = compat ? nr.compat : nr.native;
	data->arch = compat ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
	for (i = 0; i < IO_CALL_ARGS; i++)
		data->args[i] = compat ? (u32)args[i] : args[i];
}

static bool io_call_is_compat(const struct io_call *call)
{
	return call->data.arch == AUDIT_ARCH_I386;
}

/* Where a debugger looks for an argument. */
static unsigned long *io_call_reg(const struct io_call *call, unsigned int arg)
{
	struct pt_regs *regs = current_pt_regs();
	unsigned long *compat[] = { &regs->bx, &regs->cx, &regs->dx,
				    &regs->si, &regs->di, &regs->bp };
	unsigned long *native[] = { &regs->di, &regs->si, &regs->dx,
				    &regs->r10, &regs->r8, &regs->r9 };

	return io_call_is_compat(call) ? compat[arg] : native[arg];
}

/* The child has no use for its registers. */
static void io_call_show(struct io_call *call)
{
	struct pt_regs *regs = current_pt_regs();
	unsigned int i;

	call->regs = *regs;
	call->status = current_thread_info()->status & TS_COMPAT;
	current_thread_info()->status &= ~TS_COMPAT;
	if (io_call_is_compat(call))
		current_thread_info()->status |= TS_COMPAT;

	regs->orig_ax = call->data.nr;
	/* as it is before any call has run */
	regs->ax = __x64_sys_ni_syscall(regs);
	for (i = 0; i < IO_CALL_ARGS; i++)
		*io_call_reg(call, i) = call->data.args[i];
}

/* A debugger wants another call, or none. */
static bool io_call_changed(const struct io_call *call)
{
	unsigned int i;

	if ((int)current_pt_regs()->orig_ax != call->data.nr)
		return true;
	for (i = 0; i < IO_CALL_ARGS; i++) {
		if (*io_call_reg(call, i) != call->data.args[i])
			return true;
	}
	return false;
}

/* In the order of a system call: the debugger, then the filters. */
int io_call_begin(struct io_call *call)
{
	call->shown = test_syscall_work(SYSCALL_TRACE);
	if (call->shown) {
		io_call_show(call);
		if (ptrace_report_syscall_entry(current_pt_regs()))
			return -EINTR;
		if (io_call_changed(call))
			return -EPERM;
	} else if (test_syscall_work(SYSCALL_EMU)) {
		/* to be made by the debugger, which cannot do that */
		return -EPERM;
	}
	return seccomp_check(&call->data);
}

void io_call_end(struct io_call *call, int ret)
{
	struct pt_regs *regs = current_pt_regs();

	if (!call->shown)
		return;
	regs->ax = ret;
	if (test_syscall_work(SYSCALL_TRACE))
		ptrace_report_syscall_exit(regs, 0);
	*regs = call->regs;
	current_thread_info()->status &= ~TS_COMPAT;
	current_thread_info()->status |= call->status;
}
