// SPDX-License-Identifier: GPL-2.0
/* A program of IORING_OP_BPF does not keep others from its processor (A2). */
#include "refused.h"
#include "spawnpol_op.h"

extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;

REFUSED("calling kernel function bpf_preempt_disable is not allowed")
SPAWNPOL_ACTOR(actor_preempt)(struct bpf_iouring_op_ctx *ctx)
{
	bpf_preempt_disable();
	bpf_preempt_enable();
	return ctx->event ? IORING_ACTOR_END : IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
