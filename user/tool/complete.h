/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Candidates for a word of the command line. */
#ifndef SPAWNPOL_COMPLETE_H
#define SPAWNPOL_COMPLETE_H

#include "options.h"

/* What the shell is told to offer. */
enum offer {
	OFFER_WORDS,	/* the candidates */
	OFFER_FILES,
	OFFER_DIRS,
	OFFER_COMMANDS,	/* programs in the PATH */
};

struct completion {
	enum offer offer;
	/*
	 * What is to be completed, the end of the word, and what the shell has to have in
	 * front of that.
	 */
	const char *tail;
	char head[256];
	/* Called for each candidate that begins with tail. */
	void (*found)(struct completion *c, const char *candidate);
	void *data;
};

/* Offer a candidate if it begins with the tail. */
void complete_with(struct completion *c, const char *candidate);

/*
 * The values of an option, of which value is what there is so far; tail is set to its
 * part that is to be completed.
 */
void complete_value(struct completion *c, const struct option_desc *o,
		    const char *value);

/* The same for an argument of a command. */
void complete_argument(struct completion *c, const struct command *command,
		       const char *value);

#endif
