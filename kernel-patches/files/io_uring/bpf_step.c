// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel functions by which a policy looks at the step at hand. What they copy is
 * the kernel's: names that requests were prepared with, and what EXEC has read of a
 * file. None of them waits, or reads user memory or files.
 */
#include <linux/kernel.h>
#include <linux/binfmts.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/errno.h>
#include <linux/string.h>

#include <uapi/linux/io_uring_spawn.h>

#include "policy.h"

static const struct io_policy_run *io_run_of(struct bpf_iouring_ctx *ctx)
{
	return container_of(ctx, struct io_policy_run, ctx);
}

__bpf_kfunc_start_defs();

/**
 * bpf_iouring_step_path() - path of the step at hand
 * @ctx: context of the program
 * @buf: where to copy it, with a NUL at the end
 * @buf__sz: size of @buf
 *
 * Of an EXEC, an OPENAT or OPENAT2, and of the commands of CHILD that have one. It
 * starts where IORING_POLICY_F_PATH_AT says; what else the step does with it is in
 * path_flags, path_mode and path_resolve.
 *
 * Return: its length without the NUL, -ENOENT if the step has no path,
 * -ENAMETOOLONG if @buf is too small; it has as much as fits then.
 */
__bpf_kfunc int bpf_iouring_step_path(struct bpf_iouring_ctx *ctx, char *buf,
				      u32 buf__sz)
{
	const struct io_policy_run *run = io_run_of(ctx);
	ssize_t len;

	if (!run->step_path)
		return -ENOENT;
	len = strscpy(buf, run->step_path, buf__sz);
	return len < 0 ? -ENAMETOOLONG : len;
}

/**
 * bpf_iouring_exec_head() - what a file that was not executed begins with
 * @ctx: context of the program
 * @buf: where to copy it
 * @buf__sz: size of @buf
 *
 * Of the file that the last EXEC of this step was to execute, its own or a staged
 * one, if that has failed after the file had been read: for want of a format, of its
 * interpreter, of memory.
 *
 * Return: how many bytes it has copied, 256 at most; -ENOENT if no EXEC has got that
 * far, or the error with which the child cannot open the file for reading.
 */
__bpf_kfunc int bpf_iouring_exec_head(struct bpf_iouring_ctx *ctx, void *buf,
				      u32 buf__sz)
{
	const struct spawn_head *head = io_run_of(ctx)->head;
	int len;

	if (!head)
		return -ENOENT;
	if (head->len < 0)
		return head->len;
	len = min_t(u32, head->len, buf__sz);
	memcpy(buf, head->bytes, len);
	return len;
}

__bpf_kfunc_end_defs();
