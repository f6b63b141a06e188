// SPDX-License-Identifier: LGPL-2.1-or-later
/* The result of a dry run of a policy, and how it differs from the expectation. */
#include <inttypes.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>

#include "differences.h"
#include "dry_run.h"
#include "kernel.h"
#include "names.h"
#include "verdict_text.h"

static void errno_text(char text[SITUATION_ERRNO_SIZE], bool given, int res)
{
	if (given)
		word_of_result(res, text);
	else
		strcpy(text, "none");
}

void verdict_text(const struct dry_run *run, struct verdict_text *text)
{
	const uint32_t flags = run->result.flags;
	const int fails = dry_run_fails(run);

	text->verdict = verdict_name(run->verdict);
	errno_text(text->result, flags & IORING_TEST_RESULT, run->result.result);
	errno_text(text->fails, fails, -fails);
	if (flags & IORING_TEST_DELAY_EXCEEDED)
		strcpy(text->delay, "exceeded");
	else
		time_text(run->result.delay_ns, text->delay);
}

static const char *request_name(const struct bpf_iouring_test_staged *staged)
{
	struct io_uring_sqe sqe;

	if (staged->kind == IORING_STAGED_EXEC)
		return "exec";
	if (staged->kind == IORING_STAGED_INTERP)
		return "interp";
	if (staged->kind == IORING_STAGED_SEARCH)
		return "search";
	memcpy(&sqe, staged->sqe, sizeof(sqe));
	return step_name(sqe.opcode,
			 sqe.opcode == kernel_query()->op_child ? sqe.len : 0);
}

const char *staged_text(const struct dry_run *run, unsigned int nr,
			char text[STAGED_TEXT_SIZE])
{
	const struct bpf_iouring_test_staged *staged = &run->staged[nr];

	snprintf(text, STAGED_TEXT_SIZE, "%s%s%.*s", request_name(staged),
		 staged->path[0] ? ":" : "", (int)sizeof(staged->path),
		 staged->path);
	return text;
}

/* Where the expectation names no path, any will do. */
static bool is_staged(const struct dry_run *run, unsigned int nr,
		      const char *expected)
{
	char text[STAGED_TEXT_SIZE];

	staged_text(run, nr, text);
	if (!strchr(expected, ':'))
		text[strcspn(text, ":")] = 0;
	return !strcmp(text, expected);
}

static bool staged_differ(const struct dry_run *run, const struct expectation *e)
{
	unsigned int i;

	if (run->result.nr_staged != e->nr_staged)
		return true;
	for (i = 0; i < e->nr_staged; i++)
		if (!is_staged(run, i, e->staged[i]))
			return true;
	return false;
}

static void staged_difference(const struct differences *d, const struct dry_run *run,
			      const struct expectation *e)
{
	char text[STAGED_TEXT_SIZE];
	FILE *out = d->out;
	unsigned int i;

	difference_begin(d);
	fprintf(out, "staged is ");
	for (i = 0; i < run->result.nr_staged; i++)
		fprintf(out, "%s%s", i ? " " : "", staged_text(run, i, text));
	fprintf(out, "%s, not ", i ? "" : "none");
	for (i = 0; i < e->nr_staged; i++)
		fprintf(out, "%s%s", i ? " " : "", e->staged[i]);
	fputs(i ? "" : "none", out);
}

static void scratch_difference(const struct differences *d, const struct dry_run *run,
			       const struct expectation *e)
{
	unsigned int i;

	for (i = 0; i < e->nr_scratch; i++) {
		if (run->ctx.scratch[i] == e->scratch[i])
			continue;
		difference_begin(d);
		fprintf(d->out, "scratch %u is 0x%" PRIx64 ", not 0x%" PRIx64, i,
			(uint64_t)run->ctx.scratch[i], e->scratch[i]);
	}
}

int verdict_compare(const struct dry_run *run, const struct expectation *e,
		    char **text)
{
	struct differences d;
	struct verdict_text is;
	int ret = differences_start(&d);

	*text = NULL;
	if (ret)
		return ret;
	verdict_text(run, &is);
	difference_of_texts(&d, "the verdict", is.verdict, verdict_name(e->verdict));
	difference_of_texts(&d, "result", is.result, e->result);
	difference_of_texts(&d, "delay", is.delay, e->delay);
	difference_of_texts(&d, "fails", is.fails, e->fails);
	if (e->compares_staged && staged_differ(run, e))
		staged_difference(&d, run, e);
	scratch_difference(&d, run, e);
	return differences_end(&d, text);
}
