/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "did you mean": those of many names that are spelled like a wrong one. */
#ifndef SPAWNPOL_SIMILAR_H
#define SPAWNPOL_SIMILAR_H

#include <stddef.h>

#define SIMILAR_MAX	3

struct similar {
	const char *wanted;
	const char *name[SIMILAR_MAX];
	unsigned int distance[SIMILAR_MAX];
};

void similar_start(struct similar *s, const char *wanted);
/* Consider one more name; it is kept by reference. */
void similar_try(struct similar *s, const char *name);
/* " (did you mean A, B?)", or "" if nothing comes close. */
const char *similar_text(const struct similar *s, char *text, size_t size);

#endif
