// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A model of docs/abi.md, section 9: what the one CQE of a SPAWN can be. If it has
 * a child, it is judged as the links would be that say the same: those of steps that
 * have gone well are silent.
 */
#include "judge.h"
#include "whole_model.h"

#include <limits.h>
#include <string.h>

struct spawn {
	unsigned int at;
	const struct seen_cqe *cqe;
	bool linked;	 /* a request before or after it can be its end */
	bool concurrent; /* or something else */
	bool late;	 /* or its deadline */
	const struct io_uring_spawn_report *report; /* or NULL */
	struct whole w;
};

static bool is_empty(const struct error_set *set)
{
	unsigned int i;

	for (i = 0; i < sizeof(set->has); i++)
		if (set->has[i])
			return false;
	return true;
}

static bool has(const struct error_set *set, int res)
{
	return res < 0 && -res < (int)sizeof(set->has) && set->has[-res];
}

/* What it imports is wrong. */
static void judge_input(struct trial *t, const struct spawn *s)
{
	int res = s->cqe->res;

	if (has(&s->w.must, res) || has(&s->w.may, res))
		return;
	if (res == -ECANCELED && s->linked)
		return;
	violation(t, "O1: SPAWN %u cannot be right, but its result is %d",
		  s->at, res);
}

/* Was it cancelled with its link? */
static bool fell_with_link(const struct spawn *s)
{
	return s->linked && s->cqe->res == -ECANCELED &&
	       step_of(s->cqe) == WHOLE_NO_CHILD;
}

static void judge_flags(struct trial *t, const struct spawn *s)
{
	unsigned int step = step_of(s->cqe), nr = s->w.nr_candidates;
	int res = s->cqe->res;

	if (s->cqe->flags & 0xffff)
		violation(t, "O2: the flags of SPAWN %u are %#x", s->at,
			  s->cqe->flags);
	if (!res)
		violation(t, "O2: the result of SPAWN %u is 0", s->at);
	if (res > 0 && (!step || (!t->c->nr_links && step > nr)))
		violation(t, "O2: SPAWN %u says candidate %u of %u", s->at,
			  step, nr);
	if (res < 0 && step > s->w.arg.nr_steps && step != WHOLE_NO_CHILD)
		violation(t, "O2: SPAWN %u failed at step %u of %u", s->at,
			  step, s->w.arg.nr_steps);
	if (res == -ETIME && !s->late)
		violation(t, "O1: SPAWN %u is late without a deadline", s->at);
}

/* --- the same as links ------------------------------------------------------------ */

static int link_result(const struct spawn *s)
{
	/* a chain of links has a CQE for the deadline */
	return s->cqe->res == -ETIME ? -ECANCELED : s->cqe->res;
}

static void set_cqe(struct trial *v, unsigned int at, int res)
{
	static struct seen_cqe cqes[MAX_SQES];

	cqes[at] = (struct seen_cqe){ .user_data = at, .res = res };
	v->cqe[at] = &cqes[at];
}

/* The CQEs that links would have, of which all but the last can be silent. */
static void make_cqes(struct trial *v, const struct spawn *s,
		      const struct chain *chain)
{
	unsigned int step = step_of(s->cqe), i;

	memset(v->cqe, 0, sizeof(v->cqe));
	if (s->cqe->res > 0) {
		set_cqe(v, chain->clone, s->cqe->res);
		set_cqe(v, chain->last, 0);
		return;
	}
	if (step == WHOLE_NO_CHILD) {
		set_cqe(v, chain->clone, link_result(s));
		return;
	}
	for (i = chain->step + step; i <= chain->last; i++)
		set_cqe(v, i, -ECANCELED);
	set_cqe(v, chain->step + step, link_result(s));
	if (s->report && s->report->pid)
		set_cqe(v, chain->clone, s->report->pid);
}

static void make_silent(struct fuzz_case *c, const struct chain *chain)
{
	unsigned int i;

	for (i = chain->first; i <= chain->last; i++)
		c->sqes[i].flags |= IOSQE_CQE_SKIP_SUCCESS;
}

/* The step that was the end cannot be one after which the next follows. */
static void judge_end(struct trial *v, const struct spawn *s,
		      const struct chain *chain)
{
	unsigned int step = step_of(s->cqe);

	if (s->cqe->res > 0 || step >= s->w.nr_steps || chain->concurrent ||
	    link_result(s) == -ECANCELED)
		return;
	if (v->breakage == BREAK_HARDLINK || v->breakage == BREAK_VERDICT)
		return;
	if (judge_step(v, chain, chain->step + step) == END_NEXT)
		violation(
			v,
			"O3: SPAWN %u ended at step %u with %d, after which the next follows",
			s->at, step, s->cqe->res);
}

static void judge_links(struct trial *t, struct spawn *s)
{
	static struct fuzz_case c;
	struct trial v = *t;
	struct chain chain = {
		.first = s->at,
		.clone = s->at,
		.step = s->at + 1,
		.last = s->at + 1 + s->w.nr_steps,
		.concurrent = s->concurrent || s->late,
		.misses = s->w.searches ? s->w.nr_candidates : 0,
	};

	c = *t->c;
	if (!whole_as_links(&s->w, &c, s->at))
		return;
	v.c = &c;
	make_cqes(&v, s, &chain);
	make_silent(&c, &chain);
	chain.policy = policy_of(&c, &c.sqes[chain.clone]);
	judge_chain(&v, &chain);
	judge_end(&v, s, &chain);
	if (v.violations > t->violations)
		fprintf(t->to, "(that is SPAWN %u, as links)\n", s->at);
	t->violations = v.violations;
	t->silent_exec = v.silent_exec;
}

