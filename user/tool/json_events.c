// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sets of events in JSON. */
#include "json.h"
#include "json_events.h"
#include "names.h"

void json_events(struct json *j, const char *key, uint32_t mask)
{
	int bit;

	json_array(j, key);
	for (bit = 0; bit < 32; bit++)
		if (mask >> bit & 1)
			json_text(j, NULL, event_name(1U << bit));
	json_end(j);
}
