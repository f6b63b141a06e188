// SPDX-License-Identifier: LGPL-2.1-or-later
/* bpf(2), for which the C library has no function. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf_syscall.h"

int bpf_syscall(enum bpf_cmd cmd, void *attr, size_t size)
{
	int ret = syscall(__NR_bpf, cmd, attr, size);

	return ret < 0 ? -errno : ret;
}

int bpf_open_id(enum bpf_cmd cmd, uint32_t id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	/* the ids of all kinds of objects share a union */
	attr.map_id = id;
	return bpf_syscall(cmd, &attr, sizeof(attr));
}

int bpf_info(int fd, void *info, size_t size)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = fd;
	attr.info.info_len = size;
	attr.info.info = (uintptr_t)info;
	return bpf_syscall(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}
