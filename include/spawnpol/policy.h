/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies of rings: spawnpol_policy(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_POLICY_H
#define SPAWNPOL_PART_POLICY_H

#include "ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Ask for the events that the program says it wants: spawnpol_policy_events(). */
#define SPAWNPOL_EVENTS_AUTO UINT32_MAX

/*
 * Where among the policies of its slot a policy goes: the kernel's BPF_F_* flags. 0:
 * to the end. With a relative program or link, directly before or after that.
 */
enum spawnpol_order {
	SPAWNPOL_ORDER_BEFORE	= 1U << 3,	/* without one: to the beginning */
	SPAWNPOL_ORDER_AFTER	= 1U << 4,	/* without one: to the end */
	SPAWNPOL_ORDER_ID	= 1U << 5,	/* relative is an id, not a descriptor */
	SPAWNPOL_ORDER_LINK	= 1U << 13,	/* ... of a link, not of a program */
};

/* How a policy is attached; budgets of 0 are the kernel's defaults. */
struct spawnpol_attach_opts {
	size_t	sz;		/* of this structure: see SPAWNPOL_OPTS() */
	uint32_t slot;
	uint32_t events;	/* IORING_POLICY_* or SPAWNPOL_EVENTS_AUTO */
	uint32_t max_issues;	/* retries and staged requests of a chain */
	uint32_t max_staged;	/* requests staged by one run */
	uint64_t max_delay_ns;	/* sum of the delays of a chain */
	uint32_t order;		/* SPAWNPOL_ORDER_* */
	uint32_t relative;	/* program or link in the slot; 0: none */
	uint64_t revision;	/* that the slot must have; 0: any */
};

/*
 * Attach the program prog_fd to the ring ring_fd, of this process or another's.
 * Returns the descriptor of a bpf_link (close-on-exec), which the caller owns:
 * the policy stays until its last descriptor and pin are gone. opts NULL: the end
 * of slot 0, SPAWNPOL_EVENTS_AUTO, default budgets.
 *
 * spawnpol_policy_attach() is bpf(2)'s BPF_LINK_CREATE,
 * spawnpol_policy_attach_registered() the ring's own IORING_ATTACH_BPF, which
 * ring restrictions can allow or forbid. Neither needs privileges, but reading
 * the events does (CAP_SYS_ADMIN): unprivileged callers name them.
 *
 * -EINVAL	unknown events or slot; the program is an actor's, or no policy for
 *		another reason; IOPOLL ring; the kernel has no policies
 * -E2BIG	a budget above the kernel's ceiling, or opts has a member that this
 *		library does not know
 * -EEXIST	the program is in the slot already
 * -ERANGE	the slot is full: max_policies of struct io_uring_spawn_query
 * -ENOENT	the relative program or link is not in the slot
 * -ESTALE	the slot has another revision: see spawnpol_policy_info()
 * -EBADF	a descriptor is not open, or not of a ring or a program
 * -EOPNOTSUPP	the same of ring_fd; or the kernel has no policies
 * -EACCES	the ring's restrictions forbid it
 * -EPERM	SPAWNPOL_EVENTS_AUTO without CAP_SYS_ADMIN
 *
 * spawnpol_policy_attach() takes a temporary ring the first time: the errors of
 * spawnpol_ring_open(), if neither that nor ring_fd tells the kernel's numbers.
 */
int spawnpol_policy_attach(int ring_fd, int prog_fd,
			   const struct spawnpol_attach_opts *opts);
int spawnpol_policy_attach_registered(int ring_fd, int prog_fd,
				      const struct spawnpol_attach_opts *opts);

/*
 * The same for a ring of this process, which need not have a descriptor, by
 * IORING_ATTACH_BPF. Errors as those of spawnpol_policy_attach_registered() and
 * spawnpol_ring_register().
 */
int spawnpol_ring_attach(struct spawnpol_ring *ring, int prog_fd,
			 const struct spawnpol_attach_opts *opts);

/*
 * Exchange the link's program, for chains under way too. old_fd >= 0: only if
 * that is the program now (else -EPERM). The policy keeps its position. -ENOLINK:
 * the ring is gone, or the link was detached. -EEXIST: another link of the slot has
 * the program.
 */
int spawnpol_policy_update(int link_fd, int prog_fd, int old_fd);

/*
 * Take the policy off its ring now, also while others hold the link. The
 * descriptor stays the caller's to close. Doing so twice is no error.
 */
int spawnpol_policy_detach(int link_fd);

/*
 * What the kernel knows of the link. -EINVAL: a link of another type. To know the
 * type's number, the first call in a process can take a temporary ring; if that cannot
 * be had, errors are those of spawnpol_ring_open().
 */
int spawnpol_policy_info_sized(int link_fd, struct spawnpol_link_info *info,
			       size_t size);
static inline int spawnpol_policy_info(int link_fd,
				       struct spawnpol_link_info *info)
{
	return spawnpol_policy_info_sized(link_fd, info, sizeof(*info));
}

/*
 * The events a program wants: the value of its constant
 *	const volatile __u32 spawnpol_events
 * in the kernel's memory. *events is 0 if it has none. Needs CAP_SYS_ADMIN.
 */
int spawnpol_policy_events(int prog_fd, uint32_t *events);

#ifdef __cplusplus
}
#endif

#endif
