/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Object files with policies or actors, as the options of a command describe them. */
#ifndef SPAWNPOL_POLICY_OBJECT_H
#define SPAWNPOL_POLICY_OBJECT_H

#include "libbpf/object.h"

struct tool;

#define DEFAULT_OBJECT	"spawn_policy"

/*
 * Find the object file called name, read it, check that it has a program of one of the
 * kinds (OBJECT_*) and the options fit it, have it verified and set up. path is the
 * default of --path. On success the caller owns *o: object_close().
 */
int policy_object_load(struct tool *t, struct object *o, const char *name,
		       const char *path, unsigned int kinds);

/* Is what --policy says the name of a policy, and does it go with the other options? */
int policy_object_check(struct tool *t);

/*
 * A descriptor of the program that --policy, --object or neither of them means: that of a
 * loaded one, or else of the object, the default one if none is given, loaded as by
 * policy_object_load(). On success the caller owns the descriptor, and *o, whatever the
 * descriptor is of.
 */
int policy_object_take(struct tool *t, struct object *o, const char *path,
		       unsigned int kinds);

#endif
