// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parts of lines that all events have: times, words, results. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "common/errno_name.h"
#include "json.h"
#include "trace_event.h"
#include "trace_parts.h"

#define NSEC_PER_SEC	1000000000LL

/* The time of day; clocks that are set while one traces count from then on. */
static void time_of(const struct trace_event *e, struct timespec *at)
{
	struct timespec day, mono;
	int64_t ns;

	clock_gettime(CLOCK_REALTIME, &day);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	ns = (day.tv_sec - mono.tv_sec) * NSEC_PER_SEC + day.tv_nsec -
	     mono.tv_nsec + (int64_t)e->time_ns;
	at->tv_sec = ns / NSEC_PER_SEC;
	at->tv_nsec = ns % NSEC_PER_SEC;
}

void trace_put_time(const struct trace_event *e)
{
	struct timespec at;
	char text[16];
	struct tm tm;

	time_of(e, &at);
	strftime(text, sizeof(text), "%T", localtime_r(&at.tv_sec, &tm));
	printf("%s.%06ld ", text, at.tv_nsec / 1000);
}

void trace_put_lower(const char *text)
{
	for (; *text; text++)
		putchar(*text == '_' ? '-' : tolower((unsigned char)*text));
}

void trace_put_result(int32_t res)
{
	if (res < 0)
		printf("%s", errno_name(-res));
	else if (res)
		printf("ok, %d", res);
	else
		printf("ok");
}

void trace_lower(const char *text, char *to, size_t size)
{
	size_t i;

	for (i = 0; text[i] && i + 1 < size; i++)
		to[i] = text[i] == '_' ? '-' : tolower((unsigned char)text[i]);
	to[i] = 0;
}

void trace_json_result(struct json *j, const char *key, const char *errno_key,
		       int32_t res)
{
	json_s32(j, key, res);
	json_text(j, errno_key, res < 0 ? errno_name(-res) : NULL);
}

/* As RFC 3339 writes it. */
void trace_json_time(struct json *j, const struct trace_event *e)
{
	struct timespec at;
	char day[32], text[64];
	struct tm tm;

	time_of(e, &at);
	strftime(day, sizeof(day), "%FT%T", gmtime_r(&at.tv_sec, &tm));
	snprintf(text, sizeof(text), "%s.%06ldZ", day, at.tv_nsec / 1000);
	json_text(j, "time", text);
}
