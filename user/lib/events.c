// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which events does a loaded program want to be told of? It says so in a
 * constant, `const volatile __u32 spawnpol_events`, which the loader has put
 * into a read-only map; the program's maps and their type information lead
 * there, so that this works for a program that somebody else loaded and pinned.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define EVENTS_VAR	"spawnpol_events"
#define MAX_MAPS	64	/* MAX_USED_MAPS of the kernel */

static bool is_rodata(const struct bpf_map_info *info)
{
	static const char suffix[] = ".rodata";
	size_t len = strnlen(info->name, sizeof(info->name));

	return info->type == BPF_MAP_TYPE_ARRAY && info->max_entries == 1 &&
	       info->btf_id && info->btf_value_type_id &&
	       len >= sizeof(suffix) - 1 &&
	       !strcmp(info->name + len - (sizeof(suffix) - 1), suffix);
}

/* Where in the map's value the variable is. -ENOENT: it is not there. */
static int find_offset(const struct bpf_map_info *info)
{
	struct btf *btf = btf__load_from_kernel_by_id(info->btf_id);
	const struct btf_type *sec, *var;
	const struct btf_var_secinfo *v;
	int ret = -ENOENT;

	if (!btf)
		return -errno;
	sec = btf__type_by_id(btf, info->btf_value_type_id);
	if (!sec || !btf_is_datasec(sec))
		goto out;
	v = btf_var_secinfos(sec);
	for (int i = 0; i < btf_vlen(sec); i++, v++) {
		var = btf__type_by_id(btf, v->type);
		if (strcmp(btf__name_by_offset(btf, var->name_off), EVENTS_VAR))
			continue;
		ret = -EINVAL;
		if (v->size == sizeof(uint32_t) &&
		    v->offset + v->size <= info->value_size)
			ret = v->offset;
		break;
	}
out:
	btf__free(btf);
	return ret;
}

static int read_value(int map_fd, const struct bpf_map_info *info, int offset,
		      uint32_t *events)
{
	char *value = malloc(info->value_size);
	uint32_t key = 0;
	int err;

	if (!value)
		return -ENOMEM;
	err = bpf_map_lookup_elem(map_fd, &key, value);
	if (!err)
		memcpy(events, value + offset, sizeof(*events));
	free(value);
	return err;
}

/* -ENOENT: the map does not hold the variable. */
static int look_into_map(uint32_t id, uint32_t *events)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	int fd, ret;

	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	ret = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (!ret)
		ret = is_rodata(&info) ? find_offset(&info) : -ENOENT;
	if (ret >= 0)
		ret = read_value(fd, &info, ret, events);
	close(fd);
	return ret;
}

int spawnpol_policy_events(int prog_fd, uint32_t *events)
{
	uint32_t ids[MAX_MAPS];
	struct bpf_prog_info info = {
		.nr_map_ids = MAX_MAPS,
		.map_ids = (uintptr_t)ids,
	};
	uint32_t len = sizeof(info);
	int err;

	if (prog_fd < 0)
		return -EBADF;
	err = bpf_obj_get_info_by_fd(prog_fd, &info, &len);
	if (err)
		return err;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAX_MAPS; i++) {
		err = look_into_map(ids[i], events);
		if (err != -ENOENT)
			return err;
	}
	*events = 0;
	return 0;
}
