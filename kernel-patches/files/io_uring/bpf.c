// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel functions that policies call to stage requests and to decide, and running a
 * policy. What else they can call says bpf_verify.c.
 *
 * A program never issues anything itself. It stages requests, and names a
 * result or a delay, in the struct io_policy_run around its context; the chain
 * that runs it acts on them, according to the verdict, once it has returned.
 */
#include <linux/kernel.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/filter.h>
#include <linux/io_uring_types.h>
#include <linux/rcupdate_trace.h>
#include <linux/slab.h>

#include <uapi/linux/io_uring_spawn.h>

#include "child.h"
#include "name.h"
#include "policy.h"
#include "search.h"
#include "spawn.h"

static struct io_policy_run *io_policy_run_of(struct bpf_iouring_ctx *ctx)
{
	return container_of(ctx, struct io_policy_run, ctx);
}

static struct io_staged *io_stage(struct io_policy_run *run,
				  enum io_staged_kind kind)
{
	struct io_staged *staged = &run->staged[run->nr_staged];

	memset(staged, 0, sizeof(*staged));
	staged->kind = kind;
	run->nr_staged++;
	return staged;
}

static bool io_can_stage(const struct io_policy_run *run)
{
	return run->nr_staged < run->max_staged;
}

/*
 * A copy of @path, with a slash and @name after it if that is given. @path can
 * be in a map, where others write: it is read by its length, not up to a NUL
 * that may have moved.
 */
static struct filename *io_stage_path(const char *path, size_t size,
				      const char *name)
{
	size_t len = strnlen(path, size);

	if (!len || len == size)
		return ERR_PTR(-EINVAL);
	return io_name_make(path, len, name);
}

static int io_stage_exec(struct io_policy_run *run, enum io_staged_kind kind,
			 const char *path, size_t size, const char *name)
{
	struct filename *copy;

	if (!run->exec_name)
		return -ENOENT;
	if (!io_can_stage(run))
		return -E2BIG;
	copy = io_stage_path(path, size, name);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	io_stage(run, kind)->path = copy;
	return 0;
}

/* A list of directories can be longer than a path. */
static struct filename *io_stage_list(const char *list, size_t size)
{
	size_t len = strnlen(list, size);
	struct filename *copy;

	if (!len)
		return ERR_PTR(-EINVAL);
	if (len >= IO_SEARCH_MAX_LIST)
		return ERR_PTR(-ENAMETOOLONG);
	copy = io_name_room(len + 1);
	if (IS_ERR(copy))
		return copy;
	memcpy((char *)copy->iname, list, len);
	((char *)copy->iname)[len] = '\0';
	return copy;
}

static int io_stage_check(struct io_policy_run *run, struct io_uring_sqe *copy,
			  const void *sqe, u32 size)
{
	if (size != sizeof(*copy))
		return -EINVAL;
	/* a map value can change while it is looked at */
	memcpy(copy, sqe, sizeof(*copy));
	if (copy->flags & ~IOSQE_FIXED_FILE || copy->personality)
		return -EINVAL;
	if (!io_op_in_child(copy->opcode))
		return -EOPNOTSUPP;
	return io_can_stage(run) ? 0 : -E2BIG;
}

__bpf_kfunc_start_defs();

/**
 * bpf_iouring_stage_sqe() - stage a request
 * @ctx: context of the program
 * @sqe: a struct io_uring_sqe, which is copied
 * @sqe__sz: its size
 *
 * The request is issued, after those staged before it, if the program returns
 * IORING_VERDICT_SUBMIT. It is then checked as one that user space submits.
 *
 * Return: 0, -EINVAL for a wrong size, flags other than IOSQE_FIXED_FILE or a
 * personality, -E2BIG if the program has staged all it may, -EOPNOTSUPP for an
 * operation that cannot run in a child.
 */
__bpf_kfunc int bpf_iouring_stage_sqe(struct bpf_iouring_ctx *ctx,
				      const void *sqe, u32 sqe__sz)
{
	struct io_policy_run *run = io_policy_run_of(ctx);
	struct io_uring_sqe copy;
	int ret;

	ret = io_stage_check(run, &copy, sqe, sqe__sz);
	if (!ret)
		io_stage(run, IO_STAGED_SQE)->sqe = copy;
	return ret;
}

