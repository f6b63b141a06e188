// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libbpf's messages. Its callback has no argument of the caller's, hence the
 * one static stream.
 */
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libbpf_log.h"

#define LINES	30

static FILE *stream;
static char *text;
static size_t size;

static int gather(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level != LIBBPF_WARN || !stream)
		return 0;
	return vfprintf(stream, fmt, ap);
}

void libbpf_log_start(void)
{
	libbpf_set_print(gather);
	stream = open_memstream(&text, &size);
}

char *libbpf_log_end(void)
{
	char *from, *last;
	int lines = 0;

	if (!stream)
		return NULL;
	fclose(stream);
	stream = NULL;
	for (from = text + size; from > text && lines <= LINES; from--)
		lines += from[-1] == '\n';
	if (from > text)
		from += strcspn(from, "\n") + 1;
	last = *from ? strdup(from) : NULL;
	free(text);
	text = NULL;
	return last;
}
