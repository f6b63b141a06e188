/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tracepoints of spawning, recorded in an instance of the tests' own. For tests
 * that run ALONE.
 */
#ifndef SPAWNPOL_TESTS_TRACE_H
#define SPAWNPOL_TESTS_TRACE_H

#define TRACING "/sys/kernel/tracing/instances/spawnpol_test"

void trace_start(void);
/* The trace, and an end of tracing. The string stays. */
char *trace_end(void);
/* The nth line of the trace that has this event; FAIL if there is none. */
const char *trace_event(const char *trace, const char *name, unsigned int n);

#endif
