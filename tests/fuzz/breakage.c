// SPDX-License-Identifier: LGPL-2.1-or-later
/* Violations made by hand, to see that the judge finds them. */
#include "run.h"
#include "child.h"

#include <linux/sched.h>
#include <signal.h>
#include <string.h>

static void lose(struct seen *seen)
{
	if (seen->nr_cqes)
		seen->nr_cqes--;
}

static void add(struct seen *seen, uint64_t user_data)
{
	struct seen_cqe cqe = { .user_data = user_data, .res = -ECANCELED };

	if (seen->nr_cqes < MAX_CQES)
		seen->cqes[seen->nr_cqes++] = cqe;
}

static void swap_last(struct seen *seen)
{
	struct seen_cqe *last = &seen->cqes[seen->nr_cqes - 1], keep;

	if (seen->nr_cqes < 2)
		return;
	keep = *last;
	*last = last[-1];
	last[-1] = keep;
}

static void raise_exec(const struct fuzz_case *c, struct seen *seen)
{
	unsigned int i;

	for (i = 0; i < seen->nr_cqes; i++)
		if (seen->cqes[i].user_data < c->nr_sqes &&
		    c->sqes[seen->cqes[i].user_data].opcode == SPAWNPOL_OP_EXEC)
			seen->cqes[i].res = 1;
}

/* As if the last step of the first chain had been asked about at the end. */
static void add_run(const struct fuzz_case *c, struct seen *seen)
{
	struct engine_run *run = &engine->log[seen->runs];
	unsigned int at = 0;

	if (!seen->runs || seen->runs >= ENGINE_LOG ||
	    c->sqes[run[-1].ctx.cookie].opcode != SPAWNPOL_OP_CLONE)
		return;
	*run = engine->log[seen->runs - 1];
	for (at = run->ctx.cookie;
	     at + 1 < c->nr_sqes && is_linked(&c->sqes[at]); at++)
		;
	run->ctx.step = at - run->ctx.cookie - 1;
	run->ctx.event = IORING_POLICY_FAILED;
	seen->runs++;
}

void break_seen(const struct fuzz_case *c, struct seen *seen,
		enum breakage breakage)
{
	switch (breakage) {
	case BREAK_LOST_CQE:
		lose(seen);
		break;
	case BREAK_SECOND_CQE:
		add(seen, seen->cqes[0].user_data);
		break;
	case BREAK_STRANGE_CQE:
		add(seen, 12345678);
		break;
	case BREAK_RESULT:
		raise_exec(c, seen);
		break;
	case BREAK_ORDER:
		swap_last(seen);
		break;
	case BREAK_SIGNAL:
		seen->sigchlds += seen->nr_reaped + 1;
		break;
	case BREAK_KILLED:
		seen->reaped[0].status = SIGKILL;
		break;
	case BREAK_RUN:
		add_run(c, seen);
		break;
	default:
		break_whole(c, seen, breakage);
	}
}

/* One that is no program and does not end. */
void break_before(enum breakage breakage)
{
	if (breakage == BREAK_CHILD && !fork())
		for (;;)
			pause();
}
