// SPDX-License-Identifier: LGPL-2.1-or-later
/* Formatting times as options take them. */
#include <inttypes.h>
#include <stdio.h>

#include "time_text.h"

const char *time_text(uint64_t ns, char text[TIME_TEXT_SIZE])
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 },
		{ "ns", 1 },
	};
	unsigned int i = 0;

	while (ns % units[i].ns)
		i++;
	snprintf(text, TIME_TEXT_SIZE, "%" PRIu64 "%s", ns / units[i].ns,
		 units[i].name);
	return text;
}
