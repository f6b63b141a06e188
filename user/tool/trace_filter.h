/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which chains and actors a trace shows. If this is known only in the middle of a chain
 * or at its end, earlier events are held until then.
 */
#ifndef SPAWNPOL_TRACE_FILTER_H
#define SPAWNPOL_TRACE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace_event.h"

#define TRACE_CHAINS	1024		/* remembered; the oldest give way */
#define TRACE_ACTORS	1024		/* likewise */
#define TRACE_HELD_MAX	(1 << 20)	/* bytes held of one chain */

struct trace_line;

struct trace_chain {
	uint64_t chain, start_ns;
	bool begun;		/* its beginning was seen */
	bool launched;		/* ... and its launcher is the one asked for */
	bool executes;		/* it has tried the program asked for */
	bool shown;		/* as it comes */
	struct trace_line *first, **last;
	size_t held;
	uint32_t left_out;
};

/* An actor whose start was seen. */
struct trace_actor {
	uint64_t ring, user_data, start_ns;
	bool begun;
	bool launched;		/* by the process asked for */
};

struct trace_filter {
	/* asked for; 0 or NULL: any */
	uint32_t pid, link, chain;
	bool failed;
	bool actors;		/* and no chains */
	const char *program;	/* a path, or the last part of one */

	/* what is to be shown, with the time since the chain or actor began */
	void (*show)(void *arg, const struct trace_event *e, uint64_t since);
	void *arg;

	uint32_t ended;		/* chains that were shown and are over; lines of actors */
	struct trace_chain chains[TRACE_CHAINS];
	struct trace_actor actor[TRACE_ACTORS];
};

/* Take one line of the trace, without its newline; cuts it up. */
void trace_filter_line(struct trace_filter *f, char *line);
/* How many chains and actors of the launcher asked for have begun, and are not over. */
unsigned int trace_filter_running(const struct trace_filter *f);
/* Frees what is held. */
void trace_filter_clear(struct trace_filter *f);

#endif
