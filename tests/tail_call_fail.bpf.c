// SPDX-License-Identifier: GPL-2.0
/* Programs that can sleep have no maps of programs, so a policy cannot call another one. */
#include "refused.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} others SEC(".maps");

REFUSED("Sleepable programs can only use array, hash, ringbuf and local storage maps")
SPAWNPOL_POLICY(tail_call)(struct bpf_iouring_ctx *ctx)
{
	bpf_tail_call(ctx, &others, 0);
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
