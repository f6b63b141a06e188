/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOL_TRACE_PRINT_H
#define SPAWNPOL_TRACE_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "trace_event.h"

#define TRACE_NO_TIME	UINT64_MAX

/* Print one event; since is the time since its chain began, in nanoseconds. */
void trace_print_text(const struct trace_event *e, uint64_t since);
void trace_print_json(const struct trace_event *e, uint64_t since);

#endif
