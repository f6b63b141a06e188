// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol test, for programs of IORING_OP_BPF: its runs, and its output. */
#include <errno.h>
#include <inttypes.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor_dry_run.h"
#include "actor_situation.h"
#include "actor_test.h"
#include "actor_verdict.h"
#include "common/errno_name.h"
#include "json.h"
#include "op_names.h"
#include "table.h"
#include "test_print.h"
#include "tool.h"

static void json_staged(struct json *j, const struct actor_run *run)
{
	struct io_uring_sqe sqe;

	json_array(j, "staged");
	for (unsigned int i = 0; i < run->last->nr_staged; i++) {
		memcpy(&sqe, run->last->staged[i].sqe, sizeof(sqe));
		json_object(j, NULL);
		json_text(j, "op", op_name(sqe.opcode));
		json_u32(j, "opcode", sqe.opcode);
		json_u32(j, "flags", sqe.flags);
		json_s32(j, "fd", sqe.fd);
		json_u64(j, "off", sqe.off);
		json_u64(j, "addr", sqe.addr);
		json_u32(j, "len", sqe.len);
		json_u64(j, "tag", sqe.user_data);
		json_end(j);
	}
	json_end(j);
}

static void json_posted(struct json *j, const struct actor_run *run)
{
	const struct bpf_iouring_op_test_posted *p = run->last->posted;

	json_array(j, "posted");
	for (unsigned int i = 0; i < run->last->nr_posted; i++, p++) {
		json_object(j, NULL);
		json_u64(j, "user_data", p->user_data);
		json_s32(j, "res", p->res);
		json_u32(j, "flags", p->flags);
		json_end(j);
	}
	json_end(j);
}

static void json_state(struct json *j, const struct actor_run *run)
{
	json_array(j, "state");
	for (unsigned int i = 0; i < actor_run_nr_state(run); i++)
		json_u64(j, NULL, actor_run_state(run, i));
	json_end(j);
}

static void json_row(struct json *j, const struct row *row, const struct actor_run *run,
		     const char *differs)
{
	const struct actor_expectation *e = &row->actor->expect;
	const int fails = actor_run_fails(run);
	const bool cqe = run->ctx.event == IORING_ACTOR_CQE;

	json_object(j, NULL);
	json_u32_or_null(j, "line", row->line);
	json_text(j, "situation", row->text);
	json_text(j, "event", actor_event_name(run->ctx.event));
	json_text(j, "op", cqe ? op_name(run->ctx.opcode) : NULL);
	json_u64(j, "tag", run->ctx.tag);
	json_u32(j, "in_flight", run->ctx.in_flight);
	json_u32(j, "room", run->ctx.room);
	json_text(j, "verdict", actor_verdict_name(run->last->verdict));
	json_s32(j, "result", run->last->result);
	json_text(j, "fails", fails ? errno_name(fails) : "none");
	json_staged(j, run);
	json_posted(j, run);
	json_state(j, run);
	if (e->given)
		json_bool(j, "as_expected", !differs);
	else
		json_null(j, "as_expected");
	json_text(j, "expected", e->given ? actor_verdict_name(e->verdict) : NULL);
	json_text(j, "difference", differs);
	json_end(j);
}

static void put_row(const struct table *table, const struct row *row,
		    const struct actor_run *run, const char *differs)
{
	const struct spawnpol_actor_dry_run *last = run->last;
	char text[ACTOR_LISTED_SIZE], result[WORD_ERRNO_SIZE];
	unsigned int i;

	if (differs)
		printf("not ok ");
	else if (row->actor->expect.given)
		printf("ok ");
	if (table->file)
		printf("%s:%u: ", table->file, row->line);
	printf("%s => %s", row->text, actor_verdict_name(last->verdict));
	for (i = 0; i < last->nr_staged; i++)
		printf(" %s", actor_staged_text(run, i, text));
	for (i = 0; i < last->nr_posted; i++)
		printf(" posted=%s", actor_posted_text(run, i, text));
	if (last->verdict == IORING_ACTOR_END || last->result)
		printf(" result=%s", actor_result_text(run, result));
	if (actor_run_fails(run))
		printf(" fails=%s", errno_name(actor_run_fails(run)));
	putchar('\n');
	if (differs)
		printf("    %s\n", differs);
}

/* Of one situation alone, all there is. */
static void put_state(const struct actor_run *run)
{
	printf("state:");
	for (unsigned int i = 0; i < actor_run_nr_state(run); i++)
		printf(" 0x%" PRIx64, actor_run_state(run, i));
	printf("%s\n", actor_run_nr_state(run) ? "" : " all 0");
}

static void print_row(const struct tool *t, struct test_report *report,
		      const struct table *table, const struct row *row,
		      const struct actor_run *run, const char *differs)
{
	if (t->set.json) {
		json_row(&report->json, row, run, differs);
		return;
	}
	if (differs || !t->set.quiet)
		put_row(table, row, run, differs);
	if (!table->file && !t->set.quiet)
		put_state(run);
}

static int run_row(struct tool *t, int prog, struct actor_run *run,
		   const struct table *table, struct row *row,
		   struct test_report *report)
{
	char *differs = NULL;
	int ret;

	ret = actor_run(run, prog, row->actor);
	if (ret)
		return fail(t, ret, "cannot run the program on '%s'", row->text);
	if (*run->impossible) {
		differs = strdup(run->impossible);
		ret = differs ? 1 : -ENOMEM;
	} else if (row->actor->expect.given) {
		ret = actor_verdict_compare(run, &row->actor->expect, &differs);
	}
	if (ret < 0)
		return fail(t, ret, "cannot compare the verdict");
	report->nr++;
	report->failed += ret;
	print_row(t, report, table, row, run, differs);
	free(differs);
	return 0;
}

int actor_test_table(struct tool *t, int prog, const struct table *table)
{
	struct test_report report;
	struct actor_run *run;
	unsigned int i;
	int ret;

	run = actor_run_new();
	if (!run)
		return fail(t, ENOMEM, "cannot run the program");
	ret = test_print_start(t, &report);
	for (i = 0; !ret && i < table->nr; i++)
		ret = run_row(t, prog, run, table, &table->rows[i], &report);
	ret = test_print_end(t, &report, table, ret);
	if (!ret && report.failed)
		t->status = EXIT_FAILED;
	free(run);
	return ret;
}
