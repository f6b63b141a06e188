// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol trace: follow the events, choose, print. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "tool.h"
#include "trace_event.h"
#include "trace_print.h"
#include "tracefs.h"

#define CHAINS	1024		/* remembered; the oldest give way */
#define BUFFER	(64 * 1024)

/* A chain whose beginning was seen. */
struct chain_seen {
	uint64_t chain, start_ns;
	bool wanted;
};

struct follow {
	struct tool *t;
	struct tracefs tr;
	struct chain_seen chains[CHAINS];
	uint32_t ended;
	char text[BUFFER];
	size_t len;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

/*
 * Signals are blocked but while waiting, so that none gets lost in between.
 * waiting becomes the mask to wait with.
 */
static void catch_signals(sigset_t *waiting)
{
	const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;
	unsigned int i;

	sigemptyset(&blocked);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], &action, NULL);
		sigaddset(&blocked, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigdelset(waiting, signals[i]);
	/* whoever reads our output may go first */
	signal(SIGPIPE, SIG_IGN);
}

static bool is_thread_of(uint32_t task, uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/task/%u", pid, task);
	return task == pid || !access(path, F_OK);
}

static struct chain_seen *find_chain(struct follow *f,
				     const struct trace_event *e)
{
	struct chain_seen *c = &f->chains[e->chain % CHAINS];

	if (e->kind == TRACE_START) {
		c->chain = e->chain;
		c->start_ns = e->time_ns;
		c->wanted = is_thread_of(e->task, f->t->set.pid);
	}
	return c->start_ns && c->chain == e->chain ? c : NULL;
}

static bool is_wanted(const struct follow *f, const struct trace_event *e,
		      const struct chain_seen *c)
{
	const struct settings *s = &f->t->set;

	if (s->link && e->link != s->link)
		return false;
	if (s->pid && (uint32_t)e->pid != s->pid && !(c && c->wanted))
		return false;
	return true;
}

static bool is_done(const struct follow *f)
{
	return ferror(stdout) ||
	       (f->t->set.count && f->ended >= f->t->set.count);
}

static void handle_line(struct follow *f, char *line)
{
	const struct chain_seen *c;
	uint64_t since = TRACE_NO_TIME;
	struct trace_event e;

	if (!trace_event_parse(line, &e))
		return;
	if (e.kind != TRACE_LOST) {
		c = find_chain(f, &e);
		if (!is_wanted(f, &e, c))
			return;
		if (c)
			since = e.time_ns > c->start_ns ?
				e.time_ns - c->start_ns : 0;
		f->ended += e.kind == TRACE_END;
	}
	if (f->t->set.json)
		trace_print_json(&e, since);
	else
		trace_print_text(&e, since);
	fflush(stdout);
}

static void handle_text(struct follow *f)
{
	char *line = f->text, *end;

	f->text[f->len] = 0;
	while ((end = strchr(line, '\n')) && !is_done(f)) {
		*end = 0;
		handle_line(f, line);
		line = end + 1;
	}
	f->len -= line - f->text;
	memmove(f->text, line, f->len);
	/* a line that long is none of ours */
	if (f->len == BUFFER - 1)
		f->len = 0;
}

/* Take what is there: 0 when there is no more. */
static int drain(struct follow *f)
{
	ssize_t n;

	while (!is_done(f)) {
		n = read(f->tr.pipe, f->text + f->len, BUFFER - 1 - f->len);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return fail(f->t, errno, "cannot read the trace");
		if (n <= 0)
			return 0;
		f->len += n;
		handle_text(f);
	}
	return 0;
}

static int follow(struct follow *f)
{
	struct pollfd pollfd = { .fd = f->tr.pipe, .events = POLLIN };
	sigset_t waiting;
	int ret = 0;

	catch_signals(&waiting);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fprintf(stderr, "%s: tracing\n", TOOL_NAME);
	while (!ret && !interrupted && !is_done(f)) {
		if (ppoll(&pollfd, 1, NULL, &waiting) < 0 && errno != EINTR)
			return fail(f->t, errno, "cannot wait for the trace");
		ret = drain(f);
	}
	/* a reader that has gone away has what it wanted */
	clearerr(stdout);
	return ret;
}

int do_trace(struct tool *t)
{
	static struct follow f;
	int ret;

	f.t = t;
	ret = kernel_check_spawn(t);
	if (ret)
		return ret;
	ret = tracefs_open(t, &f.tr);
	if (ret)
		return ret;
	ret = follow(&f);
	tracefs_close(&f.tr);
	return ret;
}
