/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of the request language, as data: the daemon's parser, the client's
 * options, its help and the man page are made from one table.
 */
#ifndef SPAWNPOLD_WORDS_H
#define SPAWNPOLD_WORDS_H

#include "operand.h"

enum word_kind {
	PASSED,			/* a descriptor that the child starts with */
	ACTION,			/* a step of the child */
	ATTRIBUTE,		/* how the child is made */
	REMARK,			/* about the action before */
};

struct word {
	const char *name;
	enum word_kind kind;
	/* Add it to the chain; what it returns sticks there. */
	int (*build)(struct request *r, const struct values *values);
	struct operand operands[MAX_OPERANDS];
	const char *help;
};

struct word_group {
	const char *title;
	const struct word *words;	/* ends with one without a name */
};

extern const struct word_group word_groups[];	/* likewise */

/* "umask MASK" and so on; sep stands before the operands. */
void word_usage(const struct word *w, char sep, char *buf, size_t size);

int word_operands(const struct word *w);

/*
 * Do what text, a word and its operands, asks for, if it is PASSED or, in a second
 * round, if it is anything else: steps name descriptors of the child, whose numbers
 * depend on what is passed behind them. What text points to is used until the
 * request is done with. -EINVAL, r->why telling the cause and the remedy, if it
 * cannot be understood; else as the builder.
 */
int word_do(struct request *r, const char *text, bool passed);

#endif
