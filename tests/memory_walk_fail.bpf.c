// SPDX-License-Identifier: GPL-2.0
/* A policy does not keep others from changing their memory map (K7). */
#include "refused.h"

#include "kernel_types.h"

extern int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it,
				 struct task_struct *task, __u64 addr) __ksym;
extern struct vm_area_struct *
bpf_iter_task_vma_next(struct bpf_iter_task_vma *it) __ksym;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it) __ksym;

REFUSED("calling kernel function bpf_iter_task_vma_new is not allowed")
SPAWNPOL_POLICY(memory_walk)(struct bpf_iouring_ctx *ctx)
{
	struct bpf_iter_task_vma it;
	__u64 count = 0;

	bpf_iter_task_vma_new(&it, bpf_get_current_task_btf(), 0);
	while (bpf_iter_task_vma_next(&it))
		count++;
	bpf_iter_task_vma_destroy(&it);
	ctx->scratch[0] = count;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
