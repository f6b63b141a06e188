// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading BPF type information. The kernel has verified the data; invalid data is
 * rejected all the same, so that no access is out of bounds.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <string.h>

#include "btf.h"

struct view {
	const char *types, *types_end;
	const char *strings;
	size_t strings_size;
};

/* Is there a part of len bytes at offset after the header? */
static bool has_part(const struct btf_header *h, size_t size, uint32_t offset,
		     uint32_t len)
{
	size_t room = size - h->hdr_len;

	return offset <= room && len <= room - offset;
}

static int view_init(struct view *v, const void *data, size_t size)
{
	const struct btf_header *h = data;
	const char *parts;

	if (size < sizeof(*h) || h->magic != BTF_MAGIC ||
	    h->hdr_len < sizeof(*h) || h->hdr_len > size ||
	    h->hdr_len % sizeof(uint32_t) || h->type_off % sizeof(uint32_t) ||
	    !has_part(h, size, h->type_off, h->type_len) ||
	    !has_part(h, size, h->str_off, h->str_len))
		return -EINVAL;
	parts = (const char *)data + h->hdr_len;
	v->types = parts + h->type_off;
	v->types_end = v->types + h->type_len;
	v->strings = parts + h->str_off;
	v->strings_size = h->str_len;
	return v->strings_size && !v->strings[v->strings_size - 1] ? 0 : -EINVAL;
}

/* Bytes that follow a struct btf_type, or -EINVAL. */
static long tail_size(const struct btf_type *type)
{
	long nr = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return nr * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return nr * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return nr * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return nr * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return nr * sizeof(struct btf_var_secinfo);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	default:
		return -EINVAL;
	}
}

/* The type with this number, whole; they are counted from 1. NULL: there is none. */
static const struct btf_type *type_by_id(const struct view *v, uint32_t id)
{
	const char *at = v->types;
	const struct btf_type *type;
	long tail;

	for (uint32_t i = 1; (size_t)(v->types_end - at) >= sizeof(*type); i++) {
		type = (const struct btf_type *)at;
		tail = tail_size(type);
		at += sizeof(*type);
		if (tail < 0 || tail > v->types_end - at)
			return NULL;
		if (i == id)
			return type;
		at += tail;
	}
	return NULL;
}

static bool is_named(const struct view *v, uint32_t type_id, const char *name)
{
	const struct btf_type *type = type_by_id(v, type_id);

	return type && type->name_off < v->strings_size &&
	       !strcmp(v->strings + type->name_off, name);
}

int btf_find_variable(const void *data, size_t size, uint32_t section_id,
		      const char *name, struct btf_place *place)
{
	const struct btf_var_secinfo *var;
	const struct btf_type *section;
	struct view v;
	int err;

	err = view_init(&v, data, size);
	if (err)
		return err;
	section = type_by_id(&v, section_id);
	if (!section || BTF_INFO_KIND(section->info) != BTF_KIND_DATASEC)
		return -ENOENT;
	var = (const struct btf_var_secinfo *)(section + 1);
	for (uint32_t i = 0; i < BTF_INFO_VLEN(section->info); i++, var++) {
		if (!is_named(&v, var->type, name))
			continue;
		*place = (struct btf_place){ .offset = var->offset,
					     .size = var->size };
		return 0;
	}
	return -ENOENT;
}
