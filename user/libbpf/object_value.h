/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration of a policy: setting its global variables and maps by name. */
#ifndef SPAWNPOL_OBJECT_VALUE_H
#define SPAWNPOL_OBJECT_VALUE_H

#include <stddef.h>

struct bpf_object;
struct spawnpol_policy_value;

/*
 * Before the object is loaded: set the value if it is a variable's; a map's is only
 * looked up. -ENOENT: there is neither. -EMSGSIZE: its size is another.
 */
int value_preset(struct bpf_object *bpf, const struct spawnpol_policy_value *value);
/* After that: set the value if it is a map's. */
int value_write(struct bpf_object *bpf, const struct spawnpol_policy_value *value);

/* A copy of what a variable begins with. -ENOENT, -EMSGSIZE: as above. */
int value_initial(struct bpf_object *bpf, const char *name, void *data, size_t size);

#endif
