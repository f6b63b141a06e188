/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every policy includes: the context (struct bpf_iouring_ctx), events, verdicts and
 * commands (io_uring_spawn.h), SQEs, map types, errno values, BPF helpers and the kernel
 * functions of policies. spawnpol-policy(7) explains how to build policies,
 * spawnpol-reference(7) what each function does.
 *
 *	#include "spawnpol_policy.h"
 *
 *	SPAWNPOL_EVENTS(0);
 *
 *	SPAWNPOL_POLICY(name)(struct bpf_iouring_ctx *ctx)
 *	{
 *		return IORING_VERDICT_CONTINUE;
 *	}
 *
 *	SPAWNPOL_LICENSE("GPL");
 *
 * This file uses only libbpf's headers and the C library's kernel headers. So you can
 * build a policy without a kernel that has the series, and the object does not depend on
 * the machine. A policy that needs further kernel types declares the fields that it reads,
 * with preserve_access_index; or it includes, before this file, a vmlinux.h of a kernel
 * with the series.
 */
#ifndef SPAWNPOL_POLICY_H
#define SPAWNPOL_POLICY_H

#include "spawnpol_program.h"

/*
 * The events that the policy requests in addition to failures and the end of staged
 * requests: a mask of IORING_POLICY_BEFORE_STEP, _BEFORE_EXEC, _DONE, _CLONE, _MISS and
 * _EXECED, or 0. Loaders read the variable from the object's .rodata and request the
 * events at attach.
 */
#define SPAWNPOL_EVENTS(mask)						\
	const volatile __u32 spawnpol_events = (mask)

/* Begins the definition of a policy, which is always sleepable (".s"). */
#define SPAWNPOL_POLICY(name)						\
	SEC("iouring.s/spawn") int name

/*
 * Kernel functions. Each returns 0 or a negative errno value, unless its description says
 * otherwise. Memory must be writable: the stack or a map value, not a string literal.
 */

/*
 * Stage a copy of an SQE (struct io_uring_sqe). The kernel issues it if the verdict is
 * SUBMIT. It issues the requests that one run stages in order, up to the first that
 * fails, so they are not alternatives. To try another request after a failure, stage it
 * in the run for the event STAGED.
 */
extern int bpf_iouring_stage_sqe(struct bpf_iouring_ctx *ctx,
				 const void *sqe,
				 __u32 sqe__sz) __ksym;

/*
 * Stage a request of IORING_OP_CHILD with a path of the policy's, for commands that take a
 * path. addr of sqe is 0.
 */
extern int bpf_iouring_stage_child(struct bpf_iouring_ctx *ctx,
				   const void *sqe, __u32 sqe__sz,
				   const char *path, __u32 path__sz) __ksym;

/* Stage an EXEC of path with the arguments of the current EXEC. */
extern int bpf_iouring_stage_exec(struct bpf_iouring_ctx *ctx,
				  const char *path, __u32 path__sz) __ksym;

/*
 * Stage an EXEC of "dir/NAME". NAME is the name of the current EXEC, with or without a
 * slash: see bpf_iouring_exec_name().
 */
extern int bpf_iouring_stage_exec_dir(struct bpf_iouring_ctx *ctx,
				      const char *dir, __u32 dir__sz) __ksym;

/* Stage an EXEC of interp, with the path last tried as its first argument. */
extern int bpf_iouring_stage_exec_interp(struct bpf_iouring_ctx *ctx,
					 const char *interp,
					 __u32 interp__sz) __ksym;

/*
 * Stage a search for the name of the current EXEC as one request. list has directories
 * separated by colons, as for execvp(3), and ends at a NUL or with the memory. If nothing
 * is found, the event STAGED follows; ctx->search_offset is where in the list the search
 * ended.
 */
extern int bpf_iouring_stage_exec_search(struct bpf_iouring_ctx *ctx,
					 const char *list, __u32 list__sz) __ksym;

/* Copy the name of the current EXEC. Returns its length without the NUL. */
extern int bpf_iouring_exec_name(struct bpf_iouring_ctx *ctx,
				 char *buf, __u32 buf__sz) __ksym;

/*
 * Copy the path of the current step. Returns its length without the NUL. -ENOENT: the step
 * has no path. The context has what belongs to the path: path_flags, path_mode,
 * path_resolve.
 */
extern int bpf_iouring_step_path(struct bpf_iouring_ctx *ctx,
				 char *buf, __u32 buf__sz) __ksym;

/*
 * Copy the first bytes of the file that the last EXEC of this step could not execute.
 * Returns their number, up to 256. -ENOENT: no file was read.
 */
extern int bpf_iouring_exec_head(struct bpf_iouring_ctx *ctx,
				 void *buf, __u32 buf__sz) __ksym;

/* Set the result in the step's CQE. */
extern int bpf_iouring_set_result(struct bpf_iouring_ctx *ctx,
				  __s32 res) __ksym;

/* Wait ns nanoseconds before the verdict takes effect. */
extern int bpf_iouring_delay(struct bpf_iouring_ctx *ctx, __u64 ns) __ksym;

/* Set whether the requests that this run stages have CQEs of their own. */
extern int bpf_iouring_post_staged(struct bpf_iouring_ctx *ctx,
				   bool post) __ksym;

#endif
