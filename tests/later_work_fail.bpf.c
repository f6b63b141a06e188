// SPDX-License-Identifier: GPL-2.0
/* A policy leaves nothing to be done later, when its chain may be gone (K7). */
#include "refused.h"

#include "kernel_types.h"

extern int bpf_wq_init(struct bpf_wq *wq, void *p__map,
		       unsigned int flags) __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym;

struct later {
	struct bpf_wq work;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct later);
} work SEC(".maps");

REFUSED("calling kernel function bpf_wq_init is not allowed")
SPAWNPOL_POLICY(later_work)(struct bpf_iouring_ctx *ctx)
{
	__u32 key = 0;
	struct later *later = bpf_map_lookup_elem(&work, &key);

	if (later && !bpf_wq_init(&later->work, &work, 0))
		bpf_wq_start(&later->work, 0);
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
