// SPDX-License-Identifier: LGPL-2.1-or-later
/* Arrays that grow. */
#include <stdlib.h>
#include <string.h>

#include "grow.h"

void *grow(void *array, size_t nr, size_t size)
{
	void *now, *more;

	memcpy(&now, array, sizeof(now));
	/* at each power of two the room is doubled */
	if (!(nr & (nr - 1))) {
		more = reallocarray(now, nr ? 2 * nr : 1, size);
		if (!more)
			return NULL;
		memcpy(array, &more, sizeof(more));
		now = more;
	}
	return memset((char *)now + nr * size, 0, size);
}
