// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Messages on stderr, each line by one write(2), without stdio and without allocation.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "posix.h"

/* Looked at once: -1 before that. */
static atomic_int debug = -1;

static bool is_debug(void)
{
	const char *value;

	if (debug < 0) {
		value = secure_getenv("SPAWNPOL_DEBUG");
		debug = value && *value && strcmp(value, "0");
	}
	return debug;
}

bool leave(struct request *rq, const char *why, int error)
{
	rq->why = why;
	rq->error = error;
	return false;
}

struct line {
	char text[512];
	size_t len;
};

#define SUBJECT_MOST	200

/* What does not fit is cut; the newline always does. */
static void add(struct line *line, const char *text)
{
	size_t room = sizeof(line->text) - 1 - line->len;
	size_t len = strnlen(text, room < SUBJECT_MOST ? room : SUBJECT_MOST);

	memcpy(line->text + line->len, text, len);
	line->len += len;
}

void say(const char *subject, const char *what, int error)
{
	struct line line = { .len = 0 };
	const char *name = strerrorname_np(error < 0 ? -error : error);

	add(&line, "libspawnpol-posix: ");
	if (subject) {
		add(&line, subject);
		add(&line, ": ");
	}
	add(&line, what);
	if (error) {
		add(&line, " (");
		add(&line, name ? name : "?");
		add(&line, ")");
	}
	line.text[line.len++] = '\n';
	/* nobody is there to be told if that fails */
	if (write(STDERR_FILENO, line.text, line.len) < 0)
		return;
}

/* A name that the kernel could not read is not read here either. */
void say_left(const struct request *rq)
{
	bool readable = rq->error != -EFAULT;

	if (is_debug())
		say(readable ? rq->file : NULL, rq->why, rq->error);
}
