/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parsing parts of situations. Errors are recorded as usage errors. */
#ifndef SPAWNPOL_SITUATION_WORDS_H
#define SPAWNPOL_SITUATION_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tool;

#define WORD_SIZE	32
#define WORD_ERRNO_SIZE	24

/* Decimal or 0x..., of 64 bits. */
int word_u64(struct tool *t, const char *key, const char *text, uint64_t *value);

/* The part of *list before the next comma; false at the end. */
bool word_next_part(const char **list, char word[WORD_SIZE]);

/* How many of the words stand before "expect", or before the end. */
unsigned int words_before_expect(char **words, unsigned int nr);

/* "ENOENT", which is -2, or a number that is no error. */
int word_result(struct tool *t, const char *text, int32_t *res);

/* The other way round. */
void word_of_result(int32_t res, char text[WORD_ERRNO_SIZE]);

/* What word_result() takes, or "none", as verdicts are printed. */
int word_errno_text(struct tool *t, const char *value, char text[WORD_ERRNO_SIZE]);

#endif
