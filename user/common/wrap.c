// SPDX-License-Identifier: LGPL-2.1-or-later
/* Wrapping text into lines. */
#include <string.h>

#include "wrap.h"

#define WIDTH	78

void wrap(FILE *to, int indent, const char *text)
{
	int column = 0, len;

	while (*text) {
		len = strcspn(text, " ");
		if (column && column + 1 + len > WIDTH) {
			fputc('\n', to);
			column = 0;
		}
		if (!column)
			column = fprintf(to, "%*s", indent, "");
		else
			column += fprintf(to, " ");
		column += fprintf(to, "%.*s", len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', to);
}
