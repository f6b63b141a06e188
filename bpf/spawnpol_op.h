/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every actor includes: the context (struct bpf_iouring_op_ctx), events and verdicts
 * (io_uring_spawn.h), SQEs, map types, errno values, BPF helpers and the kernel functions
 * of actors. spawnpol-actor(7) explains how to write them.
 *
 *	#include "spawnpol_op.h"
 *
 *	SPAWNPOL_ACTOR(name)(struct bpf_iouring_op_ctx *ctx)
 *	{
 *		return IORING_ACTOR_END;
 *	}
 *
 *	SPAWNPOL_LICENSE("GPL");
 *
 * Actors are built like policies: see spawnpol_policy.h.
 */
#ifndef SPAWNPOL_OP_H
#define SPAWNPOL_OP_H

#include "spawnpol_program.h"

/*
 * What the actor requests at attach: bytes of state, and requests in flight (0: the
 * default). Loaders read the variables from the object's .rodata.
 */
#define SPAWNPOL_STATE(type)						\
	const volatile __u32 spawnpol_state_size = sizeof(type)
#define SPAWNPOL_IN_FLIGHT(nr)						\
	const volatile __u32 spawnpol_in_flight = (nr)

/* Begins the definition of an actor, which is never sleepable. */
#define SPAWNPOL_ACTOR(name)						\
	SEC("iouring/op") int name

/*
 * Kernel functions. The first three return 0 or a negative errno value. Memory must be
 * writable: the stack or a map value.
 */

/*
 * Stage a copy of an SQE (struct io_uring_sqe, 64 bytes; 128 on a ring with such SQEs). The
 * kernel issues it if the verdict is WAIT. The events of its completions have its user_data
 * as their tag.
 */
extern int bpf_iouring_op_stage(struct bpf_iouring_op_ctx *ctx,
				const void *sqe, __u32 sqe__sz) __ksym;

/* Post a CQE to the launcher after this run. Its flags also have IORING_CQE_F_STAGED. */
extern int bpf_iouring_op_post(struct bpf_iouring_op_ctx *ctx, __u64 user_data,
			       __s32 res, __u32 flags) __ksym;

/* Set the result of the IORING_OP_BPF, for the verdict END. */
extern int bpf_iouring_op_result(struct bpf_iouring_op_ctx *ctx,
				 __s32 res) __ksym;

/*
 * Return the actor's state, which is zero when the actor starts. NULL: the state has fewer
 * bytes than rdwr_buf_size, which must be a constant.
 */
extern __u8 *bpf_iouring_op_state(struct bpf_iouring_op_ctx *ctx,
				  const size_t rdwr_buf_size) __ksym;

#endif
