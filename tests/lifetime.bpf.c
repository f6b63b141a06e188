// SPDX-License-Identifier: GPL-2.0
/* The policy of lifetime_test: stays where it is told to. */
#include "spawnpol_policy.h"

#include "kernel_types.h"
#include "lifetime/life.h"

#define DELAY 2000000 /* nanoseconds */

SPAWNPOL_EVENTS(0);

struct lifetime life;

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start,
			    int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

#define TURNS (1 << 22) /* of a loop; the kernel's limit is 1 << 23 */

/* User space sets it while the program runs. */
#define HOLD_AT (*(volatile __u32 *)&life.hold_at)
#define UNTIL (*(volatile __u64 *)&life.until)

/* Iterators, not bpf_loop(): its callbacks need types, see load_with_map(). */
static __noinline void hold_for_a_while(void)
{
	struct bpf_iter_num turn;

	bpf_iter_num_new(&turn, 0, TURNS);
	while (bpf_iter_num_next(&turn)) {
		if (!HOLD_AT)
			break;
		if (bpf_ktime_get_ns() >= UNTIL) {
			life.gave_up = 1;
			HOLD_AT = 0;
			break;
		}
	}
	bpf_iter_num_destroy(&turn);
}

/* A policy cannot wait, so it keeps its processor busy. */
static __noinline void hold(void)
{
	struct bpf_iter_num turn;

	life.held = 1;
	bpf_iter_num_new(&turn, 0, TURNS);
	while (bpf_iter_num_next(&turn)) {
		if (!HOLD_AT)
			break;
		hold_for_a_while();
	}
	bpf_iter_num_destroy(&turn);
}

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
	int verdict;

	__sync_fetch_and_add(&life.runs, 1);
	if (ctx->event & life.hold_at)
		hold();
	verdict = decide(ctx);
	__sync_fetch_and_add(&life.left, 1);
	return verdict;
}

SPAWNPOL_LICENSE("GPL");
