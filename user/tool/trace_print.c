// SPDX-License-Identifier: LGPL-2.1-or-later
/* Printing events, as text and as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <io_uring_spawn.h>
#include <spawnpol_uapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/errno_name.h"
#include "common/escape.h"
#include "json.h"
#include "names.h"
#include "policy_name.h"
#include "trace_parts.h"
#include "trace_print.h"
#include "trace_print_actor.h"

static void put_name(const char *name)
{
	char next[ESCAPED_MAX];
	size_t n;

	for (; (n = escape_next(name, next)); name += n)
		fputs(next, stdout);
}

static void put_head(const struct trace_event *e, uint64_t since)
{
	trace_put_time(e);
	printf("chain %-4" PRIu64 " ", e->chain);
	if (since == TRACE_NO_TIME)
		printf("%10s ms  ", "?");
	else
		printf("%+10.3f ms  ", since / 1e6);
}

static void put_step(const struct trace_event *e)
{
	printf("step %u: %s", e->step, step_name(e->op, e->cmd));
	if (e->name[0]) {
		putchar(' ');
		put_name(e->name);
	}
	printf(" -> ");
	if (e->staged && !e->attempt)
		printf("not issued");
	else
		trace_put_result(e->res);
	if (e->staged)
		printf(" (staged)");
	else if (e->attempt > 1)
		printf(" (attempt %u)", e->attempt);
}

/* A slot can have several. */
static void put_policy(const struct trace_event *e)
{
	char name[POLICY_NAME_SIZE];

	if (!e->prog)
		return;
	policy_name(e->prog, name);
	printf(" (policy ");
	put_name(name);
	putchar(')');
}

static void put_verdict(const struct trace_event *e)
{
	printf("step %u: ", e->step);
	trace_put_lower(e->event);
	if (e->res < 0)
		printf(" %s", errno_name(-e->res));
	printf(" => ");
	trace_put_lower(e->verdict);
	if (e->staged > 1) {
		printf(" %u requests", e->staged);
	} else if (e->staged) {
		printf(" %s", step_name(e->staged_op, e->staged_cmd));
		if (e->name[0])
			putchar(' ');
		put_name(e->name);
	}
	if (e->delay_ns)
		printf(" after %g ms", e->delay_ns / 1e6);
	if (e->result != e->res) {
		printf(", result ");
		trace_put_result(e->result);
	}
	put_policy(e);
}

/* What ends a chain other than its steps, as the kernel calls it. */
static const struct {
	const char *end, *text;
	bool at_step;
} ends[] = {
	{ "CLONE", "there is no child", false },
	{ "NO_EXEC", "no step has executed a program", false },
	{ "VERDICT", "aborted by the policy", true },
	{ "REFUSED", "a verdict that cannot be followed", true },
	{ "BUDGET", "the policy's budget is used up", true },
	{ "NO_POLICY", "the policy has gone", true },
	{ "DEADLINE", "deadline", false },
	{ "CANCEL", "cancelled", false },
	{ "EXIT", "the launcher has ended or closed its ring", false },
	{ "KILLED", "the child was killed", false },
};

static void put_failure(const struct trace_event *e)
{
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (strcmp(ends[i].end, e->end))
			continue;
		printf("%s", ends[i].text);
		if (ends[i].at_step)
			printf(" at step %u", e->step);
		if (e->res != -ECANCELED)
			printf(", %s", errno_name(abs(e->res)));
		return;
	}
	printf("%s", errno_name(abs(e->res)));
	if (e->end[0])
		printf(" at step %u", e->step);
}

static void put_end(const struct trace_event *e)
{
	printf("end: ");
	if (e->res) {
		put_failure(e);
		printf(", no program");
	} else {
		printf("process %d runs the program", e->pid);
	}
	if (e->issued)
		printf(", %u request%s of the policy's", e->issued,
		       e->issued == 1 ? "" : "s");
}

void trace_print_text(const struct trace_event *e, uint64_t since)
{
	if (e->kind == TRACE_LOST) {
		printf("(%u events were lost)\n", e->lost);
		return;
	}
	if (trace_event_is_actor(e)) {
		trace_print_actor(e, since);
		return;
	}
	put_head(e, since);
	switch (e->kind) {
	case TRACE_START:
		printf("start: child %d of %u, %u step%s", e->pid, e->task,
		       e->steps, e->steps == 1 ? "" : "s");
		if (e->link)
			printf(", link %u", e->link);
		else
			printf(", no policy");
		break;
	case TRACE_STEP:
		put_step(e);
		break;
	case TRACE_VERDICT:
		put_verdict(e);
		break;
	default:
		put_end(e);
	}
	putchar('\n');
}

