/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "did you mean": find names whose spelling is similar to that of a wrong one. */
#ifndef SPAWNPOL_SUGGEST_H
#define SPAWNPOL_SUGGEST_H

#include <stddef.h>

#define SUGGEST_MAX	3

struct suggestion {
	const char *wanted;
	const char *name[SUGGEST_MAX];
	unsigned int distance[SUGGEST_MAX];
};

void suggest_start(struct suggestion *s, const char *wanted);
/* Consider one more name; it is kept by reference. */
void suggest_try(struct suggestion *s, const char *name);
/* " (did you mean A, B?)", or "" if nothing comes close. */
const char *suggest_text(const struct suggestion *s, char *text, size_t size);
/* The same of options: " (did you mean --A, --B?)". */
const char *suggest_options(const struct suggestion *s, char *text, size_t size);

#endif
