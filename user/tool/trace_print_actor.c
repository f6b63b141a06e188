// SPDX-License-Identifier: LGPL-2.1-or-later
/* Printing events of actors, as text and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "op_names.h"
#include "trace_event.h"
#include "trace_parts.h"
#include "trace_print.h"
#include "trace_print_actor.h"

#define WORD_SIZE	32

static void put_head(const struct trace_event *e, uint64_t since)
{
	trace_put_time(e);
	printf("actor 0x%" PRIx64 " of ring %" PRIu64 " ", e->user_data, e->ring);
	if (since == TRACE_NO_TIME)
		printf("%10s ms  ", "?");
	else
		printf("%+10.3f ms  ", since / 1e6);
}

static bool is_completion(const struct trace_event *e)
{
	return !strcmp(e->event, "CQE");
}

static void put_requests(uint32_t nr, const char *what)
{
	if (nr)
		printf(", %u %s", nr, what);
}

static void put_run(const struct trace_event *e)
{
	trace_put_lower(e->event);
	if (is_completion(e)) {
		printf(": %s tag 0x%" PRIx64 " -> ", op_name(e->op), e->tag);
		trace_put_result(e->res);
	} else if (e->res) {
		printf(": after ");
		trace_put_result(e->res);
	}
	printf(" => ");
	trace_put_lower(e->verdict);
	put_requests(e->staged, "staged");
	put_requests(e->posted, "posted");
	if (!strcmp(e->event, "START"))
		printf(" (link %u)", e->link);
}

void trace_print_actor(const struct trace_event *e, uint64_t since)
{
	put_head(e, since);
	if (e->kind == TRACE_RUN) {
		put_run(e);
	} else {
		printf("end: ");
		trace_put_result(e->res);
	}
	putchar('\n');
}

void trace_json_actor(struct json *j, const struct trace_event *e)
{
	char word[WORD_SIZE];

	json_u32(j, "submitter", e->task);
	json_u64(j, "user_data", e->user_data);
	if (e->kind == TRACE_ACTOR_END) {
		trace_json_result(j, "res", "errno", e->res);
		return;
	}
	trace_lower(e->event, word, sizeof(word));
	json_text(j, "on", word);
	json_text(j, "op", is_completion(e) ? op_name(e->op) : NULL);
	json_u32(j, "opcode", e->op);
	json_u64(j, "tag", e->tag);
	trace_json_result(j, "res", "errno", e->res);
	json_u32(j, "cqe_flags", e->cqe_flags);
	trace_lower(e->verdict, word, sizeof(word));
	json_text(j, "verdict", word);
	json_u32(j, "staged", e->staged);
	json_u32(j, "posted", e->posted);
	json_u32(j, "in_flight", e->in_flight);
}
