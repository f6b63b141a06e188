// SPDX-License-Identifier: GPL-2.0
/* Helpers of tracing programs are not for policies. */
#include "refused.h"

REFUSED("cannot use helper bpf_override_return")
SPAWNPOL_POLICY(foreign_helper)(struct bpf_iouring_ctx *ctx)
{
	bpf_override_return((void *)ctx, -EPERM);
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
