// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that are attached to an actor's program: some that the kernel allows, and some
 * that it refuses. A test loads one of them.
 */
#include "spawnpol_op.h"

#include <bpf/bpf_tracing.h>

#include "actor_tracing.h"
#include "refused.h"

#define FEXIT_RESULT	5	/* of a function whose arguments have no types */

struct tracing tracing;

/* --- of an actor whose context is declared as struct bpf_iouring_op_ctx -------------- */

SEC("fentry")
int on_entry(__u64 *args)
{
	__sync_fetch_and_add(&tracing.entries, 1);
	bpf_probe_read_kernel(&tracing.ctx, sizeof(tracing.ctx), (void *)args[0]);
	return 0;
}

SEC("fexit")
int on_exit(__u64 *args)
{
	__sync_fetch_and_add(&tracing.exits, 1);
	bpf_probe_read_kernel(&tracing.ctx, sizeof(tracing.ctx), (void *)args[0]);
	tracing.verdict = args[FEXIT_RESULT];
	return 0;
}

REFUSED("invalid mem access 'scalar'")
SEC("fentry")
int reads_untyped(__u64 *args)
{
	tracing.ctx.event = *(__u32 *)args[0];
	return 0;
}

REFUSED("Cannot replace static functions")
SEC("freplace")
int replaces_untyped(struct bpf_iouring_op_ctx *ctx)
{
	return IORING_ACTOR_END;
}

REFUSED("calling kernel function bpf_iouring_op_result is not allowed")
SEC("fentry")
int calls(__u64 *args)
{
	bpf_iouring_op_result((void *)args[0], 5);
	return 0;
}

REFUSED("can't modify return codes of BPF programs")
SEC("fmod_ret")
int changes_verdict(__u64 *args)
{
	return IORING_ACTOR_END;
}

REFUSED("is not sleepable")
SEC("fentry.s")
int sleeps(__u64 *args)
{
	return 0;
}

/* --- of one that declares it as struct bpf_iouring_ctx ------------------------------- */

/* Both structures begin with the event. */
SEC("fentry")
int BPF_PROG(on_typed_entry, struct bpf_iouring_ctx *told)
{
	__sync_fetch_and_add(&tracing.entries, 1);
	tracing.ctx.event = told->event;
	return 0;
}

REFUSED("only read is supported")
SEC("fentry")
int BPF_PROG(writes, struct bpf_iouring_ctx *told)
{
	told->event = 7;
	return 0;
}

REFUSED("should have been in [0, 1]")
SEC("freplace")
int returns_anything(struct bpf_iouring_ctx *ctx)
{
	return tracing.replaced;
}

SEC("freplace")
int replacement(struct bpf_iouring_ctx *ctx)
{
	__sync_fetch_and_add(&tracing.replacements, 1);
	bpf_iouring_op_result((void *)ctx, 11);
	return tracing.replaced ? IORING_ACTOR_END : IORING_ACTOR_WAIT;
}

/* --- of a policy ---------------------------------------------------------------------- */

/* In an actor, what it writes would be other memory of the kernel. */
SEC("freplace")
int policy_replacement(struct bpf_iouring_ctx *ctx)
{
	ctx->scratch[7] = 1;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
