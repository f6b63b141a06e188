// SPDX-License-Identifier: GPL-2.0
/*
 * Dry runs of programs of IORING_OP_BPF. What goes in and comes out is described in
 * linux/io_uring_spawn.h.
 */
#include <linux/kernel.h>
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/linux/io_uring_spawn.h>

#include "actor.h"

static int io_actor_test_get(struct io_actor_run *run, const union bpf_attr *attr)
{
	void __user *from = u64_to_user_ptr(attr->test.ctx_in);
	u32 size = attr->test.ctx_size_in;
	int ret;

	ret = bpf_check_uarg_tail_zero(USER_BPFPTR(from), sizeof(run->ctx), size);
	if (ret)
		return ret;
	if (copy_from_user(&run->ctx, from, min_t(u32, size, sizeof(run->ctx))))
		return -EFAULT;
	if (run->ctx.event < IORING_ACTOR_START || run->ctx.event > IORING_ACTOR_CANCEL)
		return -EINVAL;
	if (attr->test.data_size_in > IO_ACTOR_MAX_STATE)
		return -E2BIG;
	if (copy_from_user(run->state, u64_to_user_ptr(attr->test.data_in),
			   attr->test.data_size_in))
		return -EFAULT;

	run->state_size = IO_ACTOR_MAX_STATE;
	run->wide = true;
	run->total_left = U64_MAX;
	run->places_left = min_t(u32, run->ctx.room, IO_ACTOR_MAX_IN_FLIGHT);
	return 0;
}

/* Append to what user space gets, as long as there is room; *@at is what it needs. */
static int io_actor_test_put(const union bpf_attr *attr, u32 *at, const void *from,
			     size_t size)
{
	u32 room = attr->test.data_size_out;
	u32 offset = *at;

	*at += size;
	if (!attr->test.data_out || offset >= room)
		return 0;
	if (copy_to_user(u64_to_user_ptr(attr->test.data_out) + offset, from,
			 min_t(size_t, size, room - offset)))
		return -EFAULT;
	return 0;
}

static int io_actor_test_put_all(const struct io_actor_stage *stage,
				 const union bpf_attr *attr,
				 union bpf_attr __user *uattr)
{
	const struct io_actor_run *run = &stage->run;
	const struct bpf_iouring_op_test_result result = {
		.nr_staged	= run->nr_staged,
		.nr_posted	= run->nr_posted,
		.result		= run->result,
		.state_size	= run->state_size,
		.staged_size	= sizeof(struct bpf_iouring_op_test_staged),
		.posted_size	= sizeof(struct bpf_iouring_op_test_posted),
	};
	u32 size = 0;
	int ret;

	BUILD_BUG_ON(sizeof(struct bpf_iouring_op_test_staged) != sizeof(stage->sqes[0]));

	ret = io_actor_test_put(attr, &size, &result, sizeof(result)) ?:
	      io_actor_test_put(attr, &size, stage->sqes,
				run->nr_staged * sizeof(stage->sqes[0])) ?:
	      io_actor_test_put(attr, &size, stage->posted,
				run->nr_posted * sizeof(stage->posted[0])) ?:
	      io_actor_test_put(attr, &size, run->state, run->state_size);
	if (ret)
		return ret;
	if (put_user(size, &uattr->test.data_size_out))
		return -EFAULT;
	return attr->test.data_out && size > attr->test.data_size_out ? -ENOSPC : 0;
}

int io_actor_prog_test_run(struct bpf_prog *prog, const union bpf_attr *attr,
			   union bpf_attr __user *uattr)
{
	struct io_actor_stage *stage;
	u32 verdict;
	int ret;

	if (attr->test.flags || attr->test.cpu || attr->test.batch_size ||
	    attr->test.repeat > 1 || attr->test.ctx_out)
		return -EINVAL;

	stage = kvzalloc(sizeof(*stage) + IO_ACTOR_MAX_STATE, GFP_KERNEL_ACCOUNT);
	if (!stage)
		return -ENOMEM;
	stage->run.state = stage + 1;
	ret = io_actor_test_get(&stage->run, attr);
	if (ret)
		goto out;
	scoped_guard(rcu)
		verdict = io_actor_run_prog(prog, &stage->run);
	ret = io_actor_test_put_all(stage, attr, uattr);
	if (put_user(verdict, &uattr->test.retval))
		ret = -EFAULT;
out:
	kvfree(stage);
	return ret;
}
