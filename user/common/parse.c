// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parsing of numbers and times. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "parse.h"

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "ns", 1 }, { "us", 1000 }, { "ms", 1000 * 1000 },
	{ "s", 1000 * 1000 * 1000 }, { "m", 60000000000 }, { NULL, 0 },
};

static int digit_value(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (isxdigit((unsigned char)c))
		return tolower((unsigned char)c) - 'a' + 10;
	return 16;	/* of no base here */
}

/* strtoul() takes signs, spaces and wraps around; none of that is wanted. */
static int digits(const char **text, int base, uint64_t max, uint64_t *number)
{
	const char *s = *text;
	uint64_t n;
	int digit;

	if (digit_value(*s) >= base)
		return -EINVAL;
	for (n = 0; (digit = digit_value(*s)) < base; s++) {
		if (n > (UINT64_MAX - digit) / base)
			return -ERANGE;
		n = n * base + digit;
		if (n > max)
			return -ERANGE;
	}
	*text = s;
	*number = n;
	return 0;
}

int parse_unsigned(const char *text, int base, uint64_t max, uint64_t *number)
{
	uint64_t n;
	int ret;

	if (!base) {
		base = text[0] != '0' || !text[1] ? 10 :
		       tolower((unsigned char)text[1]) == 'x' ? 16 : 8;
		if (base == 16)
			text += 2;
	}
	ret = digits(&text, base, max, &n);
	if (ret)
		return ret;
	if (*text)
		return -EINVAL;
	*number = n;
	return 0;
}

int parse_number(const char *text, uint32_t min, uint32_t max,
		 uint32_t *number)
{
	uint64_t n;
	int ret = parse_unsigned(text, 10, max, &n);

	if (ret)
		return ret;
	if (n < min)
		return -ERANGE;
	*number = n;
	return 0;
}

int parse_signed(const char *text, int64_t min, int64_t max, int64_t *number)
{
	const int minus = *text == '-';
	uint64_t n;
	int64_t value;
	int ret;

	ret = parse_unsigned(text + minus, 10, INT64_MAX, &n);
	if (ret)
		return ret;
	value = minus ? -(int64_t)n : (int64_t)n;
	if (value < min || value > max)
		return -ERANGE;
	*number = value;
	return 0;
}

int parse_duration(const char *text, uint64_t *ns)
{
	uint64_t whole, part = 0, scale = 1;
	const struct unit *u;
	int ret;

	ret = digits(&text, 10, UINT64_MAX, &whole);
	if (ret)
		return ret;
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++)
			if (scale < 100000000) {
				part = part * 10 + (*text - '0');
				scale *= 10;
			}
	if (!*text && !whole && !part) {
		*ns = 0;
		return 0;
	}
	for (u = units; u->name; u++)
		if (!strcmp(text, u->name)) {
			if (whole >= UINT64_MAX / u->ns)
				return -ERANGE;
			*ns = whole * u->ns + part * u->ns / scale;
			return 0;
		}
	return -EINVAL;
}
