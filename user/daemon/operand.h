/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Operands of the request language: what the values of its words look like.
 * A type has the parser and says in words what it takes; help, man page and
 * error messages are made of that.
 */
#ifndef SPAWNPOLD_OPERAND_H
#define SPAWNPOLD_OPERAND_H

#include <linux/filter.h>
#include <signal.h>
#include <spawnpol.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto.h"

#define MAX_OPERANDS	3
#define MAX_CPUS	1024
#define ALL_IDS		UINT32_MAX	/* "leave as it is" to setresuid(2) */

/* A request while it is read. */
struct request {
	struct spawnpol_chain *chain;
	const int *fds;			/* that came with it */
	int nr_fds;
	/* the child's table; a word adds one at most */
	struct io_uring_clone_file files[SPD_MAX_FDS + SPD_MAX_WORDS];
	size_t nr_files;
	bool acted;			/* an action is there to be forgiven */
	bool own_env;			/* env is to be used */
	const char *env[SPD_MAX_ENV + 1];
	size_t nr_env;
	char why[SPD_MAX_TEXT];		/* not, in words */
};

struct value {
	bool given;
	uint64_t number;		/* signed ones as two's complement */
	const char *text;
};

/* The operands of one word; at most one of them is a list. */
struct values {
	struct value v[MAX_OPERANDS];
	size_t nr;			/* elements of the list */
	char token[256];		/* an operand that is not the last */
	union {
		uint32_t ids[SPD_MAX_LIST];
		int fds[SPD_MAX_LIST];
		uint64_t cpus[MAX_CPUS / 64];
		struct sock_filter code[SPD_MAX_MESSAGE / 2 /
					sizeof(struct sock_filter)];
		sigset_t signals;
	};
};

/* Of an array that ends with a NULL. */
struct name {
	const char *name;
	uint64_t number;
};

struct operand;

/* What the client makes of an operand before it sends it. */
enum client_part {
	AS_IT_IS,
	OPENED,			/* a file: opened, passed, its number sent */
	OPENED_AS_PATH,		/* the same, with O_PATH */
	CONTENTS,		/* a file: what is in it, in hexadecimal digits */
};

struct operand_type {
	/* -EINVAL: the text is none such */
	int (*parse)(const struct operand *o, const char *text,
		     const struct request *r, struct values *to,
		     struct value *v);
	const char *wants;	/* NULL: bounds or names say it */
	enum client_part client;
};

struct operand {
	const struct operand_type *type;
	const char *name;	/* as help shows it */
	const struct name *names;
	int64_t min, max;
	bool optional;
};

extern const struct operand_type text_type, variable_type;
extern const struct operand_type file_type, place_type, filter_type;
extern const struct operand_type number_type, octal_type, cookie_type;
extern const struct operand_type id_type, ids_type, fds_type, cpus_type;
extern const struct operand_type limit_type, time_type, signal_type;
extern const struct operand_type signals_type;
extern const struct operand_type one_of_type;	/* a name's number */
extern const struct operand_type some_of_type;	/* numbers of names, ORed */
extern const struct operand_type bits_of_type;	/* bit n for number n */

/* What the operand takes, in words. */
const char *operand_wants(const struct operand *o, char *buf, size_t size);

extern const struct name open_flags[], namespaces[], capabilities[];
extern const struct name securebits[], resources[], policies[], io_classes[];

const struct name *name_find(const struct name *names, const char *name,
			     size_t len);
/* The names with commas between them. */
void names_text(const struct name *names, char *buf, size_t size);

#endif
