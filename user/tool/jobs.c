// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * spawnpol jobs: run the commands of a file, a given number at the same time, by the
 * actor jobs.
 */
#include <errno.h>
#include <sched.h>
#include <spawnpol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jobs.h"
#include "kernel.h"
#include "tool.h"

#define MAX_CQES	32768
#define MAX_STATUS	101	/* more than 100 have failed */

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, 0 };

static int read_halt(struct jobs *j)
{
	const struct settings *s = &j->t->set;
	const char *halt = s->halt ? s->halt : s->keep_going ? "never" : "soon";

	if (s->halt && s->keep_going && strcmp(halt, "never"))
		return misuse(j->t, "--keep-going means --halt never and excludes --halt %s", halt);
	j->now = !strcmp(halt, "now");
	j->keep_going = !strcmp(halt, "never");
	if (j->now || j->keep_going || !strcmp(halt, "soon"))
		return 0;
	return misuse(j->t, "--halt: '%s' is none of now, soon and never", halt);
}

static int check_options(struct jobs *j)
{
	struct settings *s = &j->t->set;
	int ret = read_halt(j);

	if (!ret && s->ungroup && s->keep_order)
		return misuse(j->t, "--keep-order does not go with --ungroup, which writes output as it comes");
	j->terminal = isatty(STDERR_FILENO);
	/* what is not grouped would be mixed with it */
	j->progress = s->progress ||
		      (j->terminal && !s->quiet && !s->json && !s->ungroup);
	return ret;
}

/* As many as processors that we may use. */
static unsigned int default_jobs(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

static int choose_jobs(struct jobs *j)
{
	const unsigned int most = kernel_query()->max_in_flight;
	struct settings *s = &j->t->set;

	if (!s->jobs)
		s->jobs = default_jobs() < most ? default_jobs() : most;
	if (s->jobs <= most)
		return 0;
	fail(j->t, E2BIG, "--jobs %u is above %u, the most requests that an actor can have in flight",
	     s->jobs, most);
	advise(j->t, "--jobs %u", most);
	return -E2BIG;
}

/* What is written when the reader has gone is no error that helps anybody. */
static int finish(struct jobs *j)
{
	if (j->lost && j->lost != EPIPE)
		return output_failed(j->t, j->lost);
	if (j->caught)
		j->t->status = 128 + j->caught;
	else if (j->lost)
		j->t->status = 128 + SIGPIPE;
	else
		j->t->status = j->nr_failed < MAX_STATUS ? j->nr_failed : MAX_STATUS;
	return jobs_report_all(j);
}

static int run(struct jobs *j)
{
	const unsigned int cqes = j->list.nr < MAX_CQES ? j->list.nr : MAX_CQES;
	int ret;

	j->ends = calloc(j->list.nr, sizeof(*j->ends));
	if (!j->ends)
		return fail(j->t, ENOMEM, "cannot describe %u commands", j->list.nr);
	ret = jobs_launch_make(j->t, &j->launch, &j->list, &j->signals, j->output.dir);
	if (ret)
		goto free_ends;
	ret = actor_ring_open(j->t, &j->ring, "jobs", cqes, j->t->set.jobs, j->signals.fd);
	if (!ret) {
		ret = jobs_wait(j) ?: finish(j);
		actor_ring_close(&j->ring);
	}
	jobs_launch_free(&j->launch);
free_ends:
	free(j->ends);
	return ret;
}

static int run_list(struct jobs *j)
{
	int ret;

	ret = kernel_check_actors(j->t);
	if (!ret)
		ret = choose_jobs(j);
	if (ret || !j->list.nr)
		return ret;
	ret = child_signals_take(&j->signals, signals);
	if (ret)
		ret = fail(j->t, ret, "cannot set up signal handling");
	j->output.dir = -1;
	if (!ret && !j->t->set.ungroup)
		ret = jobs_output_open(j->t, &j->output);
	if (!ret) {
		ret = run(j);
		jobs_output_close(&j->output);
	}
	child_signals_drop(&j->signals);
	return ret;
}

int do_jobs(struct tool *t)
{
	struct jobs j = { .t = t };
	int ret;

	ret = check_options(&j);
	if (!ret)
		ret = jobs_list_read(t, &j.list, t->args[0]);
	if (!ret)
		ret = t->set.dry_run ? jobs_list_print(t, &j.list) : run_list(&j);
	jobs_list_free(&j.list);
	return ret;
}
