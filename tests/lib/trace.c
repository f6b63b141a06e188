// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tracepoints, as text. */
#include "trace.h"
#include "child.h"

#include <stdio.h>
#include <sys/stat.h>

void trace_start(void)
{
	rmdir(TRACING);
	CHECK_SYS(mkdir(TRACING, 0755));
	write_file(TRACING "/events/io_uring_spawn/enable", "1", 0);
}

char *trace_end(void)
{
	char *text = strdup(read_file(TRACING "/trace"));

	CHECK_SYS(rmdir(TRACING));
	return text;
}

const char *trace_event(const char *trace, const char *name, unsigned int n)
{
	static char lines[8][1024];
	static unsigned int turn;
	char *key = format(" %s: ", name), *to = lines[turn++ % 8];
	const char *at = trace;

	for (;;) {
		at = strstr(at, key);
		if (!at)
			FAIL("event %s %u is not in\n%.4000s", name, n, trace);
		if (!n--)
			break;
		at += strlen(key);
	}
	snprintf(to, sizeof(lines[0]), "%.*s ", (int)strcspn(at, "\n"), at);
	return to;
}
