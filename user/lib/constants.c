// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a loaded program requests at attach. The program has it in constants, such as
 * `const volatile __u32 spawnpol_events`, which the loader has put into a read-only
 * map. The program's maps and their type information lead to the constants, also for a
 * program that another process loaded and pinned.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf_syscall.h"
#include "btf.h"
#include "common/sized.h"
#include "internal.h"

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

/* A copy of the kernel's type information open at fd, which the caller frees. */
static int read_btf(int fd, void **data, size_t *size)
{
	struct bpf_btf_info info = { 0 };
	void *copy;
	int err;

	err = bpf_info(fd, &info, sizeof(info));
	if (err)
		return err;
	*size = info.btf_size;
	copy = malloc(*size);
	if (!copy)
		return -ENOMEM;
	info = (struct bpf_btf_info){ .btf = (uintptr_t)copy,
				      .btf_size = *size };
	err = bpf_info(fd, &info, sizeof(info));
	if (err)
		free(copy);
	else
		*data = copy;
	return err;
}

/* Where in the map's value the variable is. -ENOENT: it is not there. */
static int find_offset(const struct bpf_map_info *info, const char *name)
{
	struct btf_place place;
	void *data = NULL;
	size_t size;
	int fd, err;

	fd = bpf_open_id(BPF_BTF_GET_FD_BY_ID, info->btf_id);
	if (fd < 0)
		return fd;
	err = read_btf(fd, &data, &size);
	close(fd);
	if (err)
		return err;
	err = btf_find_variable(data, size, info->btf_value_type_id, name, &place);
	free(data);
	if (err)
		return err;
	if (place.size != sizeof(uint32_t) || place.offset > info->value_size ||
	    info->value_size - place.offset < place.size)
		return -EINVAL;
	return place.offset;
}

static int look_up(int map_fd, const uint32_t *key, void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map_fd;
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)value;
	return bpf_syscall(BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr));
}

static int read_value(int map_fd, const struct bpf_map_info *info, int offset,
		      uint32_t *number)
{
	char *value = malloc(info->value_size);
	uint32_t key = 0;
	int err;

	if (!value)
		return -ENOMEM;
	err = look_up(map_fd, &key, value);
	if (!err)
		memcpy(number, value + offset, sizeof(*number));
	free(value);
	return err;
}

/* -ENOENT: the map does not hold the variable. */
static int look_into_map(uint32_t id, const char *name, uint32_t *number)
{
	struct bpf_map_info info = { 0 };
	int fd, ret;

	fd = bpf_open_id(BPF_MAP_GET_FD_BY_ID, id);
	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	ret = bpf_info(fd, &info, sizeof(info));
	if (!ret)
		ret = is_rodata(&info) ? find_offset(&info, name) : -ENOENT;
	if (ret >= 0)
		ret = read_value(fd, &info, ret, number);
	close(fd);
	return ret;
}

/* 0 if it has no such constant. */
static int constant(int prog_fd, const char *name, uint32_t *number)
{
	uint32_t ids[MAX_MAPS];
	struct bpf_prog_info info = {
		.nr_map_ids = MAX_MAPS,
		.map_ids = (uintptr_t)ids,
	};
	int err;

	if (prog_fd < 0)
		return -EBADF;
	err = bpf_info(prog_fd, &info, sizeof(info));
	if (err)
		return err;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAX_MAPS; i++) {
		err = look_into_map(ids[i], name, number);
		if (err != -ENOENT)
			return err;
	}
	*number = 0;
	return 0;
}

int spawnpol_policy_events(int prog_fd, uint32_t *events)
{
	return constant(prog_fd, "spawnpol_events", events);
}

/* What the structure had in the first release. */
#define NEEDS_LEAST \
	(offsetof(struct spawnpol_actor_needs, in_flight) + sizeof(uint32_t))

int spawnpol_actor_needs_sized(int prog_fd, struct spawnpol_actor_needs *needs,
			       size_t size)
{
	struct spawnpol_actor_needs n = { 0 };
	int err;

	if (size < NEEDS_LEAST)
		return -EINVAL;
	err = constant(prog_fd, "spawnpol_state_size", &n.state_size) ?:
	      constant(prog_fd, "spawnpol_in_flight", &n.in_flight);
	if (err)
		return err;
	sized_write(needs, size, &n, sizeof(n));
	return 0;
}
