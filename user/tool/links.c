// SPDX-License-Identifier: LGPL-2.1-or-later
/* The links of the whole system. */
#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "links.h"
#include "tool.h"

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
		/* of another type if there is no such information */
		ret = spawnpol_policy_info(fd, &info) ? 0 :
		      each(fd, &info, data);
		close(fd);
		if (ret)
			return ret;
	}
	return errno == ENOENT ? 0 : not_listed(t, errno);
}
