// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A model of docs/abi.md, section 10: what the CQE of a SPAWN, or of a CLONE, can be that
 * has to do with kept children, and which of them are there in the end.
 */
#include "judge.h"
#include "whole_model.h"

#include <string.h>

#define IN_CHILD(use) ((use)->flags & IORING_SPAWN_CHILD)
#define KEEPS(use) ((use)->flags & IORING_SPAWN_KEEP)
#define NAMES(use) ((use)->flags & (IORING_SPAWN_CHILD | IORING_SPAWN_COPY))

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
	struct kept_use use;
	unsigned int i, nr = 0;

	for (i = 0; i < t->c->nr_sqes; i++)
		nr += kept_use(t->c, i, &use) && NAMES(&use) &&
		      use.child == number;
	return nr;
}

/* --- the CQE ------------------------------------------------------------------------- */

static void judge_number(struct trial *t, unsigned int at, const struct kept_use *use,
			 int res)
{
	if (!KEEPS(use))
		violation(t, "C1: request %u keeps nothing, but its result is %d", at,
			  res);
	else if (IN_CHILD(use) && res != (int)use->child)
		violation(t, "C1: request %u ran in child %u, but its result is %d", at,
			  use->child, res);
	else if (!IN_CHILD(use) && was_made(t->seen, res))
		violation(t, "C1: request %u has made child %d, which was there", at,
			  res);
}

/* It has not come to a child. */
static void judge_refusal(struct trial *t, unsigned int at, const struct kept_use *use,
			  int res)
{
	unsigned int others = NAMES(use);

	if (others)
		others = count_named(t, use->child) - 1;
	if (res == -EBUSY && !others)
		violation(t, "C1: the child of request %u is busy with nothing", at);
	if (res == -ESRCH && was_made(t->seen, use->child) && !others)
		violation(t, "C1: the child of request %u is lost", at);
	/* nothing changes the launcher */
	if (res == -ESTALE || res == -EPERM)
		violation(t, "C3: the result of request %u is %d", at, res);
}

static void judge_none(struct trial *t, unsigned int at, const struct kept_use *use,
		       int res)
{
	if (res >= 0 && NAMES(use) && !was_made(t->seen, use->child) &&
	    use->child > (1U << 30))
		violation(t, "C1: request %u ran in child %u, which is none", at,
			  use->child);
}

static void judge_failure(struct trial *t, unsigned int at, const struct whole *w,
			  const struct kept_use *use, bool concurrent)
{
	const struct seen_cqe *cqe = t->cqe[at];
	unsigned int step = step_of(cqe);

	if (step != WHOLE_NO_CHILD && step > w->arg.nr_steps)
		violation(t, "C1: SPAWN %u failed at step %u of %u", at, step,
			  w->arg.nr_steps);
	if (cqe->res == -ETIME && !w->arg.timeout_ns)
		violation(t, "C1: SPAWN %u is late without a deadline", at);
	if (step == WHOLE_NO_CHILD && !concurrent)
		judge_refusal(t, at, use, cqe->res);
}

void judge_kept(struct trial *t, unsigned int at, const struct whole *w,
		bool concurrent)
{
	const struct seen_cqe *cqe = t->cqe[at];
	bool ends = !w->arg.path;
	struct kept_use use;

	kept_use(t->c, at, &use);
	if (cqe->flags & 0xffff)
		violation(t, "O2: the flags of SPAWN %u are %#x", at, cqe->flags);
	if (cqe->res < 0)
		judge_failure(t, at, w, &use, concurrent);
	else if (!cqe->res && (!ends || KEEPS(&use) || !IN_CHILD(&use)))
		violation(t, "C1: the result of SPAWN %u is 0", at);
	else if (cqe->res && ends && !t->c->nr_links)
		judge_number(t, at, &use, cqe->res);
	judge_none(t, at, &use, cqe->res);
}

void judge_kept_clone(struct trial *t, unsigned int at, bool concurrent)
{
	int res = t->cqe[at]->res;
	struct kept_use use;

	if (!kept_use(t->c, at, &use))
		return;
	if (res >= 0 && KEEPS(&use))
		judge_number(t, at, &use, res);
	else if (res < 0 && !concurrent)
		judge_refusal(t, at, &use, res);
	judge_none(t, at, &use, res);
}

/* --- the children ---------------------------------------------------------------------- */

static bool limits(const struct fuzz_case *c, unsigned int at, const struct whole *w)
{
	unsigned int i;

	for (i = 0; i < w->nr_steps; i++)
		if (w->steps[i].cmd == IORING_CHILD_RLIMIT)
			return true;
	return c->sqes[at].opcode == SPAWNPOL_OP_CHILD &&
	       c->sqes[at].len == IORING_CHILD_RLIMIT;
}

/* Whatever becomes of the steps, or of the links, the child waits afterwards. */
static bool leaves_it(const struct fuzz_case *c, unsigned int at,
		      const struct kept_use *use)
{
	static struct whole w;

	if (!IN_CHILD(use))
		return true;
	if (!KEEPS(use) || use->keep_ns)
		return false;
	if (is_whole(c, at)) {
		whole_read(c, at, &w);
		return !w.arg.path && !w.arg.timeout_ns && !limits(c, at, &w);
	}
	memset(&w, 0, sizeof(w));
	for (; is_linked(&c->sqes[at]) && at + 1 < c->nr_sqes; at++)
		if (c->sqes[at + 1].opcode == SPAWNPOL_OP_EXEC ||
		    limits(c, at + 1, &w))
			return false;
	return true;
}

static bool must_wait(const struct trial *t, uint32_t number)
{
	struct kept_use use;
	unsigned int i;

	for (i = 0; i < t->c->nr_sqes; i++) {
		if (t->c->sqes[i].opcode == IORING_OP_LINK_TIMEOUT ||
		    t->c->noise[i])
			return false;
		if (kept_use(t->c, i, &use) && use.child == number &&
		    !leaves_it(t->c, i, &use))
			return false;
	}
	return true;
}

bool kept_is_shown(const struct seen *seen, uint32_t number)
{
	unsigned int i;

	for (i = 0; i < seen->nr_shown; i++)
		if (seen->shown[i] == number)
			return true;
	return false;
}

/* A request has told of it, or one that is silent may have made it. */
static bool is_known(const struct trial *t, uint32_t number)
{
	struct kept_use use;
	unsigned int i;

	for (i = 0; i < t->c->nr_sqes; i++) {
		if (!kept_use(t->c, i, &use))
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
		if (!kept_is_shown(seen, seen->made[i]) && must_wait(t, seen->made[i]))
			violation(t, "C1: child %u was to wait, and is gone",
				  seen->made[i]);
}
