// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finding names with a similar spelling. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "suggest.h"

#define LONGEST	32

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Letters to add, drop or change to make one of the other; case is free. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[LONGEST + 1], i, j, diagonal, above;
	size_t na = strlen(a), nb = strlen(b);

	if (na > LONGEST || nb > LONGEST)
		return UINT_MAX;
	for (j = 0; j <= nb; j++)
		row[j] = j;
	for (i = 1; i <= na; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= nb; j++) {
			above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1, diagonal +
				       (toupper(a[i - 1]) != toupper(b[j - 1])));
			diagonal = above;
		}
	}
	return row[nb];
}

void suggest_start(struct suggestion *s, const char *wanted)
{
	memset(s, 0, sizeof(*s));
	s->wanted = wanted;
}

void suggest_try(struct suggestion *s, const char *name)
{
	size_t len = strlen(s->wanted);
	unsigned int d = distance(s->wanted, name);
	int i, j;

	/* a beginning is a good hint, however much is missing */
	if (len >= 3 && !strncasecmp(s->wanted, name, len))
		d = 1;
	if (d > 1 + len / 4)
		return;
	for (i = 0; i < SUGGEST_MAX; i++)
		if (!s->name[i] || d < s->distance[i])
			break;
	if (i == SUGGEST_MAX)
		return;
	for (j = SUGGEST_MAX - 1; j > i; j--) {
		s->name[j] = s->name[j - 1];
		s->distance[j] = s->distance[j - 1];
	}
	s->name[i] = name;
	s->distance[i] = d;
}

static const char *write_names(const struct suggestion *s, const char *dashes,
			       char *text, size_t size)
{
	size_t len = 0;
	int i;

	if (size)
		text[0] = 0;
	for (i = 0; i < SUGGEST_MAX && s->name[i] && len < size; i++)
		len += snprintf(text + len, size - len, "%s%s%s",
				i ? ", " : " (did you mean ", dashes, s->name[i]);
	if (i && len < size)
		snprintf(text + len, size - len, "?)");
	return text;
}

const char *suggest_text(const struct suggestion *s, char *text, size_t size)
{
	return write_names(s, "", text, size);
}

const char *suggest_options(const struct suggestion *s, char *text, size_t size)
{
	return write_names(s, "--", text, size);
}
