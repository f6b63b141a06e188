// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol test, for actors: the result of a run as text and as JSON. */
#include <inttypes.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>

#include "actor_dry_run.h"
#include "actor_test.h"
#include "actor_verdict.h"
#include "common/errno_name.h"
#include "json.h"
#include "op_names.h"
#include "table.h"
#include "test_rows.h"

static int run_actor(void *run, int prog, const struct row *row)
{
	return actor_run(run, prog, row->actor);
}

static const char *impossible(const void *of)
{
	const struct actor_run *run = of;

	return run->impossible;
}

static const char *expected(const struct row *row)
{
	const struct actor_expectation *e = &row->actor->expect;

	return e->given ? actor_verdict_name(e->verdict) : NULL;
}

static int compare(const void *run, const struct row *row, char **differs)
{
	return actor_verdict_compare(run, &row->actor->expect, differs);
}

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

static void json_run(struct json *j, const void *of)
{
	const struct actor_run *run = of;
	const int fails = actor_run_fails(run);
	const bool cqe = run->ctx.event == IORING_ACTOR_CQE;

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
}

static void put_run(const void *of)
{
	const struct actor_run *run = of;
	const struct spawnpol_actor_dry_run *last = run->last;
	char text[ACTOR_LISTED_SIZE], result[WORD_ERRNO_SIZE];
	unsigned int i;

	printf("%s", actor_verdict_name(last->verdict));
	for (i = 0; i < last->nr_staged; i++)
		printf(" %s", actor_staged_text(run, i, text));
	for (i = 0; i < last->nr_posted; i++)
		printf(" posted=%s", actor_posted_text(run, i, text));
	if (last->verdict == IORING_ACTOR_END || last->result)
		printf(" result=%s", actor_result_text(run, result));
	if (actor_run_fails(run))
		printf(" fails=%s", errno_name(actor_run_fails(run)));
}

static void put_state(const void *of)
{
	const struct actor_run *run = of;

	printf("state:");
	for (unsigned int i = 0; i < actor_run_nr_state(run); i++)
		printf(" 0x%" PRIx64, actor_run_state(run, i));
	printf("%s\n", actor_run_nr_state(run) ? "" : " all 0");
}

static const struct test_kind actors = {
	.what = "program",
	.run = run_actor,
	.impossible = impossible,
	.expected = expected,
	.compare = compare,
	.json = json_run,
	.text = put_run,
	.memory = put_state,
};

int actor_test_table(struct tool *t, int prog, const struct table *table)
{
	return test_rows(t, &actors, actor_run_new(), prog, table);
}
