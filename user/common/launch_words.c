// SPDX-License-Identifier: LGPL-2.1-or-later
/* The options of a launch from a command line: files are opened and read here. */
#include "launch_words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"

void launch_words_init(struct launch_words *w, int max_fds)
{
	memset(w, 0, sizeof(*w));
	w->max_fds = max_fds;
	for (; w->nr_fds < NR_STREAMS; w->nr_fds++)
		w->fds[w->nr_fds] = w->nr_fds;
}

void launch_words_free(struct launch_words *w)
{
	while (w->nr_fds > NR_STREAMS)
		close(w->fds[--w->nr_fds]);
	free(w->text);
	w->text = NULL;
}

static int put(struct launch_words *w, const void *text, size_t size)
{
	size_t cap = w->cap ? w->cap : 256;
	char *new;

	while (cap - w->size < size)
		cap *= 2;
	if (cap != w->cap) {
		new = realloc(w->text, cap);
		if (!new)
			return -ENOMEM;
		w->text = new;
		w->cap = cap;
	}
	memcpy(w->text + w->size, text, size);
	w->size += size;
	return 0;
}

/* A file, or @N for a descriptor that is open already. */
static int open_file(const char *file, int flags)
{
	uint64_t number;
	int fd, err;

	if (*file == '@') {
		err = parse_unsigned(file + 1, 10, INT32_MAX, &number);
		if (err)
			return err;
		fd = fcntl(number, F_DUPFD_CLOEXEC, NR_STREAMS);
	} else {
		fd = open(file, flags | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

/* Its place is put instead of its name. */
static int put_opened(struct launch_words *w, const char *file, int flags)
{
	char place[16];
	int fd;

	if (w->nr_fds == w->max_fds)
		return -E2BIG;
	fd = open_file(file, flags);
	if (fd < 0)
		return fd;
	w->fds[w->nr_fds] = fd;
	snprintf(place, sizeof(place), "%d", w->nr_fds++);
	return put(w, place, strlen(place) + 1);
}

static int put_contents(struct launch_words *w, const char *file)
{
	int fd = open_file(file, O_RDONLY), err = 0;
	unsigned char bytes[4096];
	size_t nr = 0;
	char digits[3];
	ssize_t len;

	if (fd < 0)
		return fd;
	do {
		len = read(fd, bytes, sizeof(bytes));
		if (len < 0)
			err = -errno;
		nr += len < 0 ? 0 : len;
		/* more cannot be right, and a device has no end */
		if (nr > BPF_MAXINSNS * sizeof(struct sock_filter))
			err = -EFBIG;
		for (ssize_t i = 0; i < len && !err; i++) {
			snprintf(digits, sizeof(digits), "%02x", bytes[i]);
			err = put(w, digits, 2);
		}
	} while (len > 0 && !err);
	close(fd);
	return err ?: put(w, "", 1);
}

/* The last argument, which is the only one that can be a file. */
static int put_last(struct launch_words *w, const struct argument *a,
		    const char *text)
{
	switch (a->type->source) {
	case OPENED:
		return put_opened(w, text, O_RDONLY);
	case OPENED_AS_PATH:
		return put_opened(w, text, O_PATH);
	case CONTENTS:
		return put_contents(w, text);
	default:
		return put(w, text, strlen(text) + 1);
	}
}

/* Where the last of nr arguments begins; NULL if there are fewer. */
static const char *last_argument(const char *arguments, int nr)
{
	while (arguments && --nr > 0) {
		arguments = strchr(arguments, ':');
		if (arguments)
			arguments++;
	}
	return arguments;
}

int launch_words_add(struct launch_words *w, const struct launch_option *o,
		     const char *arguments)
{
	const int nr = launch_arguments(o);
	const char *last;

	if (w->nr == LAUNCH_MAX_OPTIONS)
		return -E2BIG;
	w->nr++;
	if (!arguments)
		return put(w, o->name, strlen(o->name) + 1);
	last = last_argument(arguments, nr);
	/* launch_apply() says best what is missing */
	if (!last || !nr)
		return put(w, o->name, strlen(o->name)) ?: put(w, " ", 1) ?:
		       put(w, arguments, strlen(arguments) + 1);
	return put(w, o->name, strlen(o->name)) ?: put(w, " ", 1) ?:
	       put(w, arguments, last - arguments) ?:
	       put_last(w, &o->arguments[nr - 1], last);
}

void launch_words_list(const struct launch_words *w,
		       const char *list[LAUNCH_MAX_OPTIONS])
{
	const char *text = w->text;

	for (unsigned int i = 0; i < w->nr; i++) {
		list[i] = text;
		text += strlen(text) + 1;
	}
}
