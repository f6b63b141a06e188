/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actors, BPF programs that requests run: spawnpol_actor(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_ACTOR_H
#define SPAWNPOL_PART_ACTOR_H

#include "ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- programs in the slots of a ring --------------------------------------------- */

/* Attach without state, whatever the program requests. */
#define SPAWNPOL_STATE_NONE UINT32_MAX

/* How an actor's program is attached. */
struct spawnpol_actor_attach_opts {
	size_t	sz;		/* of this structure: see SPAWNPOL_OPTS() */
	uint32_t slot;
	/*
	 * Requests in flight, and bytes of state, of one actor at most. 0: what the program
	 * requests (spawnpol_actor_needs()), or else the kernel's default and no state.
	 */
	uint32_t in_flight;
	uint32_t state_size;	/* or SPAWNPOL_STATE_NONE */
	uint32_t total;		/* requests that one actor stages at most; 0: no limit */
};

/*
 * Attach the program prog_fd (section iouring/op) to a slot of the ring ring_fd, of this
 * process or another. Returns the descriptor of a bpf_link (close-on-exec), which the
 * caller owns: the program stays attached until the link's last descriptor and pin are
 * gone. spawnpol_policy_update(), _detach() and _info() work on this link too. opts NULL:
 * slot 0, and what the program requests.
 *
 * spawnpol_actor_attach() uses bpf(2)'s BPF_LINK_CREATE, _attach_registered() the ring's
 * IORING_ATTACH_BPF. spawnpol_ring_attach_actor() is the latter for a ring of this process,
 * which need not have a descriptor. Attaching needs no privileges, but reading what the
 * program requests does (CAP_SYS_ADMIN): unprivileged callers set in_flight and state_size.
 *
 * -EBUSY	the slot has another program
 * -EEXIST	the slot has this program
 * -EINVAL	slot above 15; the program is a policy or no program of an actor; IOPOLL
 *		ring
 * -E2BIG	in_flight or state_size is above the kernel's ceiling, or opts has a member
 *		that this library does not know
 * -EBADF	a descriptor is not open, or prog_fd is not a program;
 *		spawnpol_actor_attach(): ring_fd is not a ring
 * -EOPNOTSUPP	the kernel has no actors; _attach_registered(): ring_fd is not a ring
 * -EACCES	the ring's restrictions forbid attaching
 * -EPERM	in_flight or state_size is 0, and the caller lacks CAP_SYS_ADMIN
 * -ESTALE, -EEXIST (spawnpol_ring_attach_actor()) as spawnpol_submit()
 *
 * The first spawnpol_actor_attach() of a process makes a temporary ring, as
 * spawnpol_policy_attach() does.
 */
int spawnpol_actor_attach(int ring_fd, int prog_fd,
			  const struct spawnpol_actor_attach_opts *opts);
int spawnpol_actor_attach_registered(int ring_fd, int prog_fd,
				     const struct spawnpol_actor_attach_opts *opts);
int spawnpol_ring_attach_actor(struct spawnpol_ring *ring, int prog_fd,
			       const struct spawnpol_actor_attach_opts *opts);

/* What a program requests at attach; 0 if it requests nothing. */
struct spawnpol_actor_needs {
	uint32_t state_size;	/* SPAWNPOL_STATE() */
	uint32_t in_flight;	/* SPAWNPOL_IN_FLIGHT() */
};

/*
 * Read the program's constants spawnpol_state_size and spawnpol_in_flight from the
 * kernel's memory. Needs CAP_SYS_ADMIN. -EINVAL: a constant has another size.
 */
int spawnpol_actor_needs_sized(int prog_fd, struct spawnpol_actor_needs *needs,
			       size_t size);
static inline int spawnpol_actor_needs(int prog_fd, struct spawnpol_actor_needs *needs)
{
	return spawnpol_actor_needs_sized(prog_fd, needs, sizeof(*needs));
}

/* --- running them --------------------------------------------------------------- */

/* An actor: one request that runs the program of a slot. */
struct spawnpol_actor;

/*
 * Make an actor in *actor. The caller owns it: spawnpol_actor_free(). Its outcomes carry
 * user. -ENOMEM: no memory.
 */
int spawnpol_actor_new(struct spawnpol_actor **actor, void *user);

/*
 * Free an actor. -EBUSY: the actor is in flight and not freed. With NULL the call does
 * nothing and returns 0.
 */
int spawnpol_actor_free(struct spawnpol_actor *actor);

/*
 * Submit the actor: the kernel starts the program of the slot with four arguments (NULL:
 * all 0). Memory that the arguments point to must stay valid until the outcome. Returns 0.
 * The outcome has kind SPAWNPOL_KIND_ACTOR, this actor, the program's result in result, and
 * in error too if the result is negative. Collect it like the outcome of a chain; after
 * that the actor can be submitted again.
 *
 * -EINVAL	slot above 15
 * -EBUSY	the actor is in flight already
 * -EOPNOTSUPP	the kernel has no actors
 * -EAGAIN, -EINPROGRESS, -ESTALE, -EEXIST and errors of io_uring_enter(2) as
 *		spawnpol_submit()
 *
 * If the slot has no program, the outcome's error is -ENOLINK.
 *
 * On a wrapped ring, the launcher receives CQEs that the program posts if their user_data
 * has a tag other than the library's. On other rings the library drops these CQEs.
 */
int spawnpol_actor_submit(struct spawnpol_ring *ring, struct spawnpol_actor *actor,
			  unsigned int slot, const uint64_t args[4]);

/* Only put the request into the SQ, as spawnpol_queue(). Errors as above. */
int spawnpol_actor_queue(struct spawnpol_ring *ring, struct spawnpol_actor *actor,
			 unsigned int slot, const uint64_t args[4]);

/*
 * Cancel the actor and its requests in flight. The outcome is -ECANCELED unless the
 * cancellation comes too late. -ENOENT: the actor is not in flight on this ring. -EAGAIN,
 * -ESTALE, -EEXIST, -EINPROGRESS: as spawnpol_submit().
 */
int spawnpol_actor_cancel(struct spawnpol_ring *ring, struct spawnpol_actor *actor);

/*
 * Make *sqe a request that runs the program of the slot, for callers that submit their own
 * requests and may link them. op_bpf is the kernel's number of the operation, from struct
 * io_uring_spawn_query. user_data is unchanged; flags become 0.
 */
void spawnpol_actor_prep(struct io_uring_sqe *sqe, unsigned int op_bpf,
			 unsigned int slot, const uint64_t args[4]);

/* --- running them dry ------------------------------------------------------------ */

/* What one run of an actor's program did. */
struct spawnpol_actor_dry_run {
	int	verdict;	/* IORING_ACTOR_WAIT, _END */
	int	result;		/* of the request, if verdict is END */
	unsigned int nr_staged, nr_posted;
	const struct bpf_iouring_op_test_staged *staged; /* in room, as posted and state */
	const struct bpf_iouring_op_test_posted *posted;
	void	*state;		/* after the run */
	size_t	state_size;
	char	room[32768];
};

/*
 * Run the program prog_fd once on a given context and state (BPF_PROG_TEST_RUN). The
 * kernel uses ctx->in_flight and ctx->room as they are, sets missing bytes of the state to
 * 0, and neither issues nor posts anything. For a further run, pass run->state of one
 * structure as the state, and another structure as run.
 *
 * -EPERM	the caller lacks CAP_BPF
 * -EINVAL	the program is not an actor's; the context or the size is invalid
 * -ENOSPC	what the run staged and posted does not fit into room
 * -EPROTO	this library does not understand what the kernel returned
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
