// SPDX-License-Identifier: GPL-2.0
/* The context is the kernel's, not one the program makes up. */
#include "refused.h"

REFUSED("arg#0 expected pointer to ctx")
SPAWNPOL_POLICY(own_context)(struct bpf_iouring_ctx *ctx)
{
	struct bpf_iouring_ctx own = {};

	bpf_iouring_set_result(&own, -EIO);
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
