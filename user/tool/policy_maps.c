// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading a loaded policy's maps. */
#include <bpf/bpf.h>
#include <errno.h>
#include <spawn_policy.h>
#include <string.h>
#include <unistd.h>

#include "bpf_info.h"
#include "policy_maps.h"

#define MAX_MAPS	64	/* what the kernel has for a program (MAX_USED_MAPS) */

static int map_ids(int prog_fd, __u32 ids[MAX_MAPS])
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	info.nr_map_ids = MAX_MAPS;
	info.map_ids = (uintptr_t)ids;
	if (bpf_obj_get_info_by_fd(prog_fd, &info, &len))
		return -errno;
	return info.nr_map_ids < MAX_MAPS ? info.nr_map_ids : MAX_MAPS;
}

int policy_maps_each(int prog_fd,
		     int (*each)(int fd, const struct bpf_map_info *info, void *data),
		     void *data)
{
	struct bpf_map_info info;
	__u32 ids[MAX_MAPS];
	int i, nr, fd, ret = 0;

	nr = map_ids(prog_fd, ids);
	for (i = 0; !ret && i < nr; i++) {
		fd = bpf_map_get_fd_by_id(ids[i]);
		if (fd < 0)
			continue;
		if (!info_map(fd, &info))
			ret = each(fd, &info, data);
		close(fd);
	}
	return ret;
}

/* 1: it was the one. */
static int read_config(int fd, const struct bpf_map_info *info, void *data)
{
	const __u32 key = 0;

	if (info->type != BPF_MAP_TYPE_ARRAY ||
	    info->value_size != sizeof(struct spawn_policy_config) ||
	    strcmp(info->name, SPAWN_POLICY_CONFIG_MAP))
		return 0;
	return bpf_map_lookup_elem(fd, &key, data) ? -errno : 1;
}

int policy_config_read(int prog_fd, struct spawn_policy_config *config)
{
	int ret = policy_maps_each(prog_fd, read_config, config);

	if (ret > 0 && config->version != SPAWN_POLICY_CONFIG_VERSION)
		return -EPROTO;
	return ret > 0 ? 0 : ret ? ret : -ENOENT;
}
