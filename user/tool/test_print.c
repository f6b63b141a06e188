// SPDX-License-Identifier: LGPL-2.1-or-later
/* The output of test: for people, and as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dry_run.h"
#include "names.h"
#include "table.h"
#include "test_print.h"
#include "tool.h"
#include "verdict_text.h"

int test_print_start(struct tool *t, struct test_report *report)
{
	memset(report, 0, sizeof(*report));
	if (start_json(t, &report->json) < 0)
		return -t->problem.err;
	if (t->set.json)
		json_array(&report->json, "situations");
	return 0;
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

static void json_expectation(struct json *j, const struct expectation *e,
			     const char *differs)
{
	if (e->given)
		json_bool(j, "as_expected", !differs);
	else
		json_null(j, "as_expected");
	json_text(j, "expected", e->given ? verdict_name(e->verdict) : NULL);
	json_text(j, "difference", differs);
}

static void json_row(struct json *j, const struct row *row,
		     const struct dry_run *run, const char *differs)
{
	struct verdict_text is;

	verdict_text(run, &is);
	json_object(j, NULL);
	json_u32_or_null(j, "line", row->line);
	json_text(j, "situation", row->text);
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
	json_expectation(j, &row->situation.expect, differs);
	json_end(j);
}

/* What there is to say besides the verdict. */
static void put_extras(const struct dry_run *run, const struct verdict_text *is)
{
	char text[STAGED_TEXT_SIZE];
	unsigned int i;

	for (i = 0; i < run->result.nr_staged; i++)
		printf(" %s", staged_text(run, i, text));
	if (strcmp(is->result, "none"))
		printf(" result=%s", is->result);
	if (strcmp(is->delay, "0s"))
		printf(" delay=%s", is->delay);
	if (strcmp(is->fails, "none"))
		printf(" fails=%s", is->fails);
}

static void put_row(const struct table *table, const struct row *row,
		    const struct dry_run *run, const char *differs)
{
	struct verdict_text is;

	verdict_text(run, &is);
	if (differs)
		printf("not ok ");
	else if (row->situation.expect.given)
		printf("ok ");
	if (table->file)
		printf("%s:%u: ", table->file, row->line);
	printf("%s => %s", row->text, is.verdict);
	put_extras(run, &is);
	putchar('\n');
	if (differs)
		printf("    %s\n", differs);
}

/* Of one situation alone, all there is. */
static void put_scratch(const struct dry_run *run)
{
	int i;

	printf("scratch:");
	for (i = 0; i < SITUATION_SCRATCH; i++)
		printf(" 0x%" PRIx64, (uint64_t)run->ctx.scratch[i]);
	putchar('\n');
}

void test_print_row(const struct tool *t, struct test_report *report,
		    const struct table *table, const struct row *row,
		    const struct dry_run *run, const char *differs)
{
	if (t->set.json) {
		json_row(&report->json, row, run, differs);
		return;
	}
	/* what differs is an error, which --quiet leaves */
	if (differs || !t->set.quiet)
		put_row(table, row, run, differs);
	if (!table->file && !t->set.quiet)
		put_scratch(run);
}

int test_print_end(struct tool *t, struct test_report *report,
		   const struct table *table, int ret)
{
	struct json *j = &report->json;

	if (t->set.json && j->out) {
		if (ret) {
			json_drop(j);
			return ret;
		}
		json_end(j);
		json_u32(j, "run", report->nr);
		json_u32(j, "failed", report->failed);
		return json_finish(j, stdout) ? fail(t, EIO, "cannot print") : 0;
	}
	if (!ret && table->file)
		say(t, "%u situation%s, %u not as expected\n", report->nr,
		    report->nr == 1 ? "" : "s", report->failed);
	return ret;
}
