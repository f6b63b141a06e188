// SPDX-License-Identifier: LGPL-2.1-or-later
/* The policy's link, and those of its neighbours in the slot, which pass. */
#include "round.h"

#include "program.h"

#include <linux/bpf.h>

int attach_neighbour(struct round *r, bool after)
{
	struct spawnpol_link_create attr = {
		.prog_fd = r->passing[after],
		.target_fd = tring_fd(&r->ring),
		.attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		.flags = after ? 1U << 4 : 1U << 3, /* BPF_F_AFTER, _BEFORE */
		.events = 0x3f,
	};

	return CHECK_OK(bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr)));
}

void attach_policy(struct round *r)
{
	struct spawnpol_link_create attr = {
		.prog_fd = r->program.fd,
		.target_fd = tring_fd(&r->ring),
		.attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		.events = r->point->events | IORING_POLICY_DONE,
		.max_issues = 65536,
		.max_delay_ns = 300000000000ULL,
	};
	struct spawnpol_link_info info;
	unsigned int side;

	r->link = CHECK_OK(bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr)));
	info = link_info(r->link);
	r->share->link = info.id;
	r->share->program = info.prog_id;
	for (side = 0; side < 2; side++)
		r->neighbour[side] = r->neighbours & 1 << side ?
				     attach_neighbour(r, side) : -1;
}
