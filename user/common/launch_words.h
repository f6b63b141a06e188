/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a launch from a command line: files are opened and read here. */
#ifndef SPAWNPOL_LAUNCH_WORDS_H
#define SPAWNPOL_LAUNCH_WORDS_H

#include "launch.h"

#define LAUNCH_MAX_FILES	64

struct launch_words {
	char *text;			/* one after the other, each ended by a NUL */
	size_t size, cap;
	unsigned int nr;
	int fds[LAUNCH_MAX_FILES];	/* by their places; streams come first */
	int nr_fds, max_fds;
};

/* The streams are 0, 1 and 2; max_fds, at most LAUNCH_MAX_FILES, counts them. */
void launch_words_init(struct launch_words *w, int max_fds);

/*
 * Add an option with its arguments, NULL for none. A file that they name is opened
 * (close-on-exec) or read. -E2BIG: too many options or files; else why that failed.
 * After an error w can only be freed.
 */
int launch_words_add(struct launch_words *w, const struct launch_option *o,
		     const char *arguments);

/* Where each of them is, for launch_apply(); as long as nothing is added. */
void launch_words_list(const struct launch_words *w,
		       const char *list[LAUNCH_MAX_OPTIONS]);

/* Close the files that were opened, too. */
void launch_words_free(struct launch_words *w);

#endif
