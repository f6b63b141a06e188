// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Collecting libbpf's messages. libbpf has one callback for the whole process, without
 * an argument of the caller's, so it is replaced only while messages are collected.
 */
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libbpf_log.h"

#define LINES	30

static pthread_mutex_t gathering = PTHREAD_MUTEX_INITIALIZER;
static libbpf_print_fn_t before;	/* the process's own callback */
static __thread FILE *stream;		/* of the thread that gathers */
static char *text;
static size_t size;

static int gather(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (!stream)
		return before ? before(level, fmt, ap) : 0;
	return level == LIBBPF_WARN ? vfprintf(stream, fmt, ap) : 0;
}

void libbpf_log_start(void)
{
	pthread_mutex_lock(&gathering);
	stream = open_memstream(&text, &size);
	before = libbpf_set_print(gather);
}

/* From the last lines on. */
static char *copy_end(void)
{
	const char *from;
	int lines = 0;

	for (from = text + size; from > text && lines <= LINES; from--)
		lines += from[-1] == '\n';
	if (from > text)
		from += strcspn(from, "\n") + 1;
	return *from ? strdup(from) : NULL;
}

char *libbpf_log_end(void)
{
	char *end = NULL;

	libbpf_set_print(before);
	if (stream && !fclose(stream))
		end = copy_end();
	if (stream)
		free(text);
	stream = NULL;
	text = NULL;
	pthread_mutex_unlock(&gathering);
	return end;
}
