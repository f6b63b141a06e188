// SPDX-License-Identifier: LGPL-2.1-or-later
/* Information from bpf(2) about programs and maps. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "bpf_info.h"

int info_prog(int fd, struct bpf_prog_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, len);
	return bpf_obj_get_info_by_fd(fd, info, &len) ? -errno : 0;
}

int info_map(int fd, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, len);
	return bpf_obj_get_info_by_fd(fd, info, &len) ? -errno : 0;
}
