/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Policies and actors in object files: finding, reading, checking and loading them.
 *
 * The functions return -errno and store in o->problem what the caller can print; they
 * print nothing.
 */
#ifndef SPAWNPOL_OBJECT_H
#define SPAWNPOL_OBJECT_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_object;
struct bpf_program;
struct io_uring_spawn_query;
struct spawnpol_actor_needs;
struct spawnpol_policy_value;

/* Why something was refused. */
struct object_problem {
	int error;		/* errno; 0 if what says it all */
	char what[PATH_MAX + 512];
	const char *remedy;	/* constant, or NULL */
	char *log;		/* libbpf's and the verifier's lines, or NULL */
};

/* What a program is, by its section; a set of them where programs are asked for. */
enum object_kind {
	OBJECT_POLICY	= 1 << 0,	/* iouring.s/spawn */
	OBJECT_ACTOR	= 1 << 1,	/* iouring/op */
	OBJECT_ANY	= OBJECT_POLICY | OBJECT_ACTOR,
};

struct object {
	char path[PATH_MAX];
	struct bpf_object *bpf;
	struct bpf_program *prog;	/* the one that is chosen */
	enum object_kind kind;		/* of it */
	struct object_problem problem;
};

/*
 * Find the object file called name, see object_find(), read it, and choose its program of
 * one of the kinds (OBJECT_*): the one called program, or, with NULL, the only one.
 * Whatever the result, the caller calls object_close(). -ENOTUNIQ: it has several of them
 * and none was chosen.
 */
int object_open(struct object *o, const char *name, const char *program,
		unsigned int kinds);

/*
 * Have the kernel that gave this answer verify the program, with nr values set: those of
 * global variables before that, and those of maps after it.
 */
int object_load(struct object *o, const struct io_uring_spawn_query *query,
		const struct spawnpol_policy_value *values, size_t nr);

/* The events that the policy asks for. -ENOENT: the object does not say. */
int object_events(const struct object *o, uint32_t *events);

/* What the actor's program needs; 0 where the object does not say. */
int object_needs(const struct object *o, struct spawnpol_actor_needs *needs);

/* Free everything; the program and maps stay as long as somebody refers to them. */
void object_close(struct object *o);

#endif
