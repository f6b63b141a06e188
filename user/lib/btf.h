/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BPF type information, as far as it is needed to find a variable in a map. */
#ifndef SPAWNPOL_BTF_H
#define SPAWNPOL_BTF_H

#include <stddef.h>
#include <stdint.h>

/* Where a variable is in the section (the map's value) that holds it. */
struct btf_place {
	uint32_t offset, size;
};

/*
 * Look the variable name up in the section whose type is section_id. data is all of
 * the type information, aligned as malloc(3) does. -ENOENT: there is no such section
 * or variable. -EINVAL: the data is damaged, or has kinds of types that are not known.
 */
int btf_find_variable(const void *data, size_t size, uint32_t section_id,
		      const char *name, struct btf_place *place);

#endif
