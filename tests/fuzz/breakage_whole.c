// SPDX-License-Identifier: LGPL-2.1-or-later
/* The same for what is said of a SPAWN, and for its twin. */
#include "whole_model.h"

#include <errno.h>
#include <string.h>

static struct seen_cqe *whole_cqe(const struct fuzz_case *c, struct seen *seen,
				  unsigned int i)
{
	struct seen_cqe *cqe = &seen->cqes[i];

	if (cqe->user_data >= c->nr_sqes || !is_whole(c, cqe->user_data) ||
	    whole_is_kept(c, cqe->user_data))
		return NULL;
	return cqe;
}

static void spoil_error(struct seen_cqe *cqe)
{
	if (cqe->res < 0 && step_of(cqe) == WHOLE_NO_CHILD)
		cqe->res = -EXDEV;
}

static void spoil_step(const struct fuzz_case *c, struct seen_cqe *cqe)
{
	static struct whole w;

	whole_read(c, cqe->user_data, &w);
	if (cqe->res < 0 && step_of(cqe) == w.arg.nr_steps)
		cqe->flags += 1 << IORING_SPAWN_STEP_SHIFT;
}

/* Only the twin can know. */
static void spoil_candidate(const struct fuzz_case *c, struct seen_cqe *cqe)
{
	static struct whole w;

	whole_read(c, cqe->user_data, &w);
	if (cqe->res > 0 && step_of(cqe) < w.nr_candidates)
		cqe->flags += 1 << IORING_SPAWN_STEP_SHIFT;
}

static void spoil_report(const struct fuzz_case *c, struct seen_cqe *cqe)
{
	struct io_uring_spawn_report *report;
	static struct whole w;

	whole_read(c, cqe->user_data, &w);
	report = (void *)w.arg.report;
	if (whole_has_report(&w) && report->end)
		report->step++;
}

static void spoil_miss(struct seen *seen)
{
	unsigned int i;

	for (i = 0; i < seen->runs && seen->runs <= ENGINE_LOG; i++)
		if (engine->log[i].ctx.event == IORING_POLICY_MISS)
			engine->log[i].path[0] ^= 1;
}

static void lose_execed(struct seen *seen)
{
	unsigned int i;

	for (i = 0; i < seen->runs && seen->runs <= ENGINE_LOG; i++)
		if (engine->log[i].ctx.event == IORING_POLICY_EXECED)
			engine->log[i].ctx.cookie = MAX_SQES;
}

/* Of steps in a child that waits again. */
static void spoil_numbers(const struct fuzz_case *c, struct seen *seen)
{
	struct seen_cqe *cqe = seen->cqes;
	static struct whole w;
	unsigned int i;

	for (i = 0; i < seen->nr_cqes; i++, cqe++) {
		if (cqe->user_data >= c->nr_sqes || !is_whole(c, cqe->user_data))
			continue;
		whole_read(c, cqe->user_data, &w);
		if (w.arg.flags & IORING_SPAWN_CHILD && !w.arg.path && cqe->res > 0)
			cqe->res++;
	}
}

void break_whole(const struct fuzz_case *c, struct seen *seen,
		 enum breakage breakage)
{
	struct seen_cqe *cqe;
	unsigned int i;

	if (breakage == BREAK_MISS)
		spoil_miss(seen);
	if (breakage == BREAK_EXECED)
		lose_execed(seen);
	if (breakage == BREAK_KEPT)
		seen->nr_shown = 0;
	if (breakage == BREAK_NUMBER)
		spoil_numbers(c, seen);
	for (i = 0; i < seen->nr_cqes; i++) {
		cqe = whole_cqe(c, seen, i);
		if (!cqe)
			continue;
		if (breakage == BREAK_WHOLE)
			spoil_error(cqe);
		else if (breakage == BREAK_STEP)
			spoil_step(c, cqe);
		else if (breakage == BREAK_CANDIDATE)
			spoil_candidate(c, cqe);
		else if (breakage == BREAK_REPORT)
			spoil_report(c, cqe);
	}
}

/* As if what was registered later had been searched. */
void break_lists(struct fuzz_case *c, enum breakage breakage)
{
	unsigned int i;

	for (i = 0; breakage == BREAK_LISTS && i < OPEN_LISTS; i++)
		if (c->relists[i] != LIST_FORGOTTEN)
			c->lists[i] = c->relists[i];
}

void break_twin(struct fuzz_case *twin, struct seen *seen,
		enum breakage breakage)
{
	unsigned int i;

	if (breakage == BREAK_KEEPING && twin->sqes[0].rw_flags & IORING_CLONE_CHILD)
		twin->sqes[0].rw_flags &= ~IORING_CLONE_KEEP;
	if (breakage == BREAK_TOLD && seen->runs && seen->runs <= ENGINE_LOG)
		((struct engine *)seen->engine)->log[0].ctx.attempt++;
	/* a policy would be told of it, which is another violation */
	if (breakage != BREAK_TWIN || twin->nr_links)
		return;
	for (i = 0; i < twin->nr_sqes; i++)
		twin->sqes[i].flags &= ~IOSQE_IO_HARDLINK;
}
