// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages of jobs about its commands, on standard error. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "common/errno_name.h"
#include "common/escape.h"
#include "jobs.h"
#include "json.h"
#include "tool.h"

#define COMMAND_SIZE	256	/* of one in a line for people */

void jobs_progress_clear(const struct jobs *j)
{
	if (j->progress && j->terminal)
		fputs("\r\033[K", stderr);
}

void jobs_progress(const struct jobs *j)
{
	const unsigned int running = j->nr_begun > j->nr_done ? j->nr_begun - j->nr_done : 0;

	if (!j->progress)
		return;
	fprintf(stderr, "%s%u of %u done, %u running, %u failed%s",
		j->terminal ? "\r\033[K" : "", j->nr_done, j->list.nr, running,
		j->nr_failed, j->terminal ? "" : "\n");
	fflush(stderr);
}

static void put_end(const struct job_end *e)
{
	if (!e->started && e->step)
		fprintf(stderr, "was not started: step %u: %s (%s)", e->step,
			strerror(-e->error), errno_name(-e->error));
	else if (!e->started)
		fprintf(stderr, "was not started: %s (%s)", strerror(-e->error),
			errno_name(-e->error));
	else if (e->error)
		fprintf(stderr, "has ended; its status is unknown");
	else if (WIFSIGNALED(e->status))
		fprintf(stderr, "was ended by the signal %s",
			sigabbrev_np(WTERMSIG(e->status)) ?: "?");
	else
		fprintf(stderr, "has failed with status %d", WEXITSTATUS(e->status));
}

static void report_text(const struct jobs *j, unsigned int nr)
{
	const struct job_end *e = &j->ends[nr];
	char command[COMMAND_SIZE];

	if (j->t->set.quiet || (!e->error && !e->status))
		return;
	fprintf(stderr, "%s: line %u ", TOOL_NAME, j->list.lines[nr].number);
	put_end(e);
	fprintf(stderr, ": %s\n",
		escape_text(j->list.lines[nr].text, command, sizeof(command)));
}

static const char *outcome(const struct job_end *e)
{
	if (!e->done)
		return "not-run";
	if (!e->started)
		return "not-started";
	if (e->error)
		return "unknown";
	return WIFSIGNALED(e->status) ? "killed" : "exited";
}

static void report_json(const struct jobs *j, unsigned int nr)
{
	const struct job_end *e = &j->ends[nr];
	const bool known = e->done && e->started && !e->error;
	struct json json;

	if (json_start(&json))
		return;
	json.compact = true;
	json_u32(&json, "line", j->list.lines[nr].number);
	json_text(&json, "command", j->list.lines[nr].text);
	json_text(&json, "outcome", outcome(e));
	if (known && WIFEXITED(e->status))
		json_u32(&json, "status", WEXITSTATUS(e->status));
	else
		json_null(&json, "status");
	json_text(&json, "signal", known && WIFSIGNALED(e->status) ?
		  sigabbrev_np(WTERMSIG(e->status)) : NULL);
	json_text(&json, "errno", e->error ? errno_name(-e->error) : NULL);
	json_u32_or_null(&json, "step", e->step);
	json_finish(&json, stderr);
}

void jobs_report_end(struct jobs *j, unsigned int nr)
{
	if (j->t->set.json)
		report_json(j, nr);
	else
		report_text(j, nr);
}

/* Those that have no line yet. */
static void report_not_run(const struct jobs *j)
{
	unsigned int i, nr = 0;

	for (i = 0; i < j->list.nr; i++) {
		if (j->ends[i].done)
			continue;
		nr++;
		if (j->t->set.json)
			report_json(j, i);
	}
	if (nr && !j->t->set.json && !j->t->set.quiet)
		fprintf(stderr, "%s: %u command%s not run\n", TOOL_NAME, nr,
			nr == 1 ? " was" : "s were");
}

int jobs_report_all(struct jobs *j)
{
	struct json json;
	int ret;

	report_not_run(j);
	if (!j->t->set.json)
		return 0;
	ret = start_json(j->t, &json);
	if (ret < 0)
		return ret;
	json.compact = true;
	json_u32(&json, "commands", j->list.nr);
	json_u32(&json, "done", j->nr_done);
	json_u32(&json, "failed", j->nr_failed);
	json_text(&json, "signal", j->caught ? sigabbrev_np(j->caught) : NULL);
	return json_finish(&json, stderr);
}