/* --- misses, and the report ---------------------------------------------------------- */

/* Which one, by where it is in the list. The last is no miss, but FAILED. */
static bool is_candidate(const struct whole *w, const struct engine_run *run)
{
	unsigned int nr = 0;
	char path[PATH_MAX];

	while (nr + 1 < w->nr_candidates &&
	       whole_offset(w, nr) != run->ctx.search_offset)
		nr++;
	if (nr + 1 >= w->nr_candidates || !whole_candidate(w, nr, path))
		return false;
	/* as far as there was room for it */
	return run->path_len < 0 || run->path_len >= ENGINE_TEXT ||
	       !strcmp(path, run->path);
}

static void judge_misses(struct trial *t, const struct spawn *s)
{
	const struct engine_run *run = t->seen->engine->log;
	unsigned int i, last = 0;

	for (i = 0; i < t->seen->runs && t->seen->runs <= ENGINE_LOG;
	     i++, run++) {
		if (run->ctx.cookie != s->at ||
		    run->ctx.event != IORING_POLICY_MISS)
			continue;
		if (!s->w.searches || run->ctx.step != s->w.nr_steps ||
		    !searches_on(run->ctx.res))
			violation(t,
				  "O4: a miss of SPAWN %u at step %u with %d",
				  s->at, run->ctx.step, run->ctx.res);
		else if (!is_candidate(&s->w, run))
			violation(t, "O4: \"%s\" is no miss of SPAWN %u",
				  run->path, s->at);
		if (run->ctx.attempt <= last)
			violation(t, "O4: SPAWN %u misses attempt %u after %u",
				  s->at, run->ctx.attempt, last);
		last = run->ctx.attempt;
	}
}

/* One that was refused for a step or its program says so. */
static void judge_refusal(struct trial *t, const struct spawn *s)
{
	const struct io_uring_spawn_report *report = s->report;

	if (!report || !report->end)
		return;
	if (report->end != IORING_END_STEP || report->error != s->cqe->res ||
	    report->step > s->w.arg.nr_steps || report->pid || report->attempt)
		violation(
			t,
			"O2: SPAWN %u was refused with %d; its report says %d, step %u, pid %d",
			s->at, s->cqe->res, report->error, report->step,
			report->pid);
}

/* Past its point of no return an EXEC, a staged one as well, leaves none. */
static bool must_report(const struct trial *t, const struct spawn *s)
{
	return s->cqe->res < 0 && step_of(s->cqe) < s->w.nr_steps &&
	       !t->c->nr_links && !s->concurrent && !s->late;
}

static void judge_report(struct trial *t, const struct spawn *s)
{
	const struct io_uring_spawn_report *report = s->report;
	unsigned int step = step_of(s->cqe);
	int res = s->cqe->res;

	if (!report)
		return;
	if ((res > 0 && report->pid != res) ||
	    !report->pid != (res < 0 && step == WHOLE_NO_CHILD))
		violation(t,
			  "O2: SPAWN %u is %d, step %u; its report has pid %d",
			  s->at, res, step, report->pid);
	if (!report->end) {
		if (must_report(t, s))
			violation(
				t,
				"O2: SPAWN %u has failed at step %u, and has no report",
				s->at, step);
		return;
	}
	if (res > 0 || step == WHOLE_NO_CHILD)
		violation(t, "O2: SPAWN %u is %d, step %u, and has a report",
			  s->at, res, step);
	else if (report->step != step || report->error != res)
		violation(
			t,
			"O2: SPAWN %u is %d, step %u; its report says %d, step %u",
			s->at, res, step, report->error, report->step);
}

static void judge_spawn(struct trial *t, struct spawn *s)
{
	bool no_child = s->cqe->res < 0 && step_of(s->cqe) == WHOLE_NO_CHILD;

	if (fell_with_link(s))
		return;
	if (!is_empty(&s->w.must)) {
		judge_input(t, s);
		if (s->cqe->res < 0 && !no_child)
			violation(
				t,
				"O2: SPAWN %u was refused with %d, at step %u",
				s->at, s->cqe->res, step_of(s->cqe));
		judge_refusal(t, s);
		return;
	}
	if (no_child && has(&s->w.may, s->cqe->res)) {
		judge_refusal(t, s);
		return;
	}
	if (no_child && s->cqe->res == -ECANCELED && !s->concurrent &&
	    !s->linked)
		violation(t, "O1: SPAWN %u was cancelled by nobody", s->at);
	if (whole_is_kept(t->c, s->at)) {
		judge_kept(t, s->at, &s->w, s->concurrent);
		return;
	}
	judge_flags(t, s);
	judge_report(t, s);
	judge_misses(t, s);
	judge_links(t, s);
}

/* Nobody waits for a deadline as long as that. */
#define SECOND 1000000000ULL

void judge_whole(struct trial *t, unsigned int at, const struct chain *chain)
{
	static struct spawn s;
	unsigned int i;

	s = (struct spawn){ .at = at,
			    .cqe = t->cqe[at],
			    .linked = chain->first < chain->last,
			    .concurrent = chain->concurrent };
	if (!s.cqe) {
		t->silent_exec = true;
		return;
	}
	for (i = chain->first; i <= chain->last; i++)
		s.concurrent |= t->c->sqes[i].opcode == IORING_OP_LINK_TIMEOUT;
	whole_read(t->c, at, &s.w);
	if (whole_has_report(&s.w))
		s.report = (void *)s.w.arg.report;
	s.late = s.w.arg.timeout_ns && s.w.arg.timeout_ns < 100 * SECOND;
	judge_spawn(t, &s);
}