static void json_step(struct json *j, const struct trace_event *e)
{
	json_u32(j, "step", e->step);
	json_u32(j, "attempt", e->attempt);
	json_text(j, "op", step_name(e->op, e->cmd));
	json_u32(j, "opcode", e->op);
	json_u32(j, "cmd", e->cmd);
	trace_json_result(j, "res", "errno", e->res);
	json_bool(j, "staged", e->staged);
	json_u64(j, "user_data", e->user_data);
	json_u64(j, "elapsed_ns", e->elapsed_ns);
	json_text(j, "path", e->name[0] ? e->name : NULL);
}

static void json_verdict(struct json *j, const struct trace_event *e)
{
	char word[32], name[POLICY_NAME_SIZE];

	json_u32(j, "step", e->step);
	json_u32(j, "prog_id", e->prog);
	json_text(j, "policy", policy_name_loaded(e->prog, name) ? name : NULL);
	trace_lower(e->event, word, sizeof(word));
	json_text(j, "on", word);
	json_u32(j, "opcode", e->op);
	trace_json_result(j, "res", "errno", e->res);
	trace_lower(e->verdict, word, sizeof(word));
	json_text(j, "verdict", word);
	json_u32(j, "staged", e->staged);
	json_text(j, "staged_op",
		  e->staged ? step_name(e->staged_op, e->staged_cmd) : NULL);
	json_text(j, "staged_path", e->name[0] ? e->name : NULL);
	json_u64(j, "delay_ns", e->delay_ns);
	trace_json_result(j, "result", "result_errno", e->result);
}

static void json_start_event(struct json *j, const struct trace_event *e)
{
	json_u32(j, "submitter", e->task);
	json_u32(j, "steps", e->steps);
	json_u64(j, "cookie", e->cookie);
	json_u64(j, "user_data", e->user_data);
}

static void json_end_event(struct json *j, const struct trace_event *e)
{
	char word[32];

	trace_lower(e->end, word, sizeof(word));
	json_text(j, "end", word[0] ? word : NULL);
	json_u32(j, "step", e->step);
	trace_json_result(j, "res", "errno", e->res);
	json_u32(j, "issued", e->issued);
	json_u64(j, "elapsed_ns", e->elapsed_ns);
}

static void json_body(struct json *j, const struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_START:
		json_start_event(j, e);
		break;
	case TRACE_STEP:
		json_step(j, e);
		break;
	case TRACE_VERDICT:
		json_verdict(j, e);
		break;
	default:
		json_end_event(j, e);
	}
}

static void json_head(struct json *j, const struct trace_event *e, uint64_t since)
{
	if (trace_event_is_actor(e))
		json_u64(j, "ring", e->ring);
	else
		json_u64(j, "chain", e->chain);
	trace_json_time(j, e);
	json_u64(j, "time_ns", e->time_ns);
	if (since == TRACE_NO_TIME)
		json_null(j, "since_ns");
	else
		json_u64(j, "since_ns", since);
	json_u32(j, "link", e->link);
}

void trace_print_json(const struct trace_event *e, uint64_t since)
{
	static const char *const names[] = {
		[TRACE_START] = "start", [TRACE_STEP] = "step",
		[TRACE_VERDICT] = "verdict", [TRACE_END] = "end",
		[TRACE_RUN] = "actor-run", [TRACE_ACTOR_END] = "actor-end",
		[TRACE_LOST] = "lost",
	};
	struct json j;

	if (json_start(&j))
		return;
	j.compact = true;
	json_text(&j, "event", names[e->kind]);
	if (e->kind == TRACE_LOST) {
		json_u32(&j, "count", e->lost);
		json_finish(&j, stdout);
		return;
	}
	json_head(&j, e, since);
	if (trace_event_is_actor(e)) {
		trace_json_actor(&j, e);
	} else {
		json_s32(&j, "pid", e->pid);
		json_body(&j, e);
	}
	json_finish(&j, stdout);
}
