/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line of trace_pipe, parsed. */
#ifndef SPAWNPOL_TRACE_EVENT_H
#define SPAWNPOL_TRACE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum trace_kind {
	TRACE_START, TRACE_STEP, TRACE_VERDICT, TRACE_END,	/* of a chain */
	TRACE_RUN, TRACE_ACTOR_END,				/* of an actor */
	TRACE_LOST,
};

/* Fields are those of docs/abi.md, sections 7 and 11. */
struct trace_event {
	enum trace_kind kind;
	uint64_t time_ns;	/* monotonic clock */
	uint32_t task;		/* thread that emitted the event */
	uint64_t chain, cookie, user_data;
	uint32_t link, prog, step, steps, attempt, op, cmd, staged, staged_op;
	uint32_t staged_cmd, issued, lost;
	int32_t pid, res, result;
	uint64_t elapsed_ns, delay_ns;
	uint64_t ring, tag;	/* of an actor, as the next ones */
	uint32_t cqe_flags, posted, in_flight;
	/* these point into the line */
	const char *event, *verdict, *opname, *end, *name;
};

static inline bool trace_event_is_actor(const struct trace_event *e)
{
	return e->kind == TRACE_RUN || e->kind == TRACE_ACTOR_END;
}

/* Reads, and cuts up, one line without its newline; false if it is no event. */
bool trace_event_parse(char *line, struct trace_event *e);

#endif
