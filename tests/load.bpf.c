// SPDX-License-Identifier: GPL-2.0
/*
 * For library_load_test.c: two policies that give failed steps another error, the one
 * that a constant names, or the one in a map.
 */
#include "spawnpol_policy.h"

const volatile __u32 error_of_constant = 1;	/* EPERM */

struct settings {
	__u32 error;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

static int fail_with(struct bpf_iouring_ctx *ctx, __u32 error)
{
	if (ctx->event == IORING_POLICY_FAILED)
		bpf_iouring_set_result(ctx, -(int)error);
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_POLICY(by_constant)(struct bpf_iouring_ctx *ctx)
{
	return fail_with(ctx, error_of_constant);
}

SPAWNPOL_POLICY(by_map)(struct bpf_iouring_ctx *ctx)
{
	const struct settings *s;
	__u32 key = 0;

	s = bpf_map_lookup_elem(&settings, &key);
	return fail_with(ctx, s ? s->error : 0);
}

SPAWNPOL_LICENSE("GPL");
