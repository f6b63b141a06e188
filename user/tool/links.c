// SPDX-License-Identifier: LGPL-2.1-or-later
/* Listing the links of the whole system. */
#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "kernel.h"
#include "links.h"
#include "tool.h"

bool link_is_actor(const struct spawnpol_link_info *info)
{
	const uint32_t attach_op = kernel_query()->attach_op;

	return attach_op && info->attach_type == attach_op;
}

const char *link_kind(const struct spawnpol_link_info *info)
{
	return link_is_actor(info) ? "actor" : "policy";
}

static int not_listed(struct tool *t, int err)
{
	int ret = fail(t, err, "cannot list the links of this system");

	if (err == EPERM)
		advise(t, "run %s as root (CAP_SYS_ADMIN is needed)", TOOL_NAME);
	return ret;
}

int links_each(struct tool *t,
	       int (*each)(int fd, const struct spawnpol_link_info *info,
			   void *data),
	       void *data)
{
	struct spawnpol_link_info info;
	__u32 id = 0;
	int fd, ret;

	while (!bpf_link_get_next_id(id, &id)) {
		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0 && errno == ENOENT)
			continue;	/* gone meanwhile */
		if (fd < 0)
			return not_listed(t, errno);
		ret = spawnpol_policy_info(fd, &info);
		if (!ret)
			ret = each(fd, &info, data);
		else if (ret == -EINVAL || ret == -EOPNOTSUPP)
			ret = 0;	/* of another type */
		else
			fail(t, ret, "cannot query link %u", id);
		close(fd);
		if (ret)
			return ret;
	}
	return errno == ENOENT ? 0 : not_listed(t, errno);
}
