// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ring_use.h"

#include <errno.h>

#include "bench.h"

void ring_use(int ring_fd, struct ring_use *use)
{
	char path[64], line[256];
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", ring_fd);
	f = fopen(path, "re");
	if (!f)
		give_up(-errno, "%s", path);
	while (fgets(line, sizeof(line), f)) {
		found += sscanf(line, "SqHead: %u", &use->sqes) == 1;
		found += sscanf(line, "CqTail: %u", &use->cqes) == 1;
	}
	fclose(f);
	if (found != 2)
		give_up(0, "%s has no SqHead and CqTail", path);
}
