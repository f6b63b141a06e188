// SPDX-License-Identifier: GPL-2.0
/* For library_policy_test.c: does what the chain's cookie says. */
#include "spawnpol_policy.h"

#include "library_policy.h"

SPAWNPOL_EVENTS(IORING_POLICY_DONE | IORING_POLICY_BEFORE_EXEC);

static int failed(struct bpf_iouring_ctx *ctx)
{
	char path[] = "/bin/true";

	switch (ctx->cookie) {
	case COOKIE_ABORT:
		return IORING_VERDICT_ABORT;
	case COOKIE_RETRY:
		return IORING_VERDICT_RETRY;
	case COOKIE_SKIP:
		return IORING_VERDICT_SKIP;
	case COOKIE_RESULT:
		bpf_iouring_set_result(ctx, -EXDEV);
		return IORING_VERDICT_CONTINUE;
	case COOKIE_TRUE:
		if (bpf_iouring_stage_exec(ctx, path, sizeof(path)))
			return IORING_VERDICT_ABORT;
		bpf_iouring_post_staged(ctx, true);
		return IORING_VERDICT_SUBMIT;
	case COOKIE_NOTHING:
		return IORING_VERDICT_SUBMIT;
	case COOKIE_WAIT:
		bpf_iouring_delay(ctx, COOKIE_WAIT_NS);
		return IORING_VERDICT_RETRY;
	default:
		return IORING_VERDICT_CONTINUE;
	}
}

SPAWNPOL_POLICY(library_policy)(struct bpf_iouring_ctx *ctx)
{
	if (ctx->event == IORING_POLICY_FAILED)
		return failed(ctx);
	if (ctx->event == IORING_POLICY_BEFORE_EXEC &&
	    ctx->cookie == COOKIE_NO_EXEC)
		return IORING_VERDICT_ABORT;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
