/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOL_OBJECT_PATH_H
#define SPAWNPOL_OBJECT_PATH_H

#include <limits.h>

struct tool;

/*
 * The readable object file that name means: a file, or, if it has no slash,
 * NAME or NAME.bpf.o in $SPAWNPOL_OBJECTS, or where make left or installed the
 * policies beside this program.
 */
int object_find(struct tool *t, const char *name, char path[PATH_MAX]);

#endif
