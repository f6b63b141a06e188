// SPDX-License-Identifier: LGPL-2.1-or-later
/* Escaping of names of files and programs for messages. */
#include <stdio.h>
#include <string.h>

#include "escape.h"

/* U+0080 to U+009F, which terminals take for control characters as well. */
static int is_control_in_utf8(const unsigned char *s)
{
	return s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0;
}

size_t escape_next(const char *s, char to[ESCAPED_MAX])
{
	const unsigned char *c = (const unsigned char *)s;

	if (!*c)
		return 0;
	if (is_control_in_utf8(c)) {
		snprintf(to, ESCAPED_MAX, "\\u%04x", c[1]);
		return 2;
	}
	if (*c < 0x20 || *c == 0x7f)
		snprintf(to, ESCAPED_MAX, "\\x%02x", *c);
	else
		snprintf(to, ESCAPED_MAX, "%s%c", *c == '\\' ? "\\" : "", *c);
	return 1;
}

char *escape_text(const char *s, char *to, size_t size)
{
	char next[ESCAPED_MAX];
	size_t used = 0, n;

	for (; (n = escape_next(s, next)) && used + strlen(next) < size; s += n) {
		strcpy(to + used, next);
		used += strlen(next);
	}
	to[used] = '\0';
	return to;
}
