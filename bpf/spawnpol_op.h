/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every program of IORING_OP_BPF includes: the context (struct bpf_iouring_op_ctx),
 * events and verdicts (io_uring_spawn.h), SQEs, map types, errno values, BPF helpers and
 * the kernel functions of such programs. spawnpol-actor(7) tells how they are written.
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
 * It builds as policies do: see spawnpol_policy.h.
 */
#ifndef SPAWNPOL_OP_H
#define SPAWNPOL_OP_H

#include "spawnpol_program.h"

/*
 * What the program needs of whoever attaches it: bytes of state, and requests in flight
 * (0: the default). Loaders read the variables from the object's .rodata and ask for
 * them at attach.
 */
#define SPAWNPOL_STATE(type)						\
	const volatile __u32 spawnpol_state_size = sizeof(type)
#define SPAWNPOL_IN_FLIGHT(nr)						\
	const volatile __u32 spawnpol_in_flight = (nr)

/* Begins the definition of a program; never sleepable. */
#define SPAWNPOL_ACTOR(name)						\
	SEC("iouring/op") int name

/*
 * Kernel functions. The first three return 0 or a negative errno. Memory must be
 * writable: the stack or a map value.
 */

/*
 * Stage a copy of an SQE (struct io_uring_sqe, 64 bytes; 128 for a ring with such SQEs),
 * to be issued if the verdict is WAIT. Its user_data is the tag that its completions are
 * told with.
 */
extern int bpf_iouring_op_stage(struct bpf_iouring_op_ctx *ctx,
				const void *sqe, __u32 sqe__sz) __ksym;

/* Post a CQE to the launcher after this run; IORING_CQE_F_STAGED is added to flags. */
extern int bpf_iouring_op_post(struct bpf_iouring_op_ctx *ctx, __u64 user_data,
			       __s32 res, __u32 flags) __ksym;

/* What the request completes with if the verdict is END. */
extern int bpf_iouring_op_result(struct bpf_iouring_op_ctx *ctx,
				 __s32 res) __ksym;

/*
 * The actor's state, zeroed when it starts; NULL if that has fewer bytes than
 * rdwr_buf_size, which is a constant.
 */
extern __u8 *bpf_iouring_op_state(struct bpf_iouring_op_ctx *ctx,
				  const size_t rdwr_buf_size) __ksym;

#endif