/**
 * bpf_iouring_stage_child() - stage an IORING_OP_CHILD on a path
 * @ctx: context of the program
 * @sqe: a struct io_uring_sqe with addr 0, which is copied
 * @sqe__sz: its size
 * @path: path for the command, ended by a NUL
 * @path__sz: size of the memory @path is in
 *
 * As bpf_iouring_stage_sqe(), where addr would be a user space pointer, which
 * programs have none of.
 *
 * Return: as bpf_iouring_stage_sqe(); -EINVAL also for another operation, a
 * command that takes no path, and a @path that is empty or has no end;
 * -ENAMETOOLONG, -ENOMEM.
 */
__bpf_kfunc int bpf_iouring_stage_child(struct bpf_iouring_ctx *ctx,
					const void *sqe, u32 sqe__sz,
					const char *path, u32 path__sz)
{
	struct io_policy_run *run = io_policy_run_of(ctx);
	struct io_uring_sqe copy;
	struct io_staged *staged;
	struct filename *dup;
	int ret;

	ret = io_stage_check(run, &copy, sqe, sqe__sz);
	if (ret)
		return ret;
	if (copy.opcode != IORING_OP_CHILD || copy.addr ||
	    !io_child_has_path(copy.len))
		return -EINVAL;
	dup = io_stage_path(path, path__sz, NULL);
	if (IS_ERR(dup))
		return PTR_ERR(dup);

	staged = io_stage(run, IO_STAGED_SQE);
	staged->sqe = copy;
	staged->path = dup;
	return 0;
}

/**
 * bpf_iouring_stage_exec() - stage the EXEC at hand on another path
 * @ctx: context of the program
 * @path: what to execute, ended by a NUL
 * @path__sz: size of the memory @path is in
 *
 * Arguments and environment are those of the EXEC at hand: the current step,
 * if it is one, else the first EXEC behind it.
 *
 * Return: 0, -ENOENT if there is no EXEC at hand, -EINVAL if @path is empty or
 * has no end, -ENAMETOOLONG, -E2BIG if the program has staged all it may,
 * -ENOMEM.
 */
__bpf_kfunc int bpf_iouring_stage_exec(struct bpf_iouring_ctx *ctx,
				       const char *path, u32 path__sz)
{
	return io_stage_exec(io_policy_run_of(ctx), IO_STAGED_EXEC, path,
			     path__sz, NULL);
}

/**
 * bpf_iouring_stage_exec_dir() - stage the EXEC at hand in a directory
 * @ctx: context of the program
 * @dir: directory that is put before the EXEC's own name, ended by a NUL
 * @dir__sz: size of the memory @dir is in
 *
 * Return: as bpf_iouring_stage_exec().
 */
__bpf_kfunc int bpf_iouring_stage_exec_dir(struct bpf_iouring_ctx *ctx,
					   const char *dir, u32 dir__sz)
{
	struct io_policy_run *run = io_policy_run_of(ctx);

	return io_stage_exec(run, IO_STAGED_EXEC, dir, dir__sz,
			     run->exec_name);
}

/**
 * bpf_iouring_stage_exec_interp() - stage the EXEC at hand as a script
 * @ctx: context of the program
 * @interp: path of the interpreter, ended by a NUL
 * @interp__sz: size of the memory @interp is in
 *
 * The interpreter gets its own path, then the path that was staged and tried last
 * in this step or else the EXEC's own, and its arguments from the second on.
 *
 * Return: as bpf_iouring_stage_exec().
 */
__bpf_kfunc int bpf_iouring_stage_exec_interp(struct bpf_iouring_ctx *ctx,
					      const char *interp,
					      u32 interp__sz)
{
	return io_stage_exec(io_policy_run_of(ctx), IO_STAGED_INTERP, interp,
			     interp__sz, NULL);
}

/**
 * bpf_iouring_stage_exec_search() - stage a search for the EXEC at hand
 * @ctx: context of the program
 * @list: directories with colons in between, ended by a NUL or by the memory's end
 * @list__sz: size of the memory @list is in
 *
 * The program is looked for in each directory in turn, as execvp(3) does: an empty one
 * is the working directory, and -EACCES is the error if nothing else was found. It is
 * one request, and IORING_POLICY_STAGED follows if nothing was found. A name with a
 * slash is not looked for, but executed.
 *
 * Return: 0, -ENOENT if there is no EXEC at hand, -EINVAL if @list is empty,
 * -ENAMETOOLONG if it has 131072 bytes or more, -E2BIG if the program has staged all it
 * may, -ENOMEM.
 */
