// SPDX-License-Identifier: LGPL-2.1-or-later
/* Attaching the programs of actors to slots of rings. */
#include <string.h>

#include "bpf_syscall.h"
#include "common/sized.h"
#include "internal.h"

/* What the options had in the first release. */
#define LEAST \
	(offsetof(struct spawnpol_actor_attach_opts, total) + sizeof(uint32_t))

/* All that the kernel is told; 0 is the kernel's default and no state. */
static int resolve(struct spawnpol_actor_attach_opts *to,
		   const struct spawnpol_actor_attach_opts *from, int prog_fd)
{
	struct spawnpol_actor_needs needs;
	int err;

	*to = (struct spawnpol_actor_attach_opts) { .slot = 0 };
	if (prog_fd < 0)
		return -EBADF;
	if (from) {
		err = sized_read_opts(to, sizeof(*to), from, LEAST);
		if (err)
			return err;
	}
	if (!to->in_flight || !to->state_size) {
		err = spawnpol_actor_needs(prog_fd, &needs);
		if (err)
			return err;
		to->in_flight = to->in_flight ?: needs.in_flight;
		to->state_size = to->state_size ?: needs.state_size;
	}
	if (to->state_size == SPAWNPOL_STATE_NONE)
		to->state_size = 0;
	return 0;
}

int spawnpol_actor_attach(int ring_fd, int prog_fd,
			  const struct spawnpol_actor_attach_opts *opts)
{
	struct spawnpol_actor_attach_opts o;
	struct spawnpol_link_create create;
	struct policy_numbers numbers;
	int err;

	if (ring_fd < 0)
		return -EBADF;
	err = resolve(&o, opts, prog_fd) ?: policy_numbers(ring_fd, &numbers);
	if (err)
		return err;
	if (!numbers.attach_op)
		return -EOPNOTSUPP;
	memset(&create, 0, sizeof(create));
	create.prog_fd = prog_fd;
	create.target_fd = ring_fd;
	create.attach_type = numbers.attach_op;
	create.slot = o.slot;
	create.max_staged = o.in_flight;
	create.max_issues = o.total;
	create.state_size = o.state_size;
	return bpf_syscall(BPF_LINK_CREATE, &create, sizeof(create));
}

/*
 * The call takes policies, too. A state above all ceilings attaches neither, and the error
 * tells them apart: it is too large for an actor, and nothing that a policy has.
 */
static int check_actor(struct ring_at at, int prog_fd)
{
	struct io_uring_attach_bpf attach;
	int err;

	memset(&attach, 0, sizeof(attach));
	attach.prog_fd = prog_fd;
	attach.state_size = UINT32_MAX;
	err = ring_register(at, SPAWNPOL_ATTACH_BPF, &attach, 1);
	return err == -E2BIG ? 0 : err;
}

static int attach_by_ring(struct ring_at at, int prog_fd,
			  const struct spawnpol_actor_attach_opts *o)
{
	struct io_uring_attach_bpf attach;
	int err = check_actor(at, prog_fd);

	if (err)
		return err;
	memset(&attach, 0, sizeof(attach));
	attach.prog_fd = prog_fd;
	attach.slot = o->slot;
	attach.max_staged = o->in_flight;
	attach.max_issues = o->total;
	attach.state_size = o->state_size;
	return ring_register(at, SPAWNPOL_ATTACH_BPF, &attach, 1);
}

int spawnpol_actor_attach_registered(int ring_fd, int prog_fd,
				     const struct spawnpol_actor_attach_opts *opts)
{
	struct spawnpol_actor_attach_opts o;
	int err;

	if (ring_fd < 0)
		return -EBADF;
	err = resolve(&o, opts, prog_fd);
	if (err)
		return err;
	return attach_by_ring((struct ring_at) { .fd = ring_fd }, prog_fd, &o);
}

int spawnpol_ring_attach_actor(struct spawnpol_ring *ring, int prog_fd,
			       const struct spawnpol_actor_attach_opts *opts)
{
	struct spawnpol_actor_attach_opts o;
	int err;

	err = ring_usable(ring) ?: resolve(&o, opts, prog_fd);
	if (err)
		return err;
	if (!ring->query.op_bpf)
		return -EOPNOTSUPP;
	return attach_by_ring(ring_at(ring->uring), prog_fd, &o);
}
