// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The part of the harness that runs inside a test: checks and helpers.
 * tap_main.c has the part that runs the tests.
 */
#include "tap.h"
#include "tap_private.h"

#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One write() per message: processes and threads of a test share stdout. */
TAP_PRINTF_(1) static void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vdprintf(STDOUT_FILENO, fmt, args);
	va_end(args);
}

/*
 * exit handlers and stdio buffers belong to the test's first process, not to
 * whichever process or thread a check failed in: leave without them.
 */
void tap_stop(void)
{
	fflush(stdout);
	_exit(1);
}

static void note_failure(bool fatal)
{
	__atomic_add_fetch(&tap_shared->failures, 1, __ATOMIC_RELAXED);
	if (fatal)
		tap_stop();
}

const char *tap_errname(long err)
{
	const char *name = NULL;

	if (err < 0)
		err = -err;
	if (err > 0 && err < 4096)
		name = strerrorname_np((int)err);
	return name ? name : "?";
}

/* "-2 (ENOENT)", "7" */
static const char *number(char *buf, size_t size, long long value)
{
	if (value < 0 && value > -4096 && tap_errname(value)[0] != '?')
		snprintf(buf, size, "%lld (%s)", value, tap_errname(value));
	else
		snprintf(buf, size, "%lld", value);
	return buf;
}

void tap_cond(const char *file, int line, bool fatal, bool ok, const char *cond)
{
	if (ok)
		return;
	say("%s:%d: not true: %s\n", file, line, cond);
	note_failure(fatal);
}

void tap_cmp(const char *file, int line, bool fatal, bool ok, const char *a,
	     const char *op, const char *b, long long va, long long vb)
{
	char left[48], right[48];

	if (ok)
		return;
	say("%s:%d: not true: %s %s %s\n    left  %s\n    right %s\n", file,
	    line, a, op, b, number(left, sizeof(left), va),
	    number(right, sizeof(right), vb));
	note_failure(fatal);
}

void tap_str(const char *file, int line, bool fatal, const char *expr,
	     const char *a, const char *b)
{
	if (a && b && strcmp(a, b) == 0)
		return;
	say("%s:%d: %s is\n    \"%s\"\n  instead of\n    \"%s\"\n", file, line,
	    expr, a ? a : "(null)", b ? b : "(null)");
	note_failure(fatal);
}

void tap_has(const char *file, int line, bool fatal, const char *expr,
	     const char *a, const char *b)
{
	if (a && strstr(a, b))
		return;
	say("%s:%d: %s has no \"%s\"; it is\n    \"%s\"\n", file, line, expr, b,
	    a ? a : "(null)");
	note_failure(fatal);
}

void tap_ok(const char *file, int line, const char *call, long ret)
{
	char value[48];

	if (ret >= 0)
		return;
	say("%s:%d: %s failed: %s, %s\n", file, line, call,
	    number(value, sizeof(value), ret), strerror((int)-ret));
	note_failure(true);
}

void tap_fail(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say("%s:%d: %s\n", file, line, text);
	note_failure(false);
}

void tap_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(tap_shared->skip, sizeof(tap_shared->skip), fmt, args);
	va_end(args);
	_exit(TAP_EXIT_SKIP);
}

void tap_diag(const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say("%s\n", text);
}

bool tap_in_vm(void)
{
	return getenv("SPAWNPOL_VM") != NULL;
}

int tap_slowness(void)
{
	const char *value = getenv("SPAWNPOL_SLOWNESS");
	int slowness = value ? atoi(value) : 1;

	return slowness > 0 ? slowness : 1;
}

int tap_patience(void)
{
	return tap_slowness() > 1 ? 250 : 100;
}

const char *tap_dir(void)
{
	mkdir(tap_shared->dir, 0755);
	return tap_shared->dir;
}

/* Test programs are in build/tests. */
const char *tap_build(void)
{
	static char path[PATH_MAX];
	ssize_t len;

	len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (len < 0)
		return "build";
	path[len] = '\0';
	return dirname(dirname(path));
}
