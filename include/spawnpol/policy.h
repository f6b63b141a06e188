/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies of rings: spawnpol_policy(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_POLICY_H
#define SPAWNPOL_PART_POLICY_H

#include "ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Request the events that the program asks for: spawnpol_policy_events(). */
#define SPAWNPOL_EVENTS_AUTO UINT32_MAX

/*
 * The position of a policy among those of its slot: the kernel's BPF_F_* flags. 0: the
 * end. BEFORE and AFTER mean directly before or after the program or link in relative.
 */
enum spawnpol_order {
	SPAWNPOL_ORDER_BEFORE	= 1U << 3,	/* relative 0: the beginning */
	SPAWNPOL_ORDER_AFTER	= 1U << 4,	/* relative 0: the end */
	SPAWNPOL_ORDER_ID	= 1U << 5,	/* relative is an id, not a descriptor */
	SPAWNPOL_ORDER_LINK	= 1U << 13,	/* ... of a link, not of a program */
};

/* How a policy is attached. A budget of 0 is the kernel's default. */
struct spawnpol_attach_opts {
	size_t	sz;		/* of this structure: see SPAWNPOL_OPTS() */
	uint32_t slot;
	uint32_t events;	/* IORING_POLICY_* or SPAWNPOL_EVENTS_AUTO */
	uint32_t max_issues;	/* budget: retries and staged requests of a chain */
	uint32_t max_staged;	/* budget: requests staged by one run */
	uint64_t max_delay_ns;	/* budget: sum of the delays of a chain */
	uint32_t order;		/* SPAWNPOL_ORDER_* */
	uint32_t relative;	/* program or link in the slot; 0: none */
	uint64_t revision;	/* of the slot, expected; 0: any */
};

/*
 * Attach the policy prog_fd to the ring ring_fd, of this process or another. Returns the
 * descriptor of a bpf_link (close-on-exec), which the caller owns: the policy stays
 * attached until the link's last descriptor and pin are gone. opts NULL: the end of slot
 * 0, SPAWNPOL_EVENTS_AUTO, default budgets.
 *
 * spawnpol_policy_attach() uses bpf(2)'s BPF_LINK_CREATE, _attach_registered() the ring's
 * IORING_ATTACH_BPF, which ring restrictions can allow or forbid. Attaching needs no
 * privileges, but SPAWNPOL_EVENTS_AUTO does (CAP_SYS_ADMIN): unprivileged callers set
 * events.
 *
 * -EINVAL	unknown events or slot; the program is an actor's or no policy; IOPOLL ring;
 *		the kernel has no policies
 * -E2BIG	a budget is above the kernel's ceiling, or opts has a member that this
 *		library does not know
 * -EEXIST	the program is in the slot already
 * -ERANGE	the slot is full: max_policies of struct io_uring_spawn_query
 * -ENOENT	the relative program or link is not in the slot
 * -ESTALE	the slot has another revision: see spawnpol_policy_info()
 * -EBADF	a descriptor is not open, or prog_fd is not a program;
 *		spawnpol_policy_attach(): ring_fd is not a ring
 * -EOPNOTSUPP	the kernel has no policies; _attach_registered(): ring_fd is not a ring
 * -EACCES	the ring's restrictions forbid attaching
 * -EPERM	SPAWNPOL_EVENTS_AUTO without CAP_SYS_ADMIN
 *
 * The first spawnpol_policy_attach() of a process makes a temporary ring to read the
 * kernel's numbers. If neither this ring nor ring_fd has them, the call fails as
 * spawnpol_ring_open().
 */
int spawnpol_policy_attach(int ring_fd, int prog_fd,
			   const struct spawnpol_attach_opts *opts);
int spawnpol_policy_attach_registered(int ring_fd, int prog_fd,
				      const struct spawnpol_attach_opts *opts);

/*
 * Attach a policy by IORING_ATTACH_BPF to a ring of this process, which need not have a
 * descriptor. Errors as spawnpol_policy_attach_registered() and spawnpol_ring_register().
 */
int spawnpol_ring_attach(struct spawnpol_ring *ring, int prog_fd,
			 const struct spawnpol_attach_opts *opts);

/*
 * Replace the policy of a link, also for chains in flight. The policy's position does not
 * change. If old_fd >= 0, replace only this program; if the link has another one, the call
 * fails with -EPERM. -ENOLINK: the ring is gone, or the link was detached. -EEXIST: another
 * link of the slot has the program.
 */
int spawnpol_policy_update(int link_fd, int prog_fd, int old_fd);

/*
 * Detach the policy from its ring, even if other descriptors and pins keep the link. The
 * caller still has to close the descriptor. Detaching again succeeds.
 */
int spawnpol_policy_detach(int link_fd);

/*
 * Read what the kernel knows about a link. -EINVAL: link_fd is not a link to a ring. To
 * read the number of the link's type, the first call of a process can make a temporary
 * ring; if this fails, the call fails as spawnpol_ring_open().
 */
int spawnpol_policy_info_sized(int link_fd, struct spawnpol_link_info *info,
			       size_t size);
static inline int spawnpol_policy_info(int link_fd,
				       struct spawnpol_link_info *info)
{
	return spawnpol_policy_info_sized(link_fd, info, sizeof(*info));
}

/*
 * Read the events that a program requests: the value of its constant
 *	const volatile __u32 spawnpol_events
 * in the kernel's memory. *events is 0 if the program has none. Needs CAP_SYS_ADMIN.
 */
int spawnpol_policy_events(int prog_fd, uint32_t *events);

#ifdef __cplusplus
}
#endif

#endif
