/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A JSON document, written to memory first: a command that fails halfway prints its
 * error instead of half a document.
 */
#ifndef SPAWNPOL_JSON_H
#define SPAWNPOL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH	16

struct json {
	FILE *out;
	char *text;
	size_t size;
	int depth;
	char close[JSON_DEPTH];		/* the bracket that ends each level */
	bool filled[JSON_DEPTH];	/* a comma is due before the next value */
	bool compact;			/* all on one line */
};

/* Open a document whose outermost value is an object; -ENOMEM. */
int json_start(struct json *j);
/*
 * End what is open, print the document and a newline; frees j. -ENOMEM. Whether it could
 * be written to standard output, output_finish() knows.
 */
int json_finish(struct json *j, FILE *to);
/* Forget the document; frees j. */
void json_drop(struct json *j);

/* In all of these key is NULL within arrays, and a text of NULL is null. */
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_end(struct json *j);
void json_text(struct json *j, const char *key, const char *value);
void json_u32(struct json *j, const char *key, uint32_t value);
/* null for 0, where 0 stands for none. */
void json_u32_or_null(struct json *j, const char *key, uint32_t value);
void json_s32(struct json *j, const char *key, int32_t value);
/*
 * A string of decimal digits, whatever the value: readers that keep numbers as
 * doubles, such as jq, are exact up to 2^53 only.
 */
void json_u64(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

#endif