__bpf_kfunc int bpf_iouring_stage_exec_search(struct bpf_iouring_ctx *ctx,
					      const char *list, u32 list__sz)
{
	struct io_policy_run *run = io_policy_run_of(ctx);
	struct filename *copy;

	if (!run->exec_name)
		return -ENOENT;
	if (!io_can_stage(run))
		return -E2BIG;
	copy = io_stage_list(list, list__sz);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	io_stage(run, IO_STAGED_SEARCH)->path = copy;
	return 0;
}

/**
 * bpf_iouring_exec_name() - name of the EXEC at hand
 * @ctx: context of the program
 * @buf: where to copy it, with a NUL at the end
 * @buf__sz: size of @buf
 *
 * Return: its length without the NUL, -ENOENT if there is no EXEC at hand,
 * -ENAMETOOLONG if @buf is too small; it has as much as fits then.
 */
__bpf_kfunc int bpf_iouring_exec_name(struct bpf_iouring_ctx *ctx, char *buf,
				      u32 buf__sz)
{
	struct io_policy_run *run = io_policy_run_of(ctx);
	ssize_t len;

	if (!run->exec_name)
		return -ENOENT;
	len = strscpy(buf, run->exec_name, buf__sz);
	return len < 0 ? -ENAMETOOLONG : len;
}

/**
 * bpf_iouring_set_result() - choose the result of the step
 * @ctx: context of the program
 * @res: what the step's CQE carries, if the program continues, skips or aborts
 *
 * Return: 0, -EINVAL for what is no error code and no result: a value below
 * -4095, or success of an EXEC; or if there is no step, but a CLONE or a program.
 */
__bpf_kfunc int bpf_iouring_set_result(struct bpf_iouring_ctx *ctx, s32 res)
{
	struct io_policy_run *run = io_policy_run_of(ctx);

	if (res < -MAX_ERRNO || (res >= 0 && run->step_is_exec))
		return -EINVAL;
	if (!io_event_can_stage(run->ctx.event))
		return -EINVAL;
	run->result = res;
	run->has_result = true;
	return 0;
}

/**
 * bpf_iouring_delay() - wait before the verdict takes effect
 * @ctx: context of the program
 * @ns: for so many nanoseconds; the last call counts
 *
 * Return: 0, -ETOOMANYREFS if the delays of the chain would exceed their
 * budget. The verdict then ends the chain, unless a later call fits.
 */
__bpf_kfunc int bpf_iouring_delay(struct bpf_iouring_ctx *ctx, u64 ns)
{
	struct io_policy_run *run = io_policy_run_of(ctx);

	run->delay_exceeded = ns > run->delay_left;
	if (run->delay_exceeded)
		return -ETOOMANYREFS;
	run->delay = ns;
	return 0;
}

/**
 * bpf_iouring_post_staged() - let user space see the staged requests
 * @ctx: context of the program
 * @post: whether (not 0) each request that this run stages posts a CQE
 *
 * A program can pass any number, also for a bool, which is why it is none.
 *
 * Return: 0.
 */
__bpf_kfunc int bpf_iouring_post_staged(struct bpf_iouring_ctx *ctx, u32 post)
{
	io_policy_run_of(ctx)->post_staged = post != 0;
	return 0;
}

__bpf_kfunc_end_defs();

void io_policy_drop_staged(struct io_policy_run *run)
{
	while (run->nr_staged)
		io_name_put(run->staged[--run->nr_staged].path);
}

int io_policy_run_prog(const struct bpf_prog *prog, struct io_policy_run *run)
{
	unsigned int i;
	u32 verdict;

	io_policy_drop_staged(run);
	run->prog_id = prog->aux->id;
	run->has_result = false;
	run->post_staged = false;
	run->delay_exceeded = false;
	run->result = 0;
	run->delay = 0;

	verdict = bpf_prog_run_pin_on_cpu(prog, &run->ctx);

	for (i = 0; i < run->nr_staged; i++)
		run->staged[i].post = run->post_staged;

	/* the verifier has seen to that, but not where freplace came in */
	return min_t(u32, verdict, IORING_VERDICT_PASS + 1);
}

int io_policy_run(struct io_policy *policy, struct io_policy_run *run)
{
	const struct bpf_prog *prog;

	might_fault();

	guard(rcu_tasks_trace)();
	prog = rcu_dereference_check(policy->prog, bpf_rcu_lock_held());
	if (!prog)
		return -ENOLINK;
	atomic64_inc(&policy->runs);
	return io_policy_run_prog(prog, run);
}
