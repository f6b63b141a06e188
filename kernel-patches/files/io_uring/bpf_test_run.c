// SPDX-License-Identifier: GPL-2.0
/*
 * Dry runs of policies: BPF_PROG_TEST_RUN for BPF_PROG_TYPE_IOURING. What goes
 * in and comes out is described in linux/io_uring_spawn.h.
 */
#include <linux/kernel.h>
#include <linux/binfmts.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/rcupdate_trace.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "policy.h"

/* Two names and what a file begins with, with what goes between them. */
#define IO_TEST_MAX_DATA	(2 * PATH_MAX + BINPRM_BUF_SIZE)

static int io_test_get_ctx(struct bpf_iouring_ctx *ctx,
			   const union bpf_attr *attr)
{
	void __user *from = u64_to_user_ptr(attr->test.ctx_in);
	u32 size = attr->test.ctx_size_in;
	int ret;

	ret = bpf_check_uarg_tail_zero(USER_BPFPTR(from), sizeof(*ctx), size);
	if (ret)
		return ret;
	if (copy_from_user(ctx, from, min_t(u32, size, sizeof(*ctx))))
		return -EFAULT;
	return 0;
}

/* What data_in is made of. */
struct io_test_input {
	char			*data;
	struct spawn_head	head;
};

/* The part that ends at the next NUL or at @end; *@at goes to the next. "": NULL. */
static const char *io_test_next_part(char **at, char *end)
{
	char *part = *at;

	*at = min(part + strlen(part) + 1, end);
	return *part ? part : NULL;
}

static int io_test_get_head(struct io_policy_run *run, struct spawn_head *head,
			    const char *bytes, size_t size)
{
	if (size > sizeof(head->bytes))
		return -E2BIG;
	memcpy(head->bytes, bytes, size);
	head->len = size;
	run->head = head;
	return 0;
}

static int io_test_get_data(struct io_policy_run *run, struct io_test_input *input,
			    const union bpf_attr *attr)
{
	size_t size = attr->test.data_size_in;
	char *at, *end;

	if (!size)
		return 0;
	if (size > IO_TEST_MAX_DATA)
		return -ENAMETOOLONG;
	at = memdup_user_nul(u64_to_user_ptr(attr->test.data_in), size);
	if (IS_ERR(at))
		return PTR_ERR(at);
	input->data = at;
	end = at + size;

	run->exec_name = io_test_next_part(&at, end);
	run->step_path = io_test_next_part(&at, end);
	if (!run->step_path && run->step_is_exec)
		run->step_path = run->exec_name;
	if ((run->exec_name && strlen(run->exec_name) >= PATH_MAX) ||
	    (run->step_path && strlen(run->step_path) >= PATH_MAX))
		return -ENAMETOOLONG;
	return at < end ? io_test_get_head(run, &input->head, at, end - at) : 0;
}

static int io_test_get_input(struct io_policy_run *run, struct io_test_input *input,
			     const union bpf_attr *attr)
{
	int ret;

	ret = io_test_get_ctx(&run->ctx, attr);
	if (ret)
		return ret;
	run->step_is_exec = run->ctx.opcode == IORING_OP_EXEC;
	if (run->ctx.event != IORING_POLICY_EXECED)
		run->delay_left = IO_POLICY_DEF_DELAY;
	if (io_event_can_stage(run->ctx.event))
		run->max_staged = IO_POLICY_MAX_STAGED;

	return io_test_get_data(run, input, attr);
}

/* Copies as much of what there is as fits and says how much that is. */
static int io_test_put(u64 to, u32 room, u32 __user *size_out,
		       const void *from, u32 size)
{
	if (to && copy_to_user(u64_to_user_ptr(to), from, min(room, size)))
		return -EFAULT;
	if (put_user(size, size_out))
		return -EFAULT;
	return to && room < size ? -ENOSPC : 0;
}

static int io_test_put_result(const struct io_policy_run *run,
			      const union bpf_attr *attr,
			      union bpf_attr __user *uattr)
{
	struct bpf_iouring_test_staged *staged;
	struct bpf_iouring_test_result *out;
	size_t size;
	int ret, i;

	BUILD_BUG_ON(sizeof(staged->sqe) != sizeof(run->staged[0].sqe));
	BUILD_BUG_ON(sizeof(staged->path) != PATH_MAX);

	size = sizeof(*out) + run->nr_staged * sizeof(*staged);
	out = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!out)
		return -ENOMEM;
	staged = (void *)(out + 1);

	out->nr_staged = run->nr_staged;
	out->flags = (run->has_result ? IORING_TEST_RESULT : 0) |
		     (run->post_staged ? IORING_TEST_POST_STAGED : 0) |
		     (run->delay_exceeded ? IORING_TEST_DELAY_EXCEEDED : 0);
	out->result = run->result;
	out->delay_ns = run->delay;
	for (i = 0; i < run->nr_staged; i++, staged++) {
		staged->kind = run->staged[i].kind;
		memcpy(staged->sqe, &run->staged[i].sqe, sizeof(staged->sqe));
		if (run->staged[i].path)
			strscpy(staged->path, run->staged[i].path->name);
	}

	ret = io_test_put(attr->test.data_out, attr->test.data_size_out,
			  &uattr->test.data_size_out, out, size);
	kvfree(out);
	return ret;
}

int io_policy_prog_test_run(struct bpf_prog *prog, const union bpf_attr *attr,
			    union bpf_attr __user *uattr)
{
	struct io_test_input *input;
	struct io_policy_run *run;
	u32 verdict;
	int ret, err;

	if (attr->test.flags || attr->test.cpu || attr->test.batch_size ||
	    attr->test.repeat > 1)
		return -EINVAL;

	run = kzalloc(sizeof(*run), GFP_KERNEL_ACCOUNT);
	input = kzalloc(sizeof(*input), GFP_KERNEL_ACCOUNT);
	ret = -ENOMEM;
	if (!run || !input)
		goto out;
	ret = io_test_get_input(run, input, attr);
	if (ret)
		goto out;

	scoped_guard(rcu_tasks_trace)
		verdict = io_policy_run_prog(prog, run);

	ret = io_test_put(attr->test.ctx_out, attr->test.ctx_size_out,
			  &uattr->test.ctx_size_out, &run->ctx,
			  sizeof(run->ctx));
	err = io_test_put_result(run, attr, uattr);
	ret = ret ?: err;
	if (put_user(verdict, &uattr->test.retval))
		ret = -EFAULT;
out:
	if (run)
		io_policy_drop_staged(run);
	if (input)
		kfree(input->data);
	kfree(input);
	kfree(run);
	return ret;
}
