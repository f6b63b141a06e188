// SPDX-License-Identifier: LGPL-2.1-or-later
/* Describing how a dry run differs from the expectation. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "differences.h"

int differences_start(struct differences *d)
{
	*d = (struct differences) { .out = NULL };
	d->out = open_memstream(&d->text, &d->size);
	return d->out ? 0 : -ENOMEM;
}

void difference_begin(const struct differences *d)
{
	if (ftell(d->out))
		fputs("; ", d->out);
}

void difference_of_texts(const struct differences *d, const char *what, const char *is,
			 const char *expected)
{
	if (!*expected || !strcmp(is, expected))
		return;
	difference_begin(d);
	fprintf(d->out, "%s is %s, not %s", what, is, expected);
}

int differences_end(struct differences *d, char **text)
{
	const int ret = fclose(d->out) ? -ENOMEM : d->size ? 1 : 0;

	*text = d->text;
	if (ret > 0)
		return ret;
	free(d->text);
	*text = NULL;
	return ret;
}
