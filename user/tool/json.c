// SPDX-License-Identifier: LGPL-2.1-or-later
/* Writing JSON. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/*
 * Bytes of the UTF-8 sequence at s, 0 if it is none. File names are any bytes,
 * JSON is Unicode; surrogates and overlong forms are not worth a parser's
 * trust either.
 */
static int utf8_length(const unsigned char *s)
{
	unsigned int min, code;
	int i, n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] < 0xe0)
		n = 2, min = 0x80, code = s[0] & 0x1f;
	else if (s[0] >= 0xe0 && s[0] < 0xf0)
		n = 3, min = 0x800, code = s[0] & 0x0f;
	else if (s[0] >= 0xf0 && s[0] < 0xf5)
		n = 4, min = 0x10000, code = s[0] & 0x07;
	else
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < min || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return n;
}

static void put_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	int n;

	fputc('"', out);
	for (; *s; s += n) {
		n = utf8_length(s);
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s == '\n')
			fputs("\\n", out);
		else if (*s == '\t')
			fputs("\\t", out);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else if (n)
			fwrite(s, 1, n, out);
		else
			fputs("\\ufffd", out);
		if (!n)
			n = 1;
	}
	fputc('"', out);
}

static void new_line(struct json *j)
{
	int i;

	if (j->compact)
		return;
	fputc('\n', j->out);
	for (i = 0; i < j->depth; i++)
		fputs("  ", j->out);
}

static void put_key(struct json *j, const char *key)
{
	if (j->filled[j->depth])
		fputs(j->compact ? ", " : ",", j->out);
	j->filled[j->depth] = true;
	new_line(j);
	if (!key)
		return;
	put_string(j->out, key);
	fputs(": ", j->out);
}

static void open_level(struct json *j, const char *brackets)
{
	fputc(brackets[0], j->out);
	j->depth++;
	j->close[j->depth] = brackets[1];
	j->filled[j->depth] = false;
}

int json_start(struct json *j)
{
	memset(j, 0, sizeof(*j));
	j->out = open_memstream(&j->text, &j->size);
	if (!j->out)
		return -ENOMEM;
	open_level(j, "{}");
	return 0;
}

void json_object(struct json *j, const char *key)
{
	put_key(j, key);
	open_level(j, "{}");
}

void json_array(struct json *j, const char *key)
{
	put_key(j, key);
	open_level(j, "[]");
}

void json_end(struct json *j)
{
	bool filled = j->filled[j->depth];
	char close = j->close[j->depth];

	j->depth--;
	if (filled)
		new_line(j);
	fputc(close, j->out);
}

void json_text(struct json *j, const char *key, const char *value)
{
	if (!value) {
		json_null(j, key);
		return;
	}
	put_key(j, key);
	put_string(j->out, value);
}

void json_u32(struct json *j, const char *key, uint32_t value)
{
	put_key(j, key);
	fprintf(j->out, "%" PRIu32, value);
}

void json_s32(struct json *j, const char *key, int32_t value)
{
	put_key(j, key);
	fprintf(j->out, "%" PRId32, value);
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
	put_key(j, key);
	fprintf(j->out, "\"%" PRIu64 "\"", value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	put_key(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	put_key(j, key);
	fputs("null", j->out);
}

void json_u32_or_null(struct json *j, const char *key, uint32_t value)
{
	if (value)
		json_u32(j, key, value);
	else
		json_null(j, key);
}

void json_drop(struct json *j)
{
	fclose(j->out);
	free(j->text);
}

int json_finish(struct json *j, FILE *to)
{
	int err = 0;

	while (j->depth)
		json_end(j);
	fputc('\n', j->out);
	if (ferror(j->out) || fflush(j->out))
		err = -ENOMEM;
	/*
	 * Through the buffer of the stream, so that output_finish() writes the last of it,
	 * and learns why that is not possible.
	 */
	for (size_t i = 0; !err && i < j->size; i++)
		putc(j->text[i], to);
	json_drop(j);
	return err;
}
