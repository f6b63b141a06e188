// SPDX-License-Identifier: LGPL-2.1-or-later
/* Errors: recorded where they are found, printed once by main(). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/errno_name.h"
#include "common/escape.h"
#include "json.h"
#include "tool.h"

static void record(struct tool *t, int err, enum exit_status status,
		   const char *fmt, va_list ap)
{
	struct problem *p = &t->problem;

	problem_free(t);
	p->err = err;
	p->status = status;
	p->remedy[0] = 0;
	vsnprintf(p->what, sizeof(p->what), fmt, ap);
}

int fail(struct tool *t, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(t, abs(err), EXIT_FAILED, fmt, ap);
	va_end(ap);
	return err ? -abs(err) : -EINVAL;
}

int refuse(struct tool *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(t, 0, EXIT_FAILED, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int misuse(struct tool *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(t, 0, EXIT_USAGE, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int unsupported(struct tool *t, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(t, abs(err), EXIT_UNSUPPORTED, fmt, ap);
	va_end(ap);
	return -EOPNOTSUPP;
}

void advise(struct tool *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->problem.remedy, sizeof(t->problem.remedy), fmt, ap);
	va_end(ap);
}

void problem_log(struct tool *t, char *log)
{
	free(t->problem.log);
	t->problem.log = log;
}

void problem_free(struct tool *t)
{
	problem_log(t, NULL);
}

/* The library's descriptions have the error's text in them already. */
static bool ends_with(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);

	return a >= b && !strcmp(text + a - b, end);
}

static void print_error(const struct problem *p)
{
	const char *text = strerror(p->err);

	if (!ends_with(p->what, text))
		fprintf(stderr, ": %s", text);
	fprintf(stderr, " (%s)", errno_name(p->err));
}

static void print_text(const struct tool *t)
{
	const struct problem *p = &t->problem;
	char what[4 * sizeof(p->what)];

	/* names in it can have anything in them */
	escape_text(p->what, what, sizeof(what));
	fprintf(stderr, "%s: %s", TOOL_NAME, what);
	if (p->err)
		print_error(p);
	fputc('\n', stderr);
	if (p->log)
		fprintf(stderr, "%s%s", p->log,
			*p->log && p->log[strlen(p->log) - 1] != '\n' ? "\n" : "");
	if (p->remedy[0])
		fprintf(stderr, "%s: try: %s\n", TOOL_NAME, p->remedy);
	if (p->status == EXIT_USAGE)
		fprintf(stderr, "%s: see '%s%s%s --help'\n", TOOL_NAME,
			TOOL_NAME, t->command ? " " : "",
			t->command ? t->command->name : "");
}

int output_failed(struct tool *t, int err)
{
	return fail(t, err ? err : EIO, "cannot write the output");
}

int output_finish(struct tool *t)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	return output_failed(t, errno);
}

static bool is_command(const struct tool *t, int (*run)(struct tool *t))
{
	return t->command && t->command->run == run;
}

/* Commands whose standard output is that of the programs that they start. */
static bool has_programs(const struct tool *t)
{
	return is_command(t, do_run) || is_command(t, do_supervise) ||
	       (is_command(t, do_jobs) && !t->set.dry_run);
}

static void print_json(const struct tool *t)
{
	const struct problem *p = &t->problem;
	const char *remedy = p->remedy[0] ? p->remedy : NULL;
	char usage[64];
	struct json j;

	if (json_start(&j))
		return;
	/* these write a line per object */
	j.compact = has_programs(t) || is_command(t, do_trace);
	/* what people are told in a line of its own */
	snprintf(usage, sizeof(usage), "%s%s%s --help", TOOL_NAME,
		 t->command ? " " : "", t->command ? t->command->name : "");
	if (!remedy && p->status == EXIT_USAGE)
		remedy = usage;
	json_object(&j, "error");
	json_text(&j, "message", p->what);
	json_text(&j, "errno", p->err ? errno_name(p->err) : NULL);
	json_text(&j, "text", p->err ? strerror(p->err) : NULL);
	json_text(&j, "remedy", remedy);
	json_text(&j, "log", p->log);
	json_u32(&j, "status", p->status);
	json_end(&j);
	/* what programs write to standard output must stay their own */
	json_finish(&j, has_programs(t) ? stderr : stdout);
}

/* Where the object cannot be written, there are words at least. */
void problem_print(struct tool *t)
{
	fflush(stdout);
	if (t->set.json && !ferror(stdout))
		print_json(t);
	if (!t->set.json || fflush(stdout) || ferror(stdout))
		print_text(t);
}

void say(const struct tool *t, const char *fmt, ...)
{
	va_list ap;

	if (t->set.json || t->set.quiet)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

int start_json(struct tool *t, struct json *j)
{
	int ret;

	if (!t->set.json)
		return 0;
	ret = json_start(j);
	return ret ? fail(t, ret, "cannot print") : 1;
}
