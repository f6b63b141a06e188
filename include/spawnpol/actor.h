/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actors, programs as requests of a ring: spawnpol_actor(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_ACTOR_H
#define SPAWNPOL_PART_ACTOR_H

#include "ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- programs in the slots of a ring --------------------------------------------- */

/* No state, whatever the program says. */
#define SPAWNPOL_STATE_NONE UINT32_MAX

/* How a program is attached. */
struct spawnpol_actor_attach_opts {
	size_t	sz;		/* of this structure: see SPAWNPOL_OPTS() */
	uint32_t slot;
	/*
	 * Requests that one actor has in flight, and bytes of its state. 0: what the
	 * program says (spawnpol_actor_needs()) or, if it does not, the kernel's default
	 * and no state.
	 */
	uint32_t in_flight;
	uint32_t state_size;	/* or SPAWNPOL_STATE_NONE */
	uint32_t total;		/* requests that one actor stages; 0: any number */
};

/*
 * Put the program prog_fd, of the section iouring/op, into a slot of the ring ring_fd, of
 * this process or another's. Returns the descriptor of a bpf_link (close-on-exec), which
 * the caller owns: the program stays until its last descriptor and pin are gone.
 * spawnpol_policy_update(), _detach() and _info() work on it as on the link of a policy.
 * opts NULL: slot 0, and what the program says.
 *
 * spawnpol_actor_attach() is bpf(2)'s BPF_LINK_CREATE, spawnpol_actor_attach_registered()
 * the ring's own IORING_ATTACH_BPF. spawnpol_ring_attach_actor() is the latter for a ring
 * of this process, which need not have a descriptor. None needs privileges, but reading
 * what the program says does (CAP_SYS_ADMIN): unprivileged callers name in_flight and
 * state_size.
 *
 * -EBUSY	the slot has another program
 * -EEXIST	the slot has this program
 * -EINVAL	slot above 15; the program is a policy, or no actor's for another
 *		reason; IOPOLL ring
 * -E2BIG	in_flight or state_size is above the kernel's ceiling, or opts has a member
 *		that this library does not know
 * -EBADF	a descriptor is not open, or not of a ring or a program
 * -EOPNOTSUPP	the same of ring_fd; or the kernel has no actors
 * -EACCES	the ring's restrictions forbid it
 * -EPERM	in_flight or state_size is 0, and no CAP_SYS_ADMIN
 * -ESTALE, -EEXIST (spawnpol_ring_attach_actor()) as spawnpol_submit()
 *
 * spawnpol_actor_attach() takes a temporary ring the first time, as
 * spawnpol_policy_attach().
 */
int spawnpol_actor_attach(int ring_fd, int prog_fd,
			  const struct spawnpol_actor_attach_opts *opts);
int spawnpol_actor_attach_registered(int ring_fd, int prog_fd,
				     const struct spawnpol_actor_attach_opts *opts);
int spawnpol_ring_attach_actor(struct spawnpol_ring *ring, int prog_fd,
			       const struct spawnpol_actor_attach_opts *opts);

/* What a program says that it needs; 0 where it says nothing. */
struct spawnpol_actor_needs {
	uint32_t state_size;	/* SPAWNPOL_STATE() */
	uint32_t in_flight;	/* SPAWNPOL_IN_FLIGHT() */
};

/*
 * Read that from the program's constants in the kernel's memory. Needs CAP_SYS_ADMIN.
 * -EINVAL: a constant has another size.
 */
int spawnpol_actor_needs_sized(int prog_fd, struct spawnpol_actor_needs *needs,
			       size_t size);
static inline int spawnpol_actor_needs(int prog_fd, struct spawnpol_actor_needs *needs)
{
	return spawnpol_actor_needs_sized(prog_fd, needs, sizeof(*needs));
}

/* --- running them --------------------------------------------------------------- */

/* One request that runs the program of a slot. */
struct spawnpol_actor;

/*
 * The caller owns it: spawnpol_actor_free(). user becomes that of its outcomes. -ENOMEM.
 */
int spawnpol_actor_new(struct spawnpol_actor **actor, void *user);

/* Not one in flight: that has no effect and returns -EBUSY. NULL is 0. */
int spawnpol_actor_free(struct spawnpol_actor *actor);

/*
 * Start the program of the slot, with four arguments (NULL: all 0). What those point to,
 * as the program understands them, stays until the outcome: kind SPAWNPOL_KIND_ACTOR,
 * with this actor, in result what the program has set, and in error the same if that is
 * negative. Outcomes of actors are collected with those of chains, and the actor can be
 * submitted again then. Returns 0.
 *
 * -EINVAL	slot above 15
 * -EBUSY	it is in flight already
 * -EOPNOTSUPP	the kernel has no actors
 * -EAGAIN, -EINPROGRESS, -ESTALE, -EEXIST and errors of io_uring_enter(2) as
 *		spawnpol_submit()
 *
 * That the slot has no program says the outcome: -ENOLINK.
 *
 * CQEs that the program posts are the launcher's on a wrapped ring, if their user_data
 * has another tag than the library's. On other rings nobody sees them.
 */
int spawnpol_actor_submit(struct spawnpol_ring *ring, struct spawnpol_actor *actor,
			  unsigned int slot, const uint64_t args[4]);

/* The same, but only put the request into the SQ, as spawnpol_queue(). */
int spawnpol_actor_queue(struct spawnpol_ring *ring, struct spawnpol_actor *actor,
			 unsigned int slot, const uint64_t args[4]);

/*
 * Cancel it, with all that it has in flight; the outcome comes as always, -ECANCELED
 * unless it was too late. -ENOENT: the actor is not in flight on this ring. -EAGAIN,
 * -ESTALE, -EEXIST, -EINPROGRESS: as spawnpol_submit().
 */
int spawnpol_actor_cancel(struct spawnpol_ring *ring, struct spawnpol_actor *actor);

/*
 * For requests of the caller's own, which can be linked to others: make *sqe one that runs
 * the program of the slot. op_bpf is the kernel's number for it, of struct
 * io_uring_spawn_query. user_data stays what it is, and flags become 0.
 */
void spawnpol_actor_prep(struct io_uring_sqe *sqe, unsigned int op_bpf,
			 unsigned int slot, const uint64_t args[4]);

/* --- running them dry ------------------------------------------------------------ */

/* What has come of a run. */
struct spawnpol_actor_dry_run {
	int	verdict;	/* IORING_ACTOR_WAIT, _END */
	int	result;		/* that END completes the request with */
	unsigned int nr_staged, nr_posted;
	const struct bpf_iouring_op_test_staged *staged; /* in room, as all that follows */
	const struct bpf_iouring_op_test_posted *posted;
	void	*state;		/* as the run has left it */
	size_t	state_size;
	char	room[32768];
};

/*
 * Run the program prog_fd once on a made-up context, of which in_flight and room are used
 * as they are, and with this state (bytes that are not given are 0). Nothing is issued or
 * posted (BPF_PROG_TEST_RUN). run->state can be given to the next run, of another
 * structure.
 *
 * -EPERM	not privileged to do so (CAP_BPF)
 * -EINVAL	the program is no actor's; the context or the size makes no sense
 * -ENOSPC	more came of it than there is room for
 * -EPROTO	what came of it is not as this library knows it
 */
int spawnpol_actor_dry_run_sized(int prog_fd, const struct bpf_iouring_op_ctx *ctx,
				 size_t ctx_size, const void *state, size_t state_size,
				 struct spawnpol_actor_dry_run *run, size_t size);
static inline int spawnpol_actor_dry_run(int prog_fd, const struct bpf_iouring_op_ctx *ctx,
					 const void *state, size_t state_size,
					 struct spawnpol_actor_dry_run *run)
{
	return spawnpol_actor_dry_run_sized(prog_fd, ctx, sizeof(*ctx), state, state_size,
					    run, sizeof(*run));
}

#ifdef __cplusplus
}
#endif

#endif
