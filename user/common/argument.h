/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Types of arguments of the options that describe a launch. A type has a parser and a
 * description of its values, from which help, man page, completion and error messages
 * are made.
 */
#ifndef SPAWNPOL_ARGUMENT_H
#define SPAWNPOL_ARGUMENT_H

#include <linux/filter.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_ARGUMENTS	3		/* of one option */
#define MAX_ELEMENTS	1024		/* of a list */
#define MAX_CPUS	1024
#define ALL_IDS		UINT32_MAX	/* "leave it as it is" to setresuid(2) */

/*
 * The first places of the files that come with a launch are its standard streams;
 * files that arguments name follow.
 */
#define NR_STREAMS	3

struct value {
	bool given;
	uint64_t number;		/* signed ones as two's complement */
	const char *text;
};

/* The arguments of one option; at most one of them is a list. */
struct values {
	struct value v[MAX_ARGUMENTS];
	size_t nr;			/* elements of the list */
	char token[256];		/* an argument that is not the last */
	union {
		uint32_t ids[MAX_ELEMENTS];
		int fds[MAX_ELEMENTS];
		uint64_t cpus[MAX_CPUS / 64];
		struct sock_filter code[BPF_MAXINSNS];
		sigset_t signals;
	};
};

/* A number that has a name; of an array that ends with a NULL. */
struct name {
	const char *name;
	uint64_t number;
};

/*
 * What the command line has in the place of the argument. The launcher's side gets
 * the files opened: see launch_words.h.
 */
enum argument_source {
	AS_IT_IS,
	OPENED,			/* a file: opened for reading, its place is the argument */
	OPENED_AS_PATH,		/* the same with O_PATH */
	CONTENTS,		/* a file: what is in it, in hexadecimal digits */
};

struct argument;

struct argument_type {
	/* -EINVAL or -ERANGE: the text is none such */
	int (*parse)(const struct argument *a, const char *text, int nr_files,
		     struct values *to, struct value *v);
	const char *wants;	/* NULL: bounds or names say it */
	enum argument_source source;
};

struct argument {
	const struct argument_type *type;
	const char *name;	/* as help shows it */
	const struct name *names;
	int64_t min, max;
	bool optional;
};

extern const struct argument_type arg_text, arg_path, arg_variable;
extern const struct argument_type arg_file, arg_place, arg_filter;
extern const struct argument_type arg_number, arg_octal, arg_cookie;
extern const struct argument_type arg_fd;	/* the child's */
extern const struct argument_type arg_id, arg_gids, arg_pids, arg_fds, arg_cpus;
extern const struct argument_type arg_limit, arg_time, arg_signal, arg_signals;
extern const struct argument_type arg_one_of;	/* a name's number */
extern const struct argument_type arg_some_of;	/* numbers of names, ORed */
extern const struct argument_type arg_bits_of;	/* bit n for number n */

/* What the argument takes, in words; buf can be used for them. */
const char *argument_wants(const struct argument *a, char *buf, size_t size);

/* Can the name be a list of names, with commas? */
bool argument_is_list(const struct argument *a);

extern const struct name open_flag_names[], namespace_names[];
extern const struct name capability_names[], securebit_names[];
extern const struct name resource_names[], sched_policy_names[];
extern const struct name io_class_names[];

/* The entry called so, len characters long, or NULL. */
const struct name *name_find(const struct name *names, const char *name,
			     size_t len);
/* The names with commas between them. */
void names_text(const struct name *names, char *buf, size_t size);

#endif
