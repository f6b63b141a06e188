// SPDX-License-Identifier: GPL-2.0
/* A program does not sleep under a spin lock, as staging a path may. */
#include "refused.h"

struct value {
	struct bpf_spin_lock lock;
	char path[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct value);
} paths SEC(".maps");

REFUSED("not allowed while holding a lock")
SPAWNPOL_POLICY(locked)(struct bpf_iouring_ctx *ctx)
{
	struct value *v;
	__u32 key = 0;

	v = bpf_map_lookup_elem(&paths, &key);
	if (!v)
		return IORING_VERDICT_CONTINUE;
	bpf_spin_lock(&v->lock);
	bpf_iouring_stage_exec(ctx, v->path, sizeof(v->path));
	bpf_spin_unlock(&v->lock);
	return IORING_VERDICT_SUBMIT;
}

SPAWNPOL_LICENSE("GPL");
