// SPDX-License-Identifier: LGPL-2.1-or-later
/* Numbers and times as people write them. */
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

/* strtoul() takes signs, spaces and wraps around; none of that is wanted. */
static int digits(const char **text, uint64_t max, uint64_t *number)
{
	const char *s = *text;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	for (*number = 0; isdigit((unsigned char)*s); s++) {
		if (*number > (UINT64_MAX - 9) / 10)
			return -ERANGE;
		*number = *number * 10 + (*s - '0');
		if (*number > max)
			return -ERANGE;
	}
	*text = s;
	return 0;
}

int parse_number(const char *text, uint32_t min, uint32_t max,
		 uint32_t *number)
{
	uint64_t n;
	int ret = digits(&text, max, &n);

	if (ret)
		return ret;
	if (*text)
		return -EINVAL;
	if (n < min)
		return -ERANGE;
	*number = n;
	return 0;
}

int parse_duration(const char *text, uint64_t *ns)
{
	uint64_t whole, part = 0, scale = 1;
	const struct unit *u;
	int ret;

	ret = digits(&text, UINT64_MAX, &whole);
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
