/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Describing how a dry run differs from the expectation: "result is 3, not 4; staged is
 * none, not nop".
 */
#ifndef SPAWNPOL_DIFFERENCES_H
#define SPAWNPOL_DIFFERENCES_H

#include <stddef.h>
#include <stdio.h>

struct differences {
	FILE *out;
	char *text;
	size_t size;
};

/* Begin without any; -ENOMEM, and nothing is due then. */
int differences_start(struct differences *d);

/* What goes before the next one, which the caller writes to d->out. */
void difference_begin(const struct differences *d);
/* One of texts; an empty one is not compared. */
void difference_of_texts(const struct differences *d, const char *what, const char *is,
			 const char *expected);

/* 1 if there are some, and *text, which the caller frees, says which; 0; or -ENOMEM. */
int differences_end(struct differences *d, char **text);

#endif
