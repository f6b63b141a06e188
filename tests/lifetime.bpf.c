// SPDX-License-Identifier: GPL-2.0
/* The policy of lifetime_test: stays where it is told to. */
#include "spawnpol_policy.h"

#include "lifetime/life.h"

#define DELAY 2000000 /* nanoseconds */

SPAWNPOL_EVENTS(0);

struct lifetime life;

extern int bpf_copy_from_user_str(void *dst, __u32 dst__sz,
				  const void *unsafe_ptr__ign,
				  __u64 flags) __ksym;

static int failed(struct bpf_iouring_ctx *ctx)
{
	if (!life.stays)
		return IORING_VERDICT_CONTINUE;
	__sync_fetch_and_add(&life.failed, 1);
	if (life.stages) {
		bpf_iouring_stage_sqe(ctx, life.sqe, sizeof(life.sqe));
		return IORING_VERDICT_SUBMIT;
	}
	bpf_iouring_delay(ctx, DELAY);
	return IORING_VERDICT_RETRY;
}

static int decide(struct bpf_iouring_ctx *ctx)
{
	switch (ctx->event) {
	case IORING_POLICY_CLONE:
		bpf_iouring_delay(ctx, DELAY);
		return IORING_VERDICT_RETRY;
	case IORING_POLICY_FAILED:
		return failed(ctx);
	default:
		return IORING_VERDICT_CONTINUE;
	}
}

SPAWNPOL_POLICY(lifetime_policy)(struct bpf_iouring_ctx *ctx)
{
	char byte[2];
	int verdict;

	__sync_fetch_and_add(&life.runs, 1);
	if (ctx->event & life.hold_at)
		bpf_copy_from_user_str(byte, sizeof(byte), (void *)life.page,
				       0);
	verdict = decide(ctx);
	__sync_fetch_and_add(&life.left, 1);
	return verdict;
}

SPAWNPOL_LICENSE("GPL");
