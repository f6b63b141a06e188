/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls that the child of a chain gets done without making them. Filters
 * and debuggers are told of them as if it did.
 */
#ifndef IOU_CALL_H
#define IOU_CALL_H

#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <linux/types.h>

#include <asm/unistd.h>

struct io_call {
	struct seccomp_data	data;
	bool			shown;
	struct pt_regs		regs;	/* the child's own, while it is shown */
	u32			status;	/* likewise */
};

/* The numbers of a call, for native and for 32-bit callers. */
struct io_call_nr {
	int			native;
	int			compat;
};

#define IO_CALL_NR(name) \
	((struct io_call_nr) { __NR_##name, __NR_ia32_##name })

/* Arguments are those that user space would pass. */
void io_call_set(struct seccomp_data *data, bool compat, struct io_call_nr nr,
		 const u64 args[6]);

/*
 * The child is about to do what call->data says. Returns 0 if it may, -EPERM
 * if a debugger wants it otherwise, -EINTR if the child is to die, or what the
 * filters say. It may stop here, for a debugger.
 */
int io_call_begin(struct io_call *call);
/* It has this result, or io_call_begin() had. Not for an exec that succeeded. */
void io_call_end(struct io_call *call, int ret);

#endif
