// SPDX-License-Identifier: GPL-2.0
/*
 * How much of the machine the child of a chain gets, and when.
 */
#include <linux/kernel.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/ioprio.h>
#include <linux/oom.h>
#include <linux/rcupdate.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/syscalls.h>
#include <linux/types.h>

#include <uapi/linux/sched/types.h>

#include <trace/events/oom.h>

#include "child_cmd.h"

/* RLIM64_INFINITY where rlim_t is smaller */
static unsigned long io_child_rlim(u64 limit)
{
	return limit > ULONG_MAX ? RLIM_INFINITY : limit;
}

int io_child_rlimit(struct io_child *child)
{
	struct rlimit limit = {
		.rlim_cur = io_child_rlim(child->addr),
		.rlim_max = io_child_rlim(child->addr3),
	};

	return do_prlimit(current, child->off, &limit, NULL);
}

int io_child_nice(struct io_child *child)
{
	int nice = clamp_t(s64, child->off, MIN_NICE, MAX_NICE);
	int ret;

	if (nice < task_nice(current) && !can_nice(current, nice))
		return -EACCES;
	ret = security_task_setnice(current, nice);
	if (!ret)
		set_user_nice(current, nice);
	return ret;
}

int io_child_sched(struct io_child *child)
{
	struct sched_attr __user *attr = u64_to_user_ptr(child->addr);
	u32 size;

	/* the structure says it, too */
	if (get_user(size, &attr->size))
		return -EFAULT;
	if (size != child->off)
		return -EINVAL;
	return ksys_sched_setattr(0, attr, 0);
}

int io_child_affinity(struct io_child *child)
{
	return ksys_sched_setaffinity(0, child->off,
				      u64_to_user_ptr(child->addr));
}

int io_child_ioprio(struct io_child *child)
{
	int ret = ioprio_check_cap(child->off);

	return ret ?: set_task_ioprio(current, child->off);
}

/* Not of others that share the memory: it is the parent's only for now. */
int io_child_oom_score_adj(struct io_child *child)
{
	struct signal_struct *signal = current->signal;
	s64 adj = child->off;

	if (adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX)
		return -EINVAL;

	guard(mutex)(&oom_adj_mutex);
	if (adj < signal->oom_score_adj_min && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	signal->oom_score_adj = adj;
	if (has_capability_noaudit(current, CAP_SYS_RESOURCE))
		signal->oom_score_adj_min = adj;
	trace_oom_score_adj_update(current);
	return 0;
}
