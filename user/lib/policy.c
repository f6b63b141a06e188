// SPDX-License-Identifier: LGPL-2.1-or-later
/* Policies: attaching a program to a ring, and operations on the link. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpf_syscall.h"
#include "common/sized.h"
#include "internal.h"

/* What the options had in the first release. */
#define LEAST \
	(offsetof(struct spawnpol_attach_opts, revision) + sizeof(uint64_t))

static int resolve(struct spawnpol_attach_opts *to,
		   const struct spawnpol_attach_opts *from, int prog_fd)
{
	int err;

	*to = (struct spawnpol_attach_opts){ .events = SPAWNPOL_EVENTS_AUTO };
	if (from) {
		err = sized_read_opts(to, sizeof(*to), from, LEAST);
		if (err)
			return err;
	}
	if (to->events != SPAWNPOL_EVENTS_AUTO)
		return 0;
	return spawnpol_policy_events(prog_fd, &to->events);
}

int spawnpol_policy_attach(int ring_fd, int prog_fd,
			   const struct spawnpol_attach_opts *opts)
{
	struct spawnpol_attach_opts o;
	struct spawnpol_link_create create;
	struct policy_numbers numbers;
	int err;

	if (ring_fd < 0 || prog_fd < 0)
		return -EBADF;
	err = resolve(&o, opts, prog_fd);
	if (err)
		return err;
	err = policy_numbers(ring_fd, &numbers);
	if (err)
		return err;
	memset(&create, 0, sizeof(create));
	create.prog_fd = prog_fd;
	create.target_fd = ring_fd;
	create.attach_type = numbers.attach_spawn;
	create.slot = o.slot;
	create.events = o.events;
	create.max_issues = o.max_issues;
	create.max_staged = o.max_staged;
	create.max_delay_ns = o.max_delay_ns;
	create.flags = o.order;
	create.relative = o.relative;
	create.expected_revision = o.revision;
	return bpf_syscall(BPF_LINK_CREATE, &create, sizeof(create));
}

int spawnpol_policy_attach_registered(int ring_fd, int prog_fd,
				      const struct spawnpol_attach_opts *opts)
{
	struct spawnpol_attach_opts o;
	int ret;

	if (ring_fd < 0 || prog_fd < 0)
		return -EBADF;
	ret = resolve(&o, opts, prog_fd);
	if (ret)
		return ret;
	return attach_to_ring((struct ring_at) { .fd = ring_fd }, prog_fd, &o);
}

int spawnpol_ring_attach(struct spawnpol_ring *ring, int prog_fd,
			 const struct spawnpol_attach_opts *opts)
{
	struct spawnpol_attach_opts o;
	int err = ring_usable(ring);

	if (err)
		return err;
	if (prog_fd < 0)
		return -EBADF;
	err = resolve(&o, opts, prog_fd);
	if (err)
		return err;
	return attach_to_ring(ring_at(ring->uring), prog_fd, &o);
}

int spawnpol_policy_update(int link_fd, int prog_fd, int old_fd)
{
	union bpf_attr attr;

	if (link_fd < 0 || prog_fd < 0)
		return -EBADF;
	memset(&attr, 0, sizeof(attr));
	attr.link_update.link_fd = link_fd;
	attr.link_update.new_prog_fd = prog_fd;
	if (old_fd >= 0) {
		attr.link_update.flags = BPF_F_REPLACE;
		attr.link_update.old_prog_fd = old_fd;
	}
	return bpf_syscall(BPF_LINK_UPDATE, &attr, sizeof(attr));
}

int spawnpol_policy_detach(int link_fd)
{
	union bpf_attr attr;

	if (link_fd < 0)
		return -EBADF;
	memset(&attr, 0, sizeof(attr));
	attr.link_detach.link_fd = link_fd;
	return bpf_syscall(BPF_LINK_DETACH, &attr, sizeof(attr));
}

#define INFO_LEAST \
	(offsetof(struct spawnpol_link_info, revision) + sizeof(__u64))

/*
 * The kernel describes a program or map just as willingly, and their type
 * numbers overlap. Without /proc the type must do.
 */
static bool is_link(int fd)
{
	char path[64], what[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, what, sizeof(what) - 1);
	if (len < 0)
		return errno == ENOENT && access("/proc/self/fd", F_OK);
	what[len] = '\0';
	return strstr(what, "bpf_link") || strstr(what, "bpf-link");
}

int spawnpol_policy_info_sized(int link_fd, struct spawnpol_link_info *info,
			       size_t size)
{
	struct spawnpol_link_info now;
	struct policy_numbers numbers;
	int err;

	if (link_fd < 0)
		return -EBADF;
	if (size < INFO_LEAST)
		return -EINVAL;
	memset(&now, 0, sizeof(now));
	err = bpf_info(link_fd, &now, sizeof(now));
	if (err)
		return err;
	err = policy_numbers(-1, &numbers);
	if (err)
		return err == -EOPNOTSUPP ? -EINVAL : err;
	if (now.type != numbers.link_type || !is_link(link_fd))
		return -EINVAL;
	sized_write(info, size, &now, sizeof(now));
	return 0;
}
