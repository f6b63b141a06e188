// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Parsing the text of trace_pipe:
 *
 *	comm-TASK [CPU] FLAGS SECONDS.MICROS: io_uring_KIND: KEY=VALUE ...
 *
 * name is the last key and extends to the end of the line, because it can contain
 * blanks. The kernel replaces control characters in it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_event.h"

#define PREFIX	": io_uring_"

enum field_type { U32, S32, U64, WORD, REST };

static const struct field {
	const char *key;
	enum field_type type;
	size_t where;
} fields[] = {
#define FIELD(name, type)	{ #name, type, offsetof(struct trace_event, name) }
	FIELD(chain, U64), FIELD(link, U32), FIELD(prog, U32),
	FIELD(pid, S32), FIELD(step, U32), FIELD(steps, U32),
	FIELD(attempt, U32), FIELD(op, U32), FIELD(cmd, U32), FIELD(res, S32),
	FIELD(staged, U32), FIELD(staged_op, U32), FIELD(staged_cmd, U32),
	FIELD(issued, U32), FIELD(opname, WORD), FIELD(end, WORD),
	FIELD(result, S32), FIELD(cookie, U64), FIELD(user_data, U64),
	FIELD(elapsed_ns, U64), FIELD(delay_ns, U64), FIELD(event, WORD),
	FIELD(verdict, WORD), FIELD(name, REST),
	FIELD(ring, U64), FIELD(tag, U64), FIELD(posted, U32),
	FIELD(cqe_flags, U32), FIELD(in_flight, U32),
#undef FIELD
	{ "opcode", U32, offsetof(struct trace_event, op) },
};

static const char *const kinds[] = {
	[TRACE_START] = "spawn_start", [TRACE_STEP] = "spawn_step",
	[TRACE_VERDICT] = "spawn_verdict", [TRACE_END] = "spawn_end",
	[TRACE_RUN] = "actor_run", [TRACE_ACTOR_END] = "actor_end",
};

static const struct field *find_field(const char *key, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strlen(fields[i].key) == len &&
		    !strncmp(fields[i].key, key, len))
			return &fields[i];
	return NULL;
}

static void set_field(struct trace_event *e, const struct field *f,
		      const char *value)
{
	void *where = (char *)e + f->where;

	switch (f->type) {
	case U32:
		*(uint32_t *)where = strtoul(value, NULL, 0);
		break;
	case S32:
		*(int32_t *)where = strtol(value, NULL, 0);
		break;
	case U64:
		*(uint64_t *)where = strtoull(value, NULL, 0);
		break;
	case WORD:
	case REST:
		*(const char **)where = value;
		break;
	}
}

static void parse_fields(struct trace_event *e, char *text)
{
	const struct field *f;
	char *value, *end;

	for (;; text = end + 1) {
		text += strspn(text, " ");
		value = strchr(text, '=');
		if (!value)
			return;
		f = find_field(text, value - text);
		value++;
		if (f && f->type == REST) {
			set_field(e, f, value);
			return;
		}
		end = value + strcspn(value, " ");
		if (f && f->type == WORD && *end) {
			*end = 0;
			set_field(e, f, value);
			continue;
		}
		if (f)
			set_field(e, f, value);
		if (!*end)
			return;
	}
}

/* "comm-TASK [CPU] ..."; comm can have anything in it, so from the right. */
static void parse_head(struct trace_event *e, char *line, char *end)
{
	char *time, *bracket, *dash, *dot;

	*end = 0;
	time = strrchr(line, ' ');
	if (time) {
		e->time_ns = strtoull(time, &dot, 10) * 1000000000;
		if (*dot == '.')
			e->time_ns += strtoull(dot + 1, NULL, 10) * 1000;
		*time = 0;
	}
	bracket = strrchr(line, '[');
	if (!bracket)
		return;
	*bracket = 0;
	dash = strrchr(line, '-');
	if (dash)
		e->task = strtoul(dash + 1, NULL, 10);
}

/* All of the line, for the name of a program can be anything. */
static bool is_loss(const char *line, uint32_t *lost)
{
	int len = 0;

	return sscanf(line, "CPU:%*u [LOST %u EVENTS]%n", lost, &len) == 1 &&
	       len && !line[len];
}

bool trace_event_parse(char *line, struct trace_event *e)
{
	size_t i, len;
	char *prefix, *kind;

	memset(e, 0, sizeof(*e));
	e->name = e->event = e->verdict = e->opname = e->end = "";
	if (is_loss(line, &e->lost)) {
		e->kind = TRACE_LOST;
		return true;
	}
	prefix = strstr(line, PREFIX);
	if (!prefix)
		return false;
	kind = prefix + strlen(PREFIX);
	len = strcspn(kind, ":");
	if (!kind[len])
		return false;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i]) == len && !strncmp(kinds[i], kind, len)) {
			e->kind = i;
			parse_fields(e, kind + len + 1);
			parse_head(e, line, prefix);
			return true;
		}
	return false;
}
