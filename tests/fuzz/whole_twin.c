// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a SPAWN has done, and what the same has done as links: both have been run, one
 * after the other, in the same world.
 */
#include "judge.h"
#include "../lib/link_sqe.h"
#include "whole_model.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What the links have come to, as SPAWN's CQE would say it. */
struct outcome {
	bool program, no_child;
	bool finished; /* it has no program, and has run its last step */
	unsigned int candidate; /* the last that was tried, from 1 on */
	unsigned int step;
	int error;
	/* it may have been that as well */
	unsigned int other_step;
	int other_error;
};

struct pair {
	const struct fuzz_case *c, *twin;
	const struct seen *seen, *links;
	struct whole w;
	int res[MAX_SQES];
	struct trial t; /* for what is said */
};

static const struct seen_cqe *cqe_of(const struct seen *seen, uint64_t nr)
{
	unsigned int i;

	for (i = 0; i < seen->nr_cqes; i++)
		if (seen->cqes[i].user_data == nr &&
		    !(seen->cqes[i].flags & SPAWNPOL_CQE_F_STAGED))
			return &seen->cqes[i];
	return NULL;
}

static bool read_links(struct pair *p)
{
	const struct seen_cqe *cqe;
	unsigned int i;

	for (i = 0; i < p->twin->nr_sqes; i++) {
		cqe = cqe_of(p->links, i);
		if (!cqe)
			return false;
		p->res[i] = cqe->res;
	}
	return true;
}

/* --- what the links say ----------------------------------------------------------- */

static void ended_at_step(const struct pair *p, unsigned int last,
			  struct outcome *o)
{
	bool goes_on = !last || p->res[last] >= 0 ||
		       p->twin->sqes[last].flags & IOSQE_IO_HARDLINK;

	/* the one after it was the end, of itself */
	o->step = last;
	o->error = -ECANCELED;
	o->other_step = o->step;
	o->other_error = o->error;
	if (goes_on && !p->c->nr_links)
		return;
	o->other_step = last - !!last;
	o->other_error = last ? p->res[last] : -ECANCELED;
	if (!p->c->nr_links) {
		o->step = o->other_step;
		o->error = o->other_error;
	}
}

static void ended_at_program(const struct pair *p, unsigned int last,
			     struct outcome *o)
{
	unsigned int first = p->w.nr_steps + 1, i;

	o->candidate = last - p->w.nr_steps;
	o->step = o->other_step = p->w.nr_steps;
	o->error = o->other_error = p->res[last];
	if (last + 1 < p->twin->nr_sqes || !searches_on(o->error))
		return;
	for (i = first; i <= last && p->w.searches; i++)
		if (p->res[i] == -EACCES)
			o->error = -EACCES;
}

/* A policy can have it that a failed step is not the end. */
static bool may_have_finished(const struct pair *p, unsigned int last)
{
	return p->w.no_program && last + 1 == p->twin->nr_sqes &&
	       (p->res[last] >= 0 || p->c->nr_links);
}

static struct outcome outcome_of_links(const struct pair *p)
{
	struct outcome o = { .error = p->res[0], .other_error = p->res[0] };
	unsigned int last, i;

	o.no_child = p->res[0] < 0;
	if (o.no_child)
		return o;
	for (last = p->twin->nr_sqes - 1; last; last--)
		if (p->res[last] != -ECANCELED)
			break;
	o.finished = may_have_finished(p, last);
	if (last <= p->w.nr_steps)
		ended_at_step(p, last, &o);
	else
		ended_at_program(p, last, &o);
	for (i = p->w.nr_steps + 1; i < p->twin->nr_sqes; i++)
		o.program |= !p->res[i];
	return o;
}

/* --- the comparison ---------------------------------------------------------------- */

/* A step of links that is no command has another error: it is one of the ring's. */
static bool same_refusal(const struct pair *p, int res)
{
	unsigned int i;

	if (p->res[0] == res)
		return true;
	for (i = 1; i < p->twin->nr_sqes; i++) {
		if (p->res[i] == res)
			return true;
		if (res == -EOPNOTSUPP && p->res[i] == -EINVAL &&
		    p->twin->sqes[i].len >= IORING_CHILD_LAST)
			return true;
	}
	return false;
}

/* What the shell makes of a file without a format, the links do not know. */
static bool same_with_shell(const struct pair *p, const struct seen_cqe *cqe,
			    const struct outcome *o)
{
	if (!p->w.shell || o->program || o->no_child || o->error != -ENOEXEC ||
	    o->step != p->w.nr_steps)
		return false;
	if (cqe->res > 0)
		return step_of(cqe) >= o->candidate;
	return step_of(cqe) == p->w.nr_steps &&
	       (p->w.nr_steps || strcmp(p->w.shell, "good"));
}

/* The number of the child, or 0: it has ended. New ones have other numbers. */
static bool same_end(const struct pair *p, const struct seen_cqe *cqe)
{
	if (!(p->w.arg.flags & IORING_SPAWN_KEEP))
		return !cqe->res;
	return cqe->res > 0 &&
	       (!(p->w.arg.flags & IORING_SPAWN_CHILD) ||
		kept_place(p->seen, cqe->res) == kept_place(p->links, p->res[0]));
}

