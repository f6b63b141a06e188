// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A model of docs/abi.md, section 10: what the CQE of a SPAWN can be that has to do with
 * kept children, and which of them are there in the end.
 */
#include "judge.h"
#include "whole_model.h"

#define IN_CHILD(w) ((w)->arg.flags & IORING_SPAWN_CHILD)
#define KEEPS(w) ((w)->arg.flags & IORING_SPAWN_KEEP)
#define NAMES(w) ((w)->arg.flags & (IORING_SPAWN_CHILD | IORING_SPAWN_COPY))

static bool was_made(const struct seen *seen, uint32_t number)
{
	unsigned int i;

	for (i = 0; i < MAX_KEPT; i++)
		if (seen->made[i] == number)
			return true;
	return false;
}

/* How many requests of the case name it. */
static unsigned int count_named(const struct trial *t, uint32_t number)
{
	static struct whole w;
	unsigned int i, nr = 0;

	for (i = 0; i < t->c->nr_sqes; i++) {
		if (!is_whole(t->c, i) || !whole_is_kept(t->c, i))
			continue;
		whole_read(t->c, i, &w);
		nr += NAMES(&w) && w.arg.child == number;
	}
	return nr;
}

/* --- the CQE ------------------------------------------------------------------------- */

static void judge_number(struct trial *t, unsigned int at, const struct whole *w, int res)
{
	if (!KEEPS(w))
		violation(t, "C1: SPAWN %u keeps nothing, but its result is %d", at,
			  res);
	else if (IN_CHILD(w) && res != (int)w->arg.child)
		violation(t, "C1: SPAWN %u ran in child %u, but its result is %d", at,
			  w->arg.child, res);
	else if (!IN_CHILD(w) && was_made(t->seen, res))
		violation(t, "C1: SPAWN %u has made child %d, which was there", at,
			  res);
}

static void judge_failure(struct trial *t, unsigned int at, const struct whole *w,
			  const struct seen_cqe *cqe, bool concurrent)
{
	unsigned int step = step_of(cqe), others = NAMES(w);

	if (others)
		others = count_named(t, w->arg.child) - 1;
	if (step != WHOLE_NO_CHILD && step > w->arg.nr_steps)
		violation(t, "C1: SPAWN %u failed at step %u of %u", at, step,
			  w->arg.nr_steps);
	if (cqe->res == -ETIME && !w->arg.timeout_ns)
		violation(t, "C1: SPAWN %u is late without a deadline", at);
	if (step != WHOLE_NO_CHILD || concurrent)
		return;
	if (cqe->res == -EBUSY && !others)
		violation(t, "C1: the child of SPAWN %u is busy with nothing", at);
	if (cqe->res == -ESRCH && was_made(t->seen, w->arg.child) && !others)
		violation(t, "C1: the child of SPAWN %u is lost", at);
	/* nothing changes the launcher */
	if (cqe->res == -ESTALE || cqe->res == -EPERM)
		violation(t, "C3: the result of SPAWN %u is %d", at, cqe->res);
}

void judge_kept(struct trial *t, unsigned int at, const struct whole *w,
		bool concurrent)
{
	const struct seen_cqe *cqe = t->cqe[at];
	bool ends = !w->arg.path;

	if (cqe->flags & 0xffff)
		violation(t, "O2: the flags of SPAWN %u are %#x", at, cqe->flags);
	if (cqe->res < 0)
		judge_failure(t, at, w, cqe, concurrent);
	else if (!cqe->res && (!ends || KEEPS(w) || !IN_CHILD(w)))
		violation(t, "C1: the result of SPAWN %u is 0", at);
	else if (cqe->res && ends && !t->c->nr_links)
		judge_number(t, at, w, cqe->res);
	if (cqe->res >= 0 && NAMES(w) && !was_made(t->seen, w->arg.child) &&
	    w->arg.child > (1U << 30))
		violation(t, "C1: SPAWN %u ran in child %u, which is none", at,
			  w->arg.child);
}

/* --- the children ---------------------------------------------------------------------- */

/* Whatever becomes of it, the child waits afterwards. */
static bool leaves_it(const struct whole *w)
{
	unsigned int i;

	if (!IN_CHILD(w))
		return true;
	for (i = 0; i < w->nr_steps; i++)
		if (w->steps[i].cmd == IORING_CHILD_RLIMIT)
			return false;
	return KEEPS(w) && !w->arg.path && !w->arg.timeout_ns && !w->arg.keep_ns;
}

static bool must_wait(const struct trial *t, uint32_t number)
{
	static struct whole w;
	unsigned int i;

	for (i = 0; i < t->c->nr_sqes; i++) {
		if (t->c->sqes[i].opcode == IORING_OP_LINK_TIMEOUT ||
		    t->c->noise[i])
			return false;
		if (!is_whole(t->c, i) || !whole_is_kept(t->c, i))
			continue;
		whole_read(t->c, i, &w);
		if (w.arg.child == number && !leaves_it(&w))
			return false;
	}
	return true;
}

static bool is_shown(const struct seen *seen, uint32_t number)
{
	unsigned int i;

	for (i = 0; i < seen->nr_shown; i++)
		if (seen->shown[i] == number)
			return true;
	return false;
}

/* A SPAWN has told of it, or one that is silent may have made it. */
static bool is_known(const struct trial *t, uint32_t number)
{
	unsigned int i;

	for (i = 0; i < t->c->nr_sqes; i++) {
		if (!is_whole(t->c, i))
			continue;
		if (!t->cqe[i] || t->cqe[i]->res == (int)number)
			return true;
	}
	return was_made(t->seen, number);
}

void judge_kept_children(struct trial *t)
{
	const struct seen *seen = t->seen;
	unsigned int i;

	if (seen->closed || seen->late || !case_has_kept(t->c))
		return;
	for (i = 0; i < seen->nr_shown && i < MAX_SHOWN; i++)
		if (!is_known(t, seen->shown[i]))
			violation(t, "C1: nobody was told of child %u",
				  seen->shown[i]);
	if (t->c->nr_actions || t->c->nr_links ||
	    t->c->ring_flags & IORING_SETUP_IOPOLL)
		return;
	for (i = 0; i < MAX_KEPT; i++)
		if (!is_shown(seen, seen->made[i]) && must_wait(t, seen->made[i]))
			violation(t, "C1: child %u was to wait, and is gone",
				  seen->made[i]);
}
