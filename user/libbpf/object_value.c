// SPDX-License-Identifier: LGPL-2.1-or-later
/* Configuration of a policy: setting its global variables and maps by name. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <spawnpol_bpf.h>
#include <stdlib.h>
#include <string.h>

#include "object_value.h"

/* The variable called name in the section that is a map's value, or NULL. */
static const struct btf_var_secinfo *find_variable(const struct btf *btf,
						   const struct bpf_map *map,
						   const char *name)
{
	const struct btf_type *section, *type;
	const struct btf_var_secinfo *var;

	section = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
	if (!section || !btf_is_datasec(section))
		return NULL;
	var = btf_var_secinfos(section);
	for (int i = 0; i < btf_vlen(section); i++, var++) {
		type = btf__type_by_id(btf, var->type);
		if (!strcmp(btf__name_by_offset(btf, type->name_off), name))
			return var;
	}
	return NULL;
}

/* An array with one element, as configurations are. */
static struct bpf_map *find_map(struct bpf_object *bpf, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bpf, name);

	return map && bpf_map__type(map) == BPF_MAP_TYPE_ARRAY &&
	       bpf_map__max_entries(map) == 1 ? map : NULL;
}

/* The section with one variable changed becomes the map's first value. */
static int preset_variable(struct bpf_map *map, const struct btf_var_secinfo *var,
			   const struct spawnpol_policy_value *value)
{
	size_t size;
	const void *now = bpf_map__initial_value(map, &size);
	char *data;
	int err;

	if (var->size != value->size || var->offset > size ||
	    size - var->offset < value->size)
		return -EMSGSIZE;
	data = malloc(size);
	if (!data)
		return -ENOMEM;
	memcpy(data, now, size);
	memcpy(data + var->offset, value->data, value->size);
	err = bpf_map__set_initial_value(map, data, size);
	free(data);
	return err;
}

int value_preset(struct bpf_object *bpf, const struct spawnpol_policy_value *value)
{
	const struct btf *btf = bpf_object__btf(bpf);
	const struct btf_var_secinfo *var;
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, bpf) {
		if (!btf || !bpf_map__initial_value(map, &size))
			continue;
		var = find_variable(btf, map, value->name);
		if (var)
			return preset_variable(map, var, value);
	}
	map = find_map(bpf, value->name);
	if (!map)
		return -ENOENT;
	return bpf_map__value_size(map) == value->size ? 0 : -EMSGSIZE;
}

int value_initial(struct bpf_object *bpf, const char *name, void *data, size_t size)
{
	const struct btf *btf = bpf_object__btf(bpf);
	const struct btf_var_secinfo *var;
	struct bpf_map *map;
	const char *initial;
	size_t room;

	bpf_object__for_each_map(map, bpf) {
		initial = btf ? bpf_map__initial_value(map, &room) : NULL;
		var = initial ? find_variable(btf, map, name) : NULL;
		if (!var)
			continue;
		if (var->size != size || var->offset > room ||
		    room - var->offset < size)
			return -EMSGSIZE;
		memcpy(data, initial + var->offset, size);
		return 0;
	}
	return -ENOENT;
}

int value_write(struct bpf_object *bpf, const struct spawnpol_policy_value *value)
{
	const struct bpf_map *map = find_map(bpf, value->name);
	const __u32 key = 0;

	if (!map)
		return 0;	/* a variable: it has its value already */
	return bpf_map_update_elem(bpf_map__fd(map), &key, value->data, BPF_ANY);
}
