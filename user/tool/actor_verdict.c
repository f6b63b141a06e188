// SPDX-License-Identifier: LGPL-2.1-or-later
/* The result of a dry run of an actor, and how it differs from the expectation. */
#include <inttypes.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>

#include "actor_dry_run.h"
#include "actor_situation.h"
#include "actor_verdict.h"
#include "differences.h"
#include "op_names.h"

static struct io_uring_sqe staged(const struct actor_run *run, unsigned int nr)
{
	struct io_uring_sqe sqe;

	memcpy(&sqe, run->last->staged[nr].sqe, sizeof(sqe));
	return sqe;
}

const char *actor_staged_text(const struct actor_run *run, unsigned int nr,
			      char text[ACTOR_LISTED_SIZE])
{
	const struct io_uring_sqe sqe = staged(run, nr);

	snprintf(text, ACTOR_LISTED_SIZE, "%s:0x%" PRIx64, op_name(sqe.opcode),
		 (uint64_t)sqe.user_data);
	return text;
}

const char *actor_posted_text(const struct actor_run *run, unsigned int nr,
			      char text[ACTOR_LISTED_SIZE])
{
	const struct bpf_iouring_op_test_posted *p = &run->last->posted[nr];
	char res[WORD_ERRNO_SIZE];

	word_of_result(p->res, res);
	snprintf(text, ACTOR_LISTED_SIZE, "0x%" PRIx64 ":%s", (uint64_t)p->user_data,
		 res);
	return text;
}

const char *actor_result_text(const struct actor_run *run, char text[WORD_ERRNO_SIZE])
{
	word_of_result(run->last->result, text);
	return text;
}

/* --- differences -------------------------------------------------------------------- */

/* Where the expectation names no tag or result, any will do. */
static bool is_staged(const struct actor_run *run, unsigned int nr,
		      const struct actor_listed *l)
{
	const struct io_uring_sqe sqe = staged(run, nr);

	return sqe.opcode == l->opcode && (!l->has_tag || sqe.user_data == l->tag);
}

static bool is_posted(const struct actor_run *run, unsigned int nr,
		      const struct actor_listed *l)
{
	const struct bpf_iouring_op_test_posted *p = &run->last->posted[nr];

	return p->user_data == l->tag && (!l->has_tag || p->res == l->res);
}

static void put_expected(FILE *out, const struct actor_listed *l, bool posted)
{
	char res[WORD_ERRNO_SIZE];

	if (!posted) {
		fprintf(out, "%s", op_name(l->opcode));
		if (l->has_tag)
			fprintf(out, ":0x%" PRIx64, l->tag);
		return;
	}
	fprintf(out, "0x%" PRIx64, l->tag);
	if (!l->has_tag)
		return;
	word_of_result(l->res, res);
	fprintf(out, ":%s", res);
}

/* One list, of requests or of CQEs. */
struct list {
	const char *name;
	bool posted;
	unsigned int nr;	/* there are */
	const struct actor_listed *expected;
	unsigned int nr_expected;
};

static bool list_differs(const struct actor_run *run, const struct list *l)
{
	if (l->nr != l->nr_expected)
		return true;
	for (unsigned int i = 0; i < l->nr; i++)
		if (!(l->posted ? is_posted : is_staged)(run, i, &l->expected[i]))
			return true;
	return false;
}

static void list_difference(const struct differences *d, const struct actor_run *run,
			    const struct list *l)
{
	char text[ACTOR_LISTED_SIZE];
	FILE *out = d->out;

	if (!list_differs(run, l))
		return;
	difference_begin(d);
	fprintf(out, "%s is ", l->name);
	for (unsigned int i = 0; i < l->nr; i++)
		fprintf(out, "%s%s", i ? "," : "",
			(l->posted ? actor_posted_text : actor_staged_text)(run, i, text));
	fprintf(out, "%s, not ", l->nr ? "" : "none");
	for (unsigned int i = 0; i < l->nr_expected; i++) {
		fputs(i ? "," : "", out);
		put_expected(out, &l->expected[i], l->posted);
	}
	fputs(l->nr_expected ? "" : "none", out);
}

static void state_difference(const struct differences *d, const struct actor_run *run,
			     const struct actor_expectation *e)
{
	for (unsigned int i = 0; i < e->nr_state; i++) {
		if (actor_run_state(run, i) == e->state[i])
			continue;
		difference_begin(d);
		fprintf(d->out, "word %u of the state is 0x%" PRIx64 ", not 0x%" PRIx64, i,
			actor_run_state(run, i), e->state[i]);
	}
}

static void compare(const struct differences *d, const struct actor_run *run,
		    const struct actor_expectation *e)
{
	const struct list requests = {
		"staged", false, run->last->nr_staged, e->staged, e->nr_staged,
	}, cqes = {
		"posted", true, run->last->nr_posted, e->posted, e->nr_posted,
	};
	char result[WORD_ERRNO_SIZE], fails[WORD_ERRNO_SIZE] = "none";

	if (actor_run_fails(run))
		word_of_result(-actor_run_fails(run), fails);
	difference_of_texts(d, "the verdict", actor_verdict_name(run->last->verdict),
			    actor_verdict_name(e->verdict));
	difference_of_texts(d, "result", actor_result_text(run, result), e->result);
	difference_of_texts(d, "fails", fails, e->fails);
	if (e->compares_staged)
		list_difference(d, run, &requests);
	if (e->compares_posted)
		list_difference(d, run, &cqes);
	state_difference(d, run, e);
}

int actor_verdict_compare(const struct actor_run *run, const struct actor_expectation *e,
			  char **text)
{
	struct differences d;
	int ret = differences_start(&d);

	*text = NULL;
	if (ret)
		return ret;
	compare(&d, run, e);
	return differences_end(&d, text);
}
