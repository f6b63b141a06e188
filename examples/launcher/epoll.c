// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * epoll: a launcher with an event loop. It reads command lines from standard input,
 * launches each of them, and prints how each ended, while it continues to read.
 *
 *	printf 'sleep 2\nfalse\n' | epoll
 *
 * The ring's descriptor is readable when there are outcomes. The end of a program is an
 * outcome too (spawnpol_chain_exit_status()), so the loop needs neither SIGCHLD nor a
 * descriptor for each child.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "example.h"

#define MAX_WORDS	64
#define MAX_OUTCOMES	16

struct loop {
	struct spawnpol_ring *ring;
	int epoll;
	unsigned int in_flight;		/* chains that are launched or whose program runs */
	bool ended;			/* the input has ended */
	char line[4096];
	size_t length;
	int failures;
};

/* False for a file, which epoll does not accept because it is always readable. */
static bool watch(struct loop *l, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (!epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event))
		return true;
	if (errno != EPERM)
		err(1, "epoll_ctl");
	return false;
}

/* Words are separated by blanks; there is no quoting. */
static int split(char *line, char *words[MAX_WORDS + 1])
{
	char *rest = line;
	int nr = 0;

	while (nr < MAX_WORDS && (words[nr] = strsep(&rest, " \t")))
		nr += *words[nr] != 0;
	words[nr] = NULL;
	return nr;
}

static void launch(struct loop *l, char *line)
{
	static const char *const none[] = { "/dev/null", NULL, NULL };
	struct spawnpol_chain *chain;
	char *words[MAX_WORDS + 1];

	if (!split(line, words))
		return;
	must(spawnpol_chain_new(&chain), "a chain");
	spawnpol_chain_stdio(chain, NULL, none, 0);
	spawnpol_chain_search(chain, words[0], getenv("PATH"));
	spawnpol_chain_argv(chain, words);
	spawnpol_chain_exit_status(chain, true);
	/* the chain has copied the strings: the line can be used again */
	must(spawnpol_submit(l->ring, &chain, 1), words[0]);
	l->in_flight++;
}

static void read_input(struct loop *l)
{
	ssize_t n = read(0, l->line + l->length, sizeof(l->line) - l->length);
	char *start = l->line, *end;

	if (n < 0)
		err(1, "reading");
	if (!n) {
		l->ended = true;
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, 0, NULL);
		/* the last line need not end with a newline; there is room for the NUL */
		l->line[l->length] = 0;
		launch(l, l->line);
		return;
	}
	l->length += n;
	while ((end = memchr(start, '\n', l->line + l->length - start))) {
		*end = 0;
		launch(l, start);
		start = end + 1;
	}
	l->length -= start - l->line;
	memmove(l->line, start, l->length);
	if (l->length == sizeof(l->line))
		errx(1, "a line is too long");
}

/* The last outcome of a chain: its program has ended, or was not launched. */
static void finish(struct loop *l, const struct spawnpol_outcome *out)
{
	l->failures += out->error || out->status;
	l->in_flight--;
	spawnpol_chain_free(out->chain);
}

static void read_outcomes(struct loop *l)
{
	struct spawnpol_outcome outs[MAX_OUTCOMES];
	char text[256];
	int nr;

	/* until there are no outcomes and nothing to submit: see spawnpol_submit(3) */
	do {
		nr = spawnpol_collect(l->ring, outs, MAX_OUTCOMES, 0, 0);
		must(nr, "collecting");
		for (int i = 0; i < nr; i++) {
			spawnpol_outcome_text(&outs[i], text, sizeof(text));
			printf("%d: %s\n", outs[i].pid, text);
			if (outs[i].error || outs[i].kind == SPAWNPOL_KIND_EXIT)
				finish(l, &outs[i]);
		}
	} while (nr);
}

int main(void)
{
	struct loop l = { 0 };
	struct epoll_event event;

	setvbuf(stdout, NULL, _IOLBF, 0);
	must(spawnpol_ring_open(&l.ring, 256, 0), "a ring");
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l.epoll < 0)
		err(1, "epoll_create1");
	watch(&l, spawnpol_ring_fd(l.ring));
	if (!watch(&l, 0))
		while (!l.ended)
			read_input(&l);
	while (!l.ended || l.in_flight) {
		if (epoll_wait(l.epoll, &event, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			err(1, "epoll_wait");
		}
		if (event.data.fd)
			read_outcomes(&l);
		else
			read_input(&l);
	}
	close(l.epoll);
	spawnpol_ring_close(l.ring);
	return l.failures != 0;
}
