/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every policy includes: the context (struct bpf_iouring_ctx), events, verdicts
 * and commands (io_uring_spawn.h), SQEs, map types, errno values, BPF helpers and the
 * kernel functions of policies. spawnpol-policy(7) tells how policies are built,
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
 * Everything comes from the headers of the C library's kernel interface and libbpf's,
 * so that no kernel with the series is needed to build a policy, and objects do not
 * depend on the machine they are built on. A policy that needs types of the kernel's
 * own declares the fields that it reads, with preserve_access_index; or it includes a
 * vmlinux.h before this file, which has to be of a kernel with the series.
 */
#ifndef SPAWNPOL_POLICY_H
#define SPAWNPOL_POLICY_H

#include "spawnpol_program.h"

/*
 * The events the policy wants besides failures and the end of what it staged:
 * a mask of IORING_POLICY_BEFORE_STEP, _BEFORE_EXEC, _DONE, _CLONE, _MISS and _EXECED, or
 * 0. Loaders read the variable from the object's .rodata and ask for them at attach.
 */
#define SPAWNPOL_EVENTS(mask)						\
	const volatile __u32 spawnpol_events = (mask)

/* Begins the definition of a policy; always sleepable (".s"). */
#define SPAWNPOL_POLICY(name)						\
	SEC("iouring.s/spawn") int name

/*
 * Kernel functions. Each returns 0 or a negative errno. Memory must be
 * writable: the stack or a map value, not a string literal.
 */

/*
 * Stage a copy of an SQE (struct io_uring_sqe), to be issued if the verdict is
 * SUBMIT. What one run stages is issued in order, up to the first that fails: these
 * are no alternatives. The next one to try is staged when STAGED tells of the failure.
 */
extern int bpf_iouring_stage_sqe(struct bpf_iouring_ctx *ctx,
				 const void *sqe,
				 __u32 sqe__sz) __ksym;

/*
 * The same of a request of IORING_OP_CHILD whose path is the program's own,
 * for the commands that take one; sqe's addr is 0.
 */
extern int bpf_iouring_stage_child(struct bpf_iouring_ctx *ctx,
				   const void *sqe, __u32 sqe__sz,
				   const char *path, __u32 path__sz) __ksym;

/* Stage an EXEC of path with the arguments of the EXEC at hand. */
extern int bpf_iouring_stage_exec(struct bpf_iouring_ctx *ctx,
				  const char *path, __u32 path__sz) __ksym;

/*
 * The same of "dir/NAME", NAME being the EXEC's own as it is, whether it has a slash in
 * it or not: see bpf_iouring_exec_name().
 */
extern int bpf_iouring_stage_exec_dir(struct bpf_iouring_ctx *ctx,
				      const char *dir, __u32 dir__sz) __ksym;

/* The same of interp, with the path last tried as its first argument. */
extern int bpf_iouring_stage_exec_interp(struct bpf_iouring_ctx *ctx,
					 const char *interp,
					 __u32 interp__sz) __ksym;

/*
 * A search for the EXEC at hand along a list of directories with colons in between, as
 * execvp(3) makes it: one request. STAGED follows if nothing was found. The list ends at
 * a NUL or with the memory; ctx->search_offset tells where in it the search has ended.
 */
extern int bpf_iouring_stage_exec_search(struct bpf_iouring_ctx *ctx,
					 const char *list, __u32 list__sz) __ksym;

/* Copy the name of the EXEC at hand; returns its length without the NUL. */
extern int bpf_iouring_exec_name(struct bpf_iouring_ctx *ctx,
				 char *buf, __u32 buf__sz) __ksym;

/*
 * Copy the path of the step at hand; returns its length without the NUL. -ENOENT: it
 * has none. What goes with it is in the context: path_flags, path_mode, path_resolve.
 */
extern int bpf_iouring_step_path(struct bpf_iouring_ctx *ctx,
				 char *buf, __u32 buf__sz) __ksym;

/*
 * Copy what the file begins with that the last EXEC of this step could not execute;
 * returns how much that is, up to 256 bytes. -ENOENT: no file was read.
 */
extern int bpf_iouring_exec_head(struct bpf_iouring_ctx *ctx,
				 void *buf, __u32 buf__sz) __ksym;

/* What the step's CQE will carry. */
extern int bpf_iouring_set_result(struct bpf_iouring_ctx *ctx,
				  __s32 res) __ksym;

/* Wait ns nanoseconds before the verdict takes effect. */
extern int bpf_iouring_delay(struct bpf_iouring_ctx *ctx, __u64 ns) __ksym;

/* Whether what this run stages gets CQEs of its own. */
extern int bpf_iouring_post_staged(struct bpf_iouring_ctx *ctx,
				   bool post) __ksym;

#endif
