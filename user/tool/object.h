/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies in object files. */
#ifndef SPAWNPOL_OBJECT_H
#define SPAWNPOL_OBJECT_H

#include <limits.h>
#include <stddef.h>

struct bpf_object;
struct bpf_program;
struct tool;

#define DEFAULT_OBJECT	"spawn_policy"

struct object {
	char path[PATH_MAX];
	struct bpf_object *bpf;
	struct bpf_program *prog;	/* the one to attach */
};

/*
 * Find the object file called name, read it, check that it is a policy and the
 * options fit it, have it verified and set up. path is the default of --path.
 * On success the caller owns *o: object_close().
 */
int object_load(struct tool *t, struct object *o, const char *name,
		const char *path);
void object_close(struct object *o);

/* The file's name without directory and ending: what a policy is called. */
void object_name(const char *file, char *name, size_t size);

#endif
