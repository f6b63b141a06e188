/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parsing of numbers and times. */
#ifndef SPAWNPOL_PARSE_H
#define SPAWNPOL_PARSE_H

#include <stdint.h>

/*
 * Each reads the whole text: digits and nothing else, no blanks, no sign unless it
 * says so. -EINVAL: the text is no such number. -ERANGE: it is out of bounds. *number
 * is written on success only.
 */

/* A decimal number from min to max. */
int parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *number);

/* A number up to max, of base 8, 10 or 16; base 0: "0x" and "0" in front tell. */
int parse_unsigned(const char *text, int base, uint64_t max, uint64_t *number);

/* A decimal number from min to max, with a minus sign if it is negative. */
int parse_signed(const char *text, int64_t min, int64_t max, int64_t *number);

/* "10ms", "1.5s" and so on as nanoseconds; units ns, us, ms, s, m. "0" has none. */
int parse_duration(const char *text, uint64_t *ns);

#endif
