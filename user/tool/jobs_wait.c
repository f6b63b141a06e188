// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The command jobs, from the start of its actor to the end of the last command. The
 * actor posts a CQE at the end of each command; in between, the tool sleeps. To end the
 * jobs, the tool cancels the actor. The running commands then go on: the tool ends them
 * and waits for them.
 */
#include <errno.h>
#include <signal.h>
#include <spawn_actors.h>
#include <spawnpol.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jobs.h"
#include "tool.h"

static void show(struct jobs *j, unsigned int nr)
{
	int ret;

	jobs_progress_clear(j);
	ret = jobs_output_show(&j->output, nr);
	if (ret && !j->lost)
		j->lost = -ret;
	jobs_report_end(j, nr);
}

/* In the order of the list, if that is wanted, and as far as they have ended. */
static void show_ended(struct jobs *j, unsigned int nr)
{
	if (!j->t->set.keep_order) {
		show(j, nr);
		return;
	}
	for (; j->next_shown < j->list.nr && j->ends[j->next_shown].done; j->next_shown++)
		show(j, j->next_shown);
}

/* What those before them kept back. */
static void show_rest(struct jobs *j)
{
	for (; j->t->set.keep_order && j->next_shown < j->list.nr; j->next_shown++)
		if (j->ends[j->next_shown].done)
			show(j, j->next_shown);
}

/* They are started in their order; of those in flight some may have failed to be. */
static void count_begun(struct jobs *j)
{
	for (unsigned int i = j->nr_begun;
	     i < j->list.nr && i < j->nr_begun + j->t->set.jobs; i++)
		if (job_was_begun(&j->launch, i) || j->ends[i].done)
			j->nr_begun = i + 1;
}

static int stop(struct jobs *j, int sig)
{
	if (j->stopping)
		return 0;
	j->stopping = true;
	j->signal = sig;
	return actor_ring_cancel(j->t, &j->ring);
}

static int end(struct jobs *j, unsigned int nr, struct job_end how)
{
	how.done = true;
	j->ends[nr] = how;
	j->nr_done++;
	if (how.error || how.status)
		j->nr_failed++;
	count_begun(j);
	show_ended(j, nr);
	jobs_progress(j);
	if (j->lost || (j->now && j->nr_failed))
		return stop(j, SIGTERM);
	return 0;
}

static int posted(struct jobs *j, const struct actor_news *news)
{
	const unsigned int nr = news->user_data;
	const unsigned int step = news->flags >> IORING_SPAWN_STEP_SHIFT;

	if (news->user_data >= j->list.nr || j->ends[nr].done)
		return 0;
	if (news->res >= 0)
		return end(j, nr, (struct job_end){ .started = true, .status = news->res });
	/* the wait for it was given up, and it goes on: it is ours */
	if (!step && job_pid(&j->launch, nr))
		return 0;
	/* it was never begun, and will not be */
	if (news->res == -ECANCELED && j->stopping && !job_was_begun(&j->launch, nr))
		return 0;
	return end(j, nr, (struct job_end){ .error = news->res, .step = step });
}

/* Each has a process group of its own, which a terminal does not know of. */
static void send_signal(struct jobs *j, int sig)
{
	for (unsigned int i = 0; i < j->nr_begun; i++)
		if (!j->ends[i].done && job_pid(&j->launch, i))
			kill(-job_pid(&j->launch, i), sig);
}

/* As if they were in our process group. */
static void suspend(struct jobs *j)
{
	count_begun(j);
	send_signal(j, SIGTSTP);
	kill(getpid(), SIGSTOP);
	send_signal(j, SIGCONT);
}

static int take_signal(struct jobs *j, int sig)
{
	if (sig == SIGTSTP) {
		suspend(j);
		return 0;
	}
	if (!j->caught)
		j->caught = sig;
	if (!j->stopping)
		return stop(j, sig);
	/* another one, for those that have not ended by the first */
	send_signal(j, sig);
	return 0;
}

/* Those that run; returns their number. */
static unsigned int reap(struct jobs *j)
{
	unsigned int left = 0;
	int status;
	pid_t pid;

	for (unsigned int i = 0; i < j->nr_begun; i++) {
		if (j->ends[i].done || !job_pid(&j->launch, i))
			continue;
		pid = waitpid(job_pid(&j->launch, i), &status, WNOHANG);
		if (!pid)
			left++;
		else if (pid > 0)
			end(j, i, (struct job_end){ .started = true, .status = status });
		else
			end(j, i, (struct job_end){ .started = true, .error = -errno });
	}
	return left;
}

/* The actor is gone, and some commands are not. */
static int wait_for_rest(struct jobs *j)
{
	sigset_t set = j->signals.taken;
	siginfo_t info;
	int ret = 0;

	count_begun(j);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (j->stopping)
		send_signal(j, j->signal);
	while (!ret && reap(j)) {
		if (sigwaitinfo(&set, &info) > 0 && info.si_signo != SIGCHLD)
			ret = take_signal(j, info.si_signo);
	}
	return ret;
}

static int start(struct jobs *j, unsigned int at_once)
{
	const uint64_t args[4] = {
		(uintptr_t)j->launch.spawns,
		spawn_actor_pair(j->list.nr, sizeof(*j->launch.spawns)),
		spawn_actor_pair(at_once, j->keep_going ? SPAWN_JOBS_KEEP_GOING : 0),
		0,
	};

	return actor_ring_start(j->t, &j->ring, args);
}

static int actor_failed(struct jobs *j, int err)
{
	struct spawnpol_advice a = spawnpol_advise(SPAWNPOL_TOPIC_ACTOR, err);

	fail(j->t, err, "the actor jobs has ended (%s)", a.text);
	if (a.remedy)
		advise(j->t, "%s", a.remedy);
	return err;
}

int jobs_wait(struct jobs *j)
{
	struct actor_news news = { .kind = ACTOR_POSTED };
	int ret;

	ret = start(j, j->t->set.jobs);
	jobs_progress(j);
	while (!ret && news.kind != ACTOR_ENDED) {
		ret = actor_ring_next(j->t, &j->ring, &news);
		if (!ret && news.kind == ACTOR_POSTED)
			ret = posted(j, &news);
		else if (!ret && news.kind == ACTOR_SIGNAL)
			ret = take_signal(j, news.signal);
	}
	if (ret)
		return ret;
	ret = wait_for_rest(j);
	show_rest(j);
	jobs_progress_clear(j);
	if (!ret && news.res < 0 && !j->stopping)
		ret = actor_failed(j, news.res);
	return ret;
}
