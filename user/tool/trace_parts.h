/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of lines that all events have. */
#ifndef SPAWNPOL_TRACE_PARTS_H
#define SPAWNPOL_TRACE_PARTS_H

#include <stddef.h>
#include <stdint.h>

struct json;
struct trace_event;

/* The time of day and a blank. */
void trace_put_time(const struct trace_event *e);
/* A word of the kernel's, BEFORE_STEP, as people write it: before-step. */
void trace_put_lower(const char *text);
void trace_lower(const char *text, char *to, size_t size);
/* "ok", "ok, 3" or the name of an error. */
void trace_put_result(int32_t res);

/* A result, and under errno_key the name of the error, or null. */
void trace_json_result(struct json *j, const char *key, const char *errno_key,
		       int32_t res);
void trace_json_time(struct json *j, const struct trace_event *e);

#endif
