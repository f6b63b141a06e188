// SPDX-License-Identifier: GPL-2.0
/*
 * What the child of a chain does to its place among processes: sessions,
 * signals, namespaces.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/signal.h>
#include <linux/syscalls.h>
#include <linux/tty.h>

#include <asm/ioctls.h>

#include "call.h"
#include "chain.h"
#include "child_cmd.h"
#include "spawn.h"

int io_child_setsid(struct io_child *child)
{
	return ksys_setsid();
}

int io_child_setpgid(struct io_child *child)
{
	return ksys_setpgid(0, child->off);
}

/* All signals are blocked here, so it need not be in the foreground itself. */
int io_child_tcsetpgrp(struct io_child *child)
{
	pid_t pgrp = child->off ?: task_pgrp_vnr(current);
	struct file *file;
	int ret = -ENOTTY;

	file = fget(child->fd);
	if (!file)
		return -EBADF;
	if (IS_ENABLED(CONFIG_TTY))
		ret = security_file_ioctl(file, TIOCSPGRP, 0) ?:
		      tty_set_foreground(file, pgrp);
	fput(file);
	return ret;
}

/* Bits as user space has them, the first is signal 1. */
static sigset_t io_child_sigset(u64 bits)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	for (sig = 1; sig <= 64; sig++) {
		if (bits & BIT_ULL(sig - 1))
			sigaddset(&set, sig);
	}
	return set;
}

/* The child itself blocks all that can be, until it is the program. */
int io_child_sigmask(struct io_child *child)
{
	cmd_to_io_kiocb(child)->chain->snapshot.blocked =
		io_child_sigset(child->off);
	return 0;
}

static int io_child_set_default(struct io_child *child, const struct io_call *call)
{
	kernel_sigaction(call->args[0], SIG_DFL);
	return 0;
}

static int io_child_set_ignored(struct io_child *child, const struct io_call *call)
{
	kernel_sigaction(call->args[0], SIG_IGN);
	return 0;
}

static int io_child_sigactions(struct io_child *child,
			       int (*set)(struct io_child *child,
					  const struct io_call *call))
{
	struct io_call call = {
		.nr	= IO_CALL_NR(rt_sigaction),
		.compat	= cmd_to_io_kiocb(child)->ctx->compat,
		.args	= { 0, IO_CALL_NOWHERE, 0, sizeof(sigset_t) },
	};
	int sig, ret = 0;

	for (sig = 1; sig <= 64 && !ret; sig++) {
		call.args[0] = sig;
		if (child->off & BIT_ULL(sig - 1))
			ret = io_child_call(child, &call, set);
	}
	return ret;
}

int io_child_sigdefault(struct io_child *child)
{
	return io_child_sigactions(child, io_child_set_default);
}

int io_child_sigignore(struct io_child *child)
{
	if (child->off & (BIT_ULL(SIGKILL - 1) | BIT_ULL(SIGSTOP - 1)))
		return -EINVAL;
	return io_child_sigactions(child, io_child_set_ignored);
}

int io_child_unshare(struct io_child *child)
{
	if (child->off & ~(u64)IO_NAMESPACE_FLAGS)
		return -EINVAL;
	if (child->off & CLONE_NEWUSER)
		io_child_guard_memory();
	return ksys_unshare(child->off);
}

int io_child_setns(struct io_child *child)
{
	/* whatever namespaces these turn out to be */
	io_child_guard_memory();
	return ksys_setns(child->fd, child->off);
}
