/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Printing events of actors. */
#ifndef SPAWNPOL_TRACE_PRINT_ACTOR_H
#define SPAWNPOL_TRACE_PRINT_ACTOR_H

#include <stdint.h>

struct json;
struct trace_event;

/* A line; since is the time since the actor began, or TRACE_NO_TIME. */
void trace_print_actor(const struct trace_event *e, uint64_t since);
/* The members of its own. */
void trace_json_actor(struct json *j, const struct trace_event *e);

#endif
