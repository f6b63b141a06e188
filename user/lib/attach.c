// SPDX-License-Identifier: LGPL-2.1-or-later
/* Attaching a policy by the ring's register command, without libbpf. */
#include <string.h>

#include "internal.h"

int attach_to_ring(struct ring_at at, int prog_fd,
		   const struct spawnpol_attach_opts *opts)
{
	struct io_uring_attach_bpf attach;

	memset(&attach, 0, sizeof(attach));
	attach.prog_fd = prog_fd;
	attach.slot = opts->slot;
	attach.events = opts->events;
	attach.max_issues = opts->max_issues;
	attach.max_staged = opts->max_staged;
	attach.max_delay_ns = opts->max_delay_ns;
	/* The call takes both kinds of programs. An actor's has no place in an order. */
	attach.flags = opts->order || opts->relative ? opts->order : SPAWNPOL_ORDER_AFTER;
	attach.relative = opts->relative;
	attach.expected_revision = opts->revision;
	return ring_register(at, SPAWNPOL_ATTACH_BPF, &attach, 1);
}