static bool is_same(const struct pair *p, const struct seen_cqe *cqe,
		    const struct outcome *o)
{
	unsigned int step = step_of(cqe);

	if (o->no_child)
		return step == WHOLE_NO_CHILD && same_refusal(p, cqe->res);
	if (o->finished && cqe->res >= 0)
		return same_end(p, cqe);
	if (o->finished && !p->c->nr_links)
		return false;
	if (o->program)
		return cqe->res > 0 && (p->c->nr_links || step == o->candidate);
	if (cqe->res >= 0)
		return same_with_shell(p, cqe, o);
	return (step == o->step && cqe->res == o->error) ||
	       (step == o->other_step && cqe->res == o->other_error) ||
	       same_with_shell(p, cqe, o);
}

static void show_links(const struct pair *p)
{
	unsigned int i;

	fprintf(p->t.to, "as links:");
	for (i = 0; i < p->twin->nr_sqes; i++)
		fprintf(p->t.to, " %d", p->res[i]);
	fprintf(p->t.to, "\n");
}

static void compare_outcomes(struct pair *p)
{
	const struct seen_cqe *cqe = cqe_of(p->seen, 0);
	struct outcome o = outcome_of_links(p);

	if (!cqe || is_same(p, cqe, &o))
		return;
	if (o.program)
		violation(
			&p->t,
			"O3: SPAWN is %d, step %u; links executed candidate %u",
			cqe->res, step_of(cqe), o.candidate);
	else if (o.no_child)
		violation(&p->t,
			  "O3: SPAWN is %d, step %u; with links, CLONE is %d",
			  cqe->res, step_of(cqe), o.error);
	else
		violation(
			&p->t,
			"O3: SPAWN is %d, step %u; links failed with %d at %u",
			cqe->res, step_of(cqe), o.error, o.step);
	show_links(p);
}

/* --- programs, kept children, and runs of policies ------------------------------------ */

static void compare_programs(struct pair *p)
{
	const struct seen *a = p->seen, *b = p->links;

	if (a->killed || b->killed || p->w.shell)
		return;
	if (a->nr_reaped != b->nr_reaped)
		violation(&p->t, "O3: SPAWN has left %u programs, links %u",
			  a->nr_reaped, b->nr_reaped);
	else if (a->nr_reaped && a->reaped[0].status != b->reaped[0].status)
		violation(
			&p->t,
			"O3: SPAWN's program ended with %#x, that of links with %#x",
			a->reaped[0].status, b->reaped[0].status);
}

/* Each that there was when it began, and new ones. */
static void compare_kept(struct pair *p)
{
	const struct seen *a = p->seen, *b = p->links;
	unsigned int i;

	if (p->w.arg.keep_ns)
		return;
	for (i = 0; i < MAX_KEPT; i++)
		if (kept_is_shown(a, a->made[i]) != kept_is_shown(b, b->made[i]))
			violation(&p->t, "C1: child %u is there after %s only", i + 1,
				  kept_is_shown(a, a->made[i]) ? "SPAWN" : "links");
	if (a->nr_shown != b->nr_shown)
		violation(&p->t, "C1: SPAWN has left %u kept children, links %u",
			  a->nr_shown, b->nr_shown);
}

/* A session has the number of its child. */
static bool same_result(const struct bpf_iouring_ctx *a,
			const struct bpf_iouring_ctx *b)
{
	if (a->res > 0 && a->opcode == SPAWNPOL_OP_CHILD &&
	    a->cmd == IORING_CHILD_SETSID)
		return b->res > 0;
	return a->res == b->res;
}

static bool same_run(const struct engine_run *a, const struct engine_run *b)
{
	const struct bpf_iouring_ctx *x = &a->ctx, *y = &b->ctx;

	return x->event == y->event && same_result(x, y) && x->cmd == y->cmd &&
	       x->step == y->step && x->attempt == y->attempt &&
	       x->flags == y->flags && x->off == y->off &&
	       x->staged_opcode == y->staged_opcode &&
	       x->staged_cmd == y->staged_cmd &&
	       x->path_flags == y->path_flags && x->path_mode == y->path_mode &&
	       x->search_offset == y->search_offset && a->delay == b->delay &&
	       a->result == b->result && a->name_len == b->name_len &&
	       a->path_len == b->path_len && a->head_len == b->head_len &&
	       !memcmp(a->staged, b->staged, sizeof(a->staged)) &&
	       !memcmp(a->name, b->name, sizeof(a->name)) &&
	       !memcmp(a->path, b->path, sizeof(a->path)) &&
	       (x->event == IORING_POLICY_CLONE || x->opcode == y->opcode);
}

static void compare_runs(struct pair *p)
{
	unsigned int i, runs = p->seen->runs;

	if (runs > ENGINE_LOG || p->links->runs > ENGINE_LOG)
		return;
	if (runs != p->links->runs) {
		violation(
			&p->t,
			"O4: a policy ran %u times for SPAWN, %u times for links",
			runs, p->links->runs);
		return;
	}
	for (i = 0; i < runs; i++) {
		if (same_run(&p->seen->engine->log[i],
			     &p->links->engine->log[i]))
			continue;
		violation(
			&p->t,
			"O4: run %u of the policy was told something else for SPAWN than for links",
			i);
		return;
	}
}

unsigned int twin_compare(const struct fuzz_case *c, const struct seen *seen,
			  const struct fuzz_case *twin,
			  const struct seen *links, FILE *to)
{
	static struct pair p;

	p = (struct pair){
		.c = c, .twin = twin, .seen = seen, .links = links, .t.to = to
	};
	if (seen->late || links->late)
		return 0;
	whole_read(c, 0, &p.w);
	if (!read_links(&p))
		return 0;
	compare_outcomes(&p);
	compare_programs(&p);
	if (p.w.arg.flags & CLONE_KEPT_FLAGS)
		compare_kept(&p);
	if (c->nr_links)
		compare_runs(&p);
	return p.t.violations;
}
