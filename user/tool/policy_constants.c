// SPDX-License-Identifier: LGPL-2.1-or-later
/* The constants of a loaded policy, by the type information of its map .rodata. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_constants.h"
#include "policy_maps.h"

/* What spawnpol_policy.h and spawnpol_op.h define for their loaders. */
static const char *const own_variables[] = {
	"spawnpol_events", "spawnpol_state_size", "spawnpol_in_flight",
};
#define FORMAT_PREFIX	"____fmt"	/* of bpf_printk() and its like */

struct walk {
	void (*each)(const char *name, const char *value, void *data);
	void *data;
	const struct btf *btf;
	struct btf_dump *dump;
	FILE *out;		/* where the dump of a value goes */
};

static void put(void *ctx, const char *fmt, va_list ap)
{
	const struct walk *w = ctx;

	vfprintf(w->out, fmt, ap);
}

/* A text, if it is an array of characters with an end. */
static bool is_text(const struct btf *btf, __u32 type, const char *value,
		    __u32 size)
{
	const struct btf_type *t;

	t = btf__type_by_id(btf, btf__resolve_type(btf, type));
	if (!t || !btf_is_array(t))
		return false;
	t = btf__type_by_id(btf, btf__resolve_type(btf, btf_array(t)->type));
	return t && btf_is_int(t) && t->size == 1 &&
	       strcmp(btf__name_by_offset(btf, t->name_off), "_Bool") &&
	       memchr(value, 0, size);
}

static void show(struct walk *w, const char *name, __u32 type,
		 const char *value, __u32 size)
{
	LIBBPF_OPTS(btf_dump_type_data_opts, opts,
		    .compact = true, .skip_names = true, .emit_zeroes = true);
	char *text = NULL;
	size_t len = 0;

	w->out = open_memstream(&text, &len);
	if (!w->out)
		return;
	if (is_text(w->btf, type, value, size))
		fprintf(w->out, "\"%s\"", value);
	else
		btf_dump__dump_type_data(w->dump, type, value, size, &opts);
	fclose(w->out);
	w->each(name, text, w->data);
	free(text);
}

static bool is_own(const char *name)
{
	for (size_t i = 0; i < sizeof(own_variables) / sizeof(own_variables[0]); i++)
		if (!strcmp(name, own_variables[i]))
			return true;
	return false;
}

static void show_all(struct walk *w, const struct btf_type *section,
		     const char *values, __u32 size)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(section);
	const struct btf_type *var;
	const char *name;
	int i;

	for (i = 0; i < btf_vlen(section); i++, v++) {
		var = btf__type_by_id(w->btf, v->type);
		if (!var || v->offset > size || v->size > size - v->offset)
			continue;
		name = btf__name_by_offset(w->btf, var->name_off);
		if (!is_own(name) &&
		    strncmp(name, FORMAT_PREFIX, strlen(FORMAT_PREFIX)) &&
		    !strchr(name, '.'))
			show(w, name, var->type, values + v->offset, v->size);
	}
}

static void show_map(struct walk *w, const struct btf_type *section, int fd,
		     const struct bpf_map_info *info)
{
	char *values = malloc(info->value_size);
	const __u32 key = 0;

	w->dump = btf_dump__new(w->btf, put, w, NULL);
	if (values && w->dump && !bpf_map_lookup_elem(fd, &key, values))
		show_all(w, section, values, info->value_size);
	btf_dump__free(w->dump);
	free(values);
}

/* Its one element has the variables of a section. */
static int look_at(int fd, const struct bpf_map_info *info, void *data)
{
	const struct btf_type *section;
	struct walk *w = data;
	struct btf *btf;

	if (info->type != BPF_MAP_TYPE_ARRAY || !info->btf_id)
		return 0;
	btf = btf__load_from_kernel_by_id(info->btf_id);
	section = btf ? btf__type_by_id(btf, info->btf_value_type_id) : NULL;
	w->btf = btf;
	if (section && btf_is_datasec(section) &&
	    !strncmp(btf__name_by_offset(btf, section->name_off), ".rodata", 7))
		show_map(w, section, fd, info);
	btf__free(btf);
	return 0;
}

void policy_constants_each(int prog_fd,
			   void (*each)(const char *name, const char *value,
					void *data),
			   void *data)
{
	struct walk w = { .each = each, .data = data };

	policy_maps_each(prog_fd, look_at, &w);
}
