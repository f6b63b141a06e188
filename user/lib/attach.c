// SPDX-License-Identifier: LGPL-2.1-or-later
/* Attaching a policy by the ring's own call, for which nobody needs libbpf. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

int attach_to_ring(int ring_fd, int prog_fd,
		   const struct spawnpol_attach_opts *opts)
{
	struct io_uring_attach_bpf attach;
	int ret;

	memset(&attach, 0, sizeof(attach));
	attach.prog_fd = prog_fd;
	attach.slot = opts->slot;
	attach.events = opts->events;
	attach.max_issues = opts->max_issues;
	attach.max_staged = opts->max_staged;
	attach.max_delay_ns = opts->max_delay_ns;
	ret = syscall(__NR_io_uring_register, ring_fd, SPAWNPOL_ATTACH_BPF,
		      &attach, 1);
	return ret < 0 ? -errno : ret;
}
