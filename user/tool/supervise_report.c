// SPDX-License-Identifier: LGPL-2.1-or-later
/* The messages of supervise. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "json.h"
#include "supervise_options.h"
#include "supervise_report.h"
#include "time_text.h"
#include "tool.h"

static bool begin(const struct tool *t, struct json *j, const char *event)
{
	if (!t->set.json || json_start(j))
		return false;
	j->compact = true;
	json_text(j, "event", event);
	return true;
}

void supervise_report_start(const struct tool *t, unsigned int run, pid_t pid)
{
	struct json j;

	if (begin(t, &j, "start")) {
		json_u32(&j, "run", run);
		json_s32(&j, "pid", pid);
		json_finish(&j, stderr);
	} else if (run && !t->set.json && !t->set.quiet) {
		fprintf(stderr, "%s: started again, as process %d\n", TOOL_NAME, pid);
	}
}

static void json_end_of(struct json *j, unsigned int run, pid_t pid, int status)
{
	json_u32(j, "run", run);
	json_s32(j, "pid", pid);
	json_text(j, "outcome", WIFSIGNALED(status) ? "killed" : "exited");
	if (WIFSIGNALED(status))
		json_null(j, "status");
	else
		json_u32(j, "status", WEXITSTATUS(status));
	json_text(j, "signal", WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL);
	json_finish(j, stderr);
}

void supervise_report_end(const struct tool *t, unsigned int run, pid_t pid, int status)
{
	struct json j;

	if (begin(t, &j, "end"))
		json_end_of(&j, run, pid, status);
	if (t->set.json || t->set.quiet)
		return;
	if (WIFSIGNALED(status))
		fprintf(stderr, "%s: process %d was ended by the signal %s\n", TOOL_NAME,
			pid, sigabbrev_np(WTERMSIG(status)) ?: "?");
	else
		fprintf(stderr, "%s: process %d has exited with status %d\n", TOOL_NAME,
			pid, WEXITSTATUS(status));
}

void supervise_report_gave_up(const struct tool *t, const struct supervise_limits *l)
{
	char within[TIME_TEXT_SIZE];
	struct json j;

	if (begin(t, &j, "gave-up")) {
		json_u32(&j, "restarts", l->restarts);
		json_u64(&j, "within_ns", l->within_ns);
		json_finish(&j, stderr);
	} else if (!t->set.json && !t->set.quiet && l->restarts) {
		fprintf(stderr, "%s: gave up: started again %u times within %s\n",
			TOOL_NAME, l->restarts, time_text(l->within_ns, within));
	}
}
