/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls that a child gets done without making them. They are calls all
 * the same to audit, seccomp filters, debuggers and tracepoints, which find them
 * in the child's registers.
 */
#ifndef IOU_CALL_H
#define IOU_CALL_H

#include <linux/types.h>

#include <asm/unistd.h>

#define IO_CALL_ARGS	6
/* An address that a call would have and this one has not: not 0, which asks. */
#define IO_CALL_NOWHERE	(~0ULL)

/* The numbers of a call, for native and for 32-bit callers. */
struct io_call_nr {
	short			native;
	short			compat;
};

#define IO_CALL_NR(name) { __NR_##name, __NR_ia32_##name }

struct io_call {
	struct io_call_nr	nr;
	bool			compat;
	/* there is no success that somebody else could make up */
	bool			must_run;
	/* as user space would pass them */
	u64			args[IO_CALL_ARGS];
};

/*
 * The current task, a child, is about to do what @call says. Returns whether it
 * shall; if not, *@res is what comes of it: what a filter, its supervisor or a
 * debugger has put in place of the call, or -EPERM if they have put another call
 * there.
 */
bool io_call_enter(const struct io_call *call, int *res);
/* The current task has been killed for it, and is not to go on: -ECANCELED. */
bool io_call_killed(void);
/* It has this result, or the one that io_call_enter() has told. */
void io_call_exit(const struct io_call *call, int res);
/*
 * The call was an exec, and there is a program now. For debuggers it ends when
 * the task returns to user mode.
 */
void io_call_execed(void);
/* Whether somebody may hold a call of the current task for as long as he likes. */
bool io_call_may_wait(void);

#endif
