/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Escaping of names of files and programs for messages. */
#ifndef SPAWNPOL_ESCAPE_H
#define SPAWNPOL_ESCAPE_H

#include <stddef.h>

#define ESCAPED_MAX	8	/* of one character, with its NUL */

/*
 * The first character of s, in a form that ends no line and that no terminal acts upon:
 * control characters as "\x0a", a backslash twice. Returns how many bytes of s that was, 0
 * at its end.
 */
size_t escape_next(const char *s, char to[ESCAPED_MAX]);

/* All of s, cut to size bytes with the NUL. Returns to. */
char *escape_text(const char *s, char *to, size_t size);

#endif
