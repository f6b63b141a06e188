// SPDX-License-Identifier: GPL-2.0
/* A policy does not look at every process of the machine (K7). */
#include "refused.h"

#include "kernel_types.h"

extern int bpf_iter_task_new(struct bpf_iter_task *it,
			     struct task_struct *task__nullable,
			     unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

REFUSED("calling kernel function bpf_iter_task_new is not allowed")
SPAWNPOL_POLICY(task_walk)(struct bpf_iouring_ctx *ctx)
{
	struct bpf_iter_task it;
	__u64 count = 0;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, 0 /* all processes */);
	while (bpf_iter_task_next(&it))
		count++;
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	ctx->scratch[0] = count;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
