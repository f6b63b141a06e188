// SPDX-License-Identifier: GPL-2.0
/*
 * The functions for policies are for policies. This one is loaded as a program
 * of type SYSCALL, see verifier_test.c.
 */
#include "refused.h"

REFUSED("calling kernel function bpf_iouring_delay is not allowed")
SEC("syscall") int foreign_type(struct bpf_iouring_ctx *ctx)
{
	return bpf_iouring_delay(ctx, 1000);
}

SPAWNPOL_LICENSE("GPL");
