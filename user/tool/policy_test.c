// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol test, for policies: the result of a run as text and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dry_run.h"
#include "json.h"
#include "names.h"
#include "policy_test.h"
#include "table.h"
#include "test_rows.h"
#include "verdict_text.h"

static int run_policy(void *run, int prog, const struct row *row)
{
	return dry_run(run, prog, &row->situation);
}

static const char *impossible(const void *of)
{
	const struct dry_run *run = of;

	return run->impossible;
}

static const char *expected(const struct row *row)
{
	const struct expectation *e = &row->situation.expect;

	return e->given ? verdict_name(e->verdict) : NULL;
}

static int compare(const void *run, const struct row *row, char **differs)
{
	return verdict_compare(run, &row->situation.expect, differs);
}

static void json_staged(struct json *j, const struct dry_run *run)
{
	char text[STAGED_TEXT_SIZE];
	unsigned int i;

	json_array(j, "staged");
	for (i = 0; i < run->result.nr_staged; i++)
		json_text(j, NULL, staged_text(run, i, text));
	json_end(j);
}

static void json_scratch(struct json *j, const struct dry_run *run)
{
	int i;

	json_array(j, "scratch");
	for (i = 0; i < SITUATION_SCRATCH; i++)
		json_u64(j, NULL, run->ctx.scratch[i]);
	json_end(j);
}

static void json_run(struct json *j, const void *of)
{
	const struct dry_run *run = of;
	struct verdict_text is;

	verdict_text(run, &is);
	json_text(j, "event", event_name(run->ctx.event));
	json_text(j, "step", step_name(run->ctx.opcode, run->ctx.cmd));
	json_u32(j, "attempt", run->ctx.attempt);
	json_text(j, "verdict", is.verdict);
	json_text(j, "result", is.result);
	json_u64(j, "delay_ns", run->result.delay_ns);
	json_bool(j, "delay_exceeded",
		  run->result.flags & IORING_TEST_DELAY_EXCEEDED);
	json_text(j, "fails", is.fails);
	json_staged(j, run);
	json_bool(j, "posts_staged", run->result.flags & IORING_TEST_POST_STAGED);
	json_scratch(j, run);
}

/* The verdict, and what there is to say with it. */
static void put_run(const void *of)
{
	const struct dry_run *run = of;
	char text[STAGED_TEXT_SIZE];
	struct verdict_text is;
	unsigned int i;

	verdict_text(run, &is);
	printf("%s", is.verdict);
	for (i = 0; i < run->result.nr_staged; i++)
		printf(" %s", staged_text(run, i, text));
	if (strcmp(is.result, "none"))
		printf(" result=%s", is.result);
	if (strcmp(is.delay, "0s"))
		printf(" delay=%s", is.delay);
	if (strcmp(is.fails, "none"))
		printf(" fails=%s", is.fails);
}

static void put_scratch(const void *of)
{
	const struct dry_run *run = of;
	int i;

	printf("scratch:");
	for (i = 0; i < SITUATION_SCRATCH; i++)
		printf(" 0x%" PRIx64, (uint64_t)run->ctx.scratch[i]);
	putchar('\n');
}

static const struct test_kind policies = {
	.what = "policy",
	.run = run_policy,
	.impossible = impossible,
	.expected = expected,
	.compare = compare,
	.json = json_run,
	.text = put_run,
	.memory = put_scratch,
};

int policy_test_table(struct tool *t, int prog, uint32_t events,
		      const struct table *table)
{
	return test_rows(t, &policies, dry_run_new(events), prog, table);
}
