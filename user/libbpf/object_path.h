/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding object files, and the names of policies in them. */
#ifndef SPAWNPOL_OBJECT_PATH_H
#define SPAWNPOL_OBJECT_PATH_H

#include <limits.h>
#include <stddef.h>

/*
 * The readable object file that name means: a file, or, if it has no slash, NAME or
 * NAME.bpf.o in $SPAWNPOL_OBJECTS, in bpf/ or ../share/spawnpol/ seen from the
 * directory of the running program, in ../share/spawnpol/ seen from that of the shared
 * library, in /usr/local/share/spawnpol or in /usr/share/spawnpol.
 *
 * -ENAMETOOLONG	name is longer than a path can be
 * -EISDIR		a directory
 * -EINVAL		neither a file nor a directory
 * and the errors of access(2), -ENOENT if there is none.
 */
int object_find(const char *name, char path[PATH_MAX]);

/* The file's name without directory and ending: what a policy is called. */
void object_name(const char *file, char *name, size_t size);

#endif
