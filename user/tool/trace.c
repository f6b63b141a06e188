// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol trace: shows events until there is a reason to end. */
#include <bpf/bpf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawnpol.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"
#include "tool.h"
#include "trace_filter.h"
#include "trace_print.h"
#include "tracefs.h"

#define BUFFER	(64 * 1024)
/* The last events of a process that has ended come from its children. */
#define PATIENCE_MS	1000

struct follow {
	struct tool *t;
	struct tracefs tr;
	struct trace_filter filter;
	int process;		/* pidfd of the one that is traced, or -1 */
	int lost;		/* why output could not be written */
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
	/* the reader of the output can end before this process */
	signal(SIGPIPE, SIG_IGN);
}

static void show(void *arg, const struct trace_event *e, uint64_t since)
{
	struct follow *f = arg;

	if (f->t->set.json)
		trace_print_json(e, since);
	else
		trace_print_text(e, since);
	if (fflush(stdout))
		f->lost = errno;
}

static bool is_done(const struct follow *f)
{
	return f->lost ||
	       (f->t->set.count && f->filter.ended >= f->t->set.count);
}

static void handle_text(struct follow *f)
{
	char *line = f->text, *end;

	f->text[f->len] = 0;
	while ((end = strchr(line, '\n')) && !is_done(f)) {
		*end = 0;
		trace_filter_line(&f->filter, line);
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

/* Wait for more. Returns whether there can be some, or -errno. */
static int wait_for_more(struct follow *f, const sigset_t *waiting)
{
	struct timespec patience = {
		.tv_sec = PATIENCE_MS / 1000,
		.tv_nsec = PATIENCE_MS % 1000 * 1000000,
	};
	struct pollfd fds[2] = {
		{ .fd = f->tr.pipe, .events = POLLIN },
		{ .fd = f->process, .events = POLLIN },
	};
	int ret;

	ret = ppoll(fds, 2, NULL, waiting);
	if (ret < 0 && errno != EINTR)
		return fail(f->t, errno, "cannot wait for the trace");
	if (ret <= 0 || !fds[1].revents)
		return 1;
	/* the process has ended: its children that are no programs end, too */
	ret = drain(f);
	while (!ret && !interrupted && !is_done(f) &&
	       trace_filter_running(&f->filter)) {
		if (ppoll(fds, 1, &patience, waiting) == 0)
			break;
		ret = drain(f);
	}
	return ret;
}

static int follow(struct follow *f)
{
	sigset_t waiting;
	int ret = 1;

	catch_signals(&waiting);
	/* written by the event */
	setvbuf(stdout, NULL, _IOFBF, BUFFER);
	fprintf(stderr, "%s: tracing\n", TOOL_NAME);
	while (ret > 0 && !interrupted && !is_done(f)) {
		ret = wait_for_more(f, &waiting);
		if (ret > 0 && drain(f))
			ret = -EIO;
	}
	/* a reader that has gone away has what it wanted */
	if (f->lost == EPIPE)
		clearerr(stdout);
	else if (f->lost)
		return output_failed(f->t, f->lost);
	return ret < 0 ? ret : 0;
}

/* The process whose chains are asked for: there has to be one, and it can end. */
static int open_process(struct follow *f)
{
	uint32_t pid = f->t->set.pid;

	f->process = -1;
	if (!pid)
		return 0;
	f->process = syscall(SYS_pidfd_open, pid, 0);
	if (f->process >= 0)
		return 0;
	if (errno == ESRCH)
		return refuse(f->t, "there is no process %u", pid);
	if (errno == EINVAL || errno == ENOENT)
		return refuse(f->t, "%u is a thread of another process", pid);
	return fail(f->t, errno, "cannot trace process %u", pid);
}

/* Chains of a link that does not exist would be waited for without an end. */
static int check_link(struct tool *t)
{
	const uint32_t id = t->set.link;
	struct spawnpol_link_info info;
	int fd, ret;

	if (!id)
		return 0;
	fd = bpf_link_get_fd_by_id(id);
	/* one that may not be looked at can be traced */
	if (fd < 0 && errno != ENOENT)
		return 0;
	if (fd < 0) {
		ret = fail(t, ENOENT, "there is no link %u", id);
		advise(t, "%s list", TOOL_NAME);
		return ret;
	}
	ret = spawnpol_policy_info(fd, &info);
	close(fd);
	if (ret == -EINVAL)
		return refuse(t, "link %u is not that of a policy or an actor", id);
	return 0;
}

static void set_filter(struct follow *f)
{
	const struct settings *s = &f->t->set;

	f->filter.pid = s->pid;
	f->filter.link = s->link;
	f->filter.chain = s->chain;
	f->filter.failed = s->failed;
	f->filter.actors = s->actors;
	f->filter.program = s->executes;
	f->filter.show = show;
	f->filter.arg = f;
}

static int check_options(struct tool *t)
{
	const struct settings *s = &t->set;

	if (s->actors && (s->chain || s->executes))
		return misuse(t, "--actors does not go with --%s, which is about chains",
			      s->chain ? "chain" : "program");
	return 0;
}

int do_trace(struct tool *t)
{
	static struct follow f;
	int ret;

	f.t = t;
	ret = check_options(t);
	if (!ret)
		ret = kernel_check_spawn(t);
	if (ret)
		return ret;
	ret = check_link(t);
	if (!ret)
		ret = open_process(&f);
	if (ret)
		return ret;
	set_filter(&f);
	ret = tracefs_open(t, &f.tr);
	if (ret)
		goto close;
	ret = follow(&f);
	tracefs_close(&f.tr);
	trace_filter_clear(&f.filter);
close:
	if (f.process >= 0)
		close(f.process);
	return ret;
}
