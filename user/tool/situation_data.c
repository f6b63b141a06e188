// SPDX-License-Identifier: LGPL-2.1-or-later
/* The names and bytes of a situation, as text and as the kernel takes them. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "situation_data.h"
#include "tool.h"

/* One byte, perhaps an escape; advances *from. -1: it is no escape that we know. */
static int next_byte(const char **from)
{
	const char *at = *from;
	char digits[3] = "";

	if (*at != '\\') {
		*from = at + 1;
		return (unsigned char)*at;
	}
	*from = at + 2;
	switch (at[1]) {
	case '\\':
		return '\\';
	case 'n':
		return '\n';
	case 'x':
		if (!isxdigit((unsigned char)at[2]) || !isxdigit((unsigned char)at[3]))
			return -1;
		memcpy(digits, at + 2, 2);
		*from = at + 4;
		return strtol(digits, NULL, 16);
	default:
		return -1;
	}
}

int situation_head_read(struct tool *t, const char *text, struct situation_head *head)
{
	const char *at = text;
	int byte;

	for (head->len = 0; *at; head->bytes[head->len++] = byte) {
		if (head->len == sizeof(head->bytes))
			return misuse(t, "head=: more than %d bytes, which is all that a policy sees",
				      SITUATION_HEAD_MAX);
		byte = next_byte(&at);
		if (byte < 0) {
			misuse(t, "head=: '%s' has an escape that is not known", text);
			advise(t, "\\xHH with two hexadecimal digits, \\n or \\\\");
			return -EINVAL;
		}
	}
	if (head->len)
		return 0;
	misuse(t, "head= needs the first bytes of a file");
	advise(t, "head='#!/bin/sh\\n', head=\\x7fELF; for an empty file, leave head= out");
	return -EINVAL;
}

bool situation_path_too_long(struct tool *t, const char *key, const char *path)
{
	if (strlen(path) < PATH_MAX)
		return false;
	misuse(t, "%s=: a path has at most %d bytes", key, PATH_MAX - 1);
	return true;
}

static size_t put_string(char *to, const char *text)
{
	const size_t len = text ? strlen(text) : 0;

	memcpy(to, text ? text : "", len + 1);
	return len + 1;
}

size_t situation_data_put(const struct situation_data *data,
			  char to[SITUATION_DATA_MAX])
{
	size_t size = put_string(to, data->name);

	size += put_string(to + size, data->path);
	if (!data->head)
		return size;
	memcpy(to + size, data->head->bytes, data->head->len);
	return size + data->head->len;
}
