// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * spawnpol supervise: starts a program, and starts it again when it ends, by the actor
 * supervise. The tool passes signals on; a signal that ends a program also ends the
 * supervision.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn_actors.h>
#include <spawnpol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor_ring.h"
#include "child_signals.h"
#include "kernel.h"
#include "supervise_options.h"
#include "supervise_report.h"
#include "tool.h"

#define CQES		256
#define SHELL		"/bin/sh"
#define DEFAULT_PATH	"/bin:/usr/bin"	/* as execvp(3) has it */

static const int signals[] = {
	SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, 0
};

struct supervision {
	struct tool *t;
	struct spawn_supervise arg;
	struct io_uring_spawn_report report;
	struct io_uring_spawn_step steps[CHILD_SIGNALS_STEPS];
	struct child_signals signals;
	struct actor_ring ring;
	struct supervise_limits limits;
	pid_t pid;		/* of the program that runs; 0: none does */
	unsigned int run;	/* from 0 on */
	bool has_status;
	int status;		/* of the last run, as waitpid(2) has it */
	int stopped_by;		/* the signal that ends it; 0: none */
};

/* A name without a slash is searched in $PATH, as execvp(3) does. */
static void describe(struct supervision *s)
{
	struct io_uring_spawn *spawn = &s->arg.spawn;
	const char *path = getenv("PATH");

	s->report.size = sizeof(s->report);
	*spawn = (struct io_uring_spawn) {
		.nr_steps = child_signals_steps(&s->signals, s->steps),
		.steps = (uintptr_t)s->steps,
		.path = (uintptr_t)s->t->args[0],
		.dfd = AT_FDCWD,
		.argv = (uintptr_t)s->t->args,
		.envp = (uintptr_t)environ,
		.shell = (uintptr_t)SHELL,
		.report = (uintptr_t)&s->report,
	};
	if (!strchr(s->t->args[0], '/'))
		spawn->search = (uintptr_t)(path && *path ? path : DEFAULT_PATH);
}

static int start(struct supervision *s)
{
	const struct supervise_limits *l = &s->limits;
	const uint64_t args[4] = {
		(uintptr_t)&s->arg,
		spawn_supervise_how(l->always ? SPAWN_SUPERVISE_ALWAYS : 0, l->nr_delays,
				    l->restarts),
		l->within_ns,
		0,
	};

	memcpy(s->arg.delays, l->delays, sizeof(s->arg.delays));
	return actor_ring_start(s->t, &s->ring, args);
}

static void posted(struct supervision *s, const struct actor_news *news)
{
	s->run = news->user_data;
	if (news->flags & IORING_CQE_F_MORE) {
		s->pid = news->res;
		supervise_report_start(s->t, s->run, s->pid);
		return;
	}
	s->status = news->res;
	s->has_status = true;
	supervise_report_end(s->t, s->run, s->pid, s->status);
	s->pid = 0;
}

/* Those that end programs, and a terminal that is gone; others are for the program. */
static bool ends_it(int sig, int32_t code)
{
	return sig == SIGINT || sig == SIGTERM || sig == SIGQUIT ||
	       (sig == SIGHUP && child_signals_by_terminal(code));
}

static void pass_on(struct supervision *s, int sig, int32_t code)
{
	/* a terminal has sent it to the program, too, if that is in our process group */
	if (s->pid && (!child_signals_by_terminal(code) || getpgid(s->pid) != getpgrp()))
		kill(s->pid, sig);
}

static int take_signal(struct supervision *s, int sig, int32_t code)
{
	pass_on(s, sig, code);
	if (!ends_it(sig, code) || s->stopped_by)
		return 0;
	s->stopped_by = sig;
	return actor_ring_cancel(s->t, &s->ring);
}

/* The actor has let go of the program. */
static int wait_for_program(struct supervision *s)
{
	sigset_t set = s->signals.taken;
	siginfo_t info;
	pid_t pid;

	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (!(pid = waitpid(s->pid, &s->status, WNOHANG)))
		if (sigwaitinfo(&set, &info) > 0 && info.si_signo != SIGCHLD)
			pass_on(s, info.si_signo, info.si_code);
	if (pid < 0)
		return fail(s->t, errno, "cannot wait for process %d", s->pid);
	s->has_status = true;
	supervise_report_end(s->t, s->run, s->pid, s->status);
	s->pid = 0;
	return 0;
}

static int not_started(struct supervision *s, int err)
{
	const bool program = s->report.end == IORING_END_STEP &&
			     s->report.step == s->arg.spawn.nr_steps;
	struct spawnpol_advice a;

	a = spawnpol_advise(program ? SPAWNPOL_TOPIC_EXEC : SPAWNPOL_TOPIC_ACTOR, err);
	fail(s->t, err, "cannot start %s (%s)", s->t->args[0], a.text);
	if (a.remedy)
		advise(s->t, "%s", a.remedy);
	if (program)
		s->t->problem.status = err == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_STARTED;
	return err;
}

/* res: what the actor has completed with. */
static int finish(struct supervision *s, int res)
{
	int ret = s->pid ? wait_for_program(s) : 0;

	if (ret)
		return ret;
	if (res < 0 && !s->stopped_by)
		return not_started(s, res);
	if (res >= 0 && res & SPAWN_SUPERVISE_GAVE_UP)
		supervise_report_gave_up(s->t, &s->limits);
	if (!s->has_status)
		s->t->status = 128 + s->stopped_by;
	else if (WIFEXITED(s->status))
		s->t->status = WEXITSTATUS(s->status);
	else
		s->t->status = 128 + WTERMSIG(s->status);
	return 0;
}

static int supervise(struct supervision *s)
{
	struct actor_news news = { .kind = ACTOR_POSTED };
	int ret = start(s);

	while (!ret && news.kind != ACTOR_ENDED) {
		ret = actor_ring_next(s->t, &s->ring, &news);
		if (!ret && news.kind == ACTOR_POSTED)
			posted(s, &news);
		else if (!ret && news.kind == ACTOR_SIGNAL)
			ret = take_signal(s, news.signal, news.signal_code);
	}
	return ret ? ret : finish(s, news.res);
}

int do_supervise(struct tool *t)
{
	struct supervision s = { .t = t };
	int ret;

	ret = supervise_options_read(t, &s.limits);
	if (!ret)
		ret = kernel_check_actors(t);
	if (ret)
		return ret;
	ret = child_signals_take(&s.signals, signals);
	if (ret)
		return fail(t, ret, "cannot set up signal handling");
	describe(&s);
	ret = actor_ring_open(t, &s.ring, "supervise", CQES, 0, s.signals.fd);
	if (!ret) {
		ret = supervise(&s);
		actor_ring_close(&s.ring);
	}
	child_signals_drop(&s.signals);
	return ret;
}
