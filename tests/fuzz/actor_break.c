// SPDX-License-Identifier: LGPL-2.1-or-later
/* Violations made by hand. */
#include "actor_case.h"

const char *const actor_breakages[ACTOR_BREAK_LAST] = {
	[ACTOR_BREAK_LOST_CQE] = "lost-cqe",
	[ACTOR_BREAK_SECOND_CQE] = "second-cqe",
	[ACTOR_BREAK_STRANGE_CQE] = "strange-cqe",
	[ACTOR_BREAK_RESULT] = "result",
	[ACTOR_BREAK_POSTED] = "posted",
	[ACTOR_BREAK_TOLD] = "told",
	[ACTOR_BREAK_TOLD_TWICE] = "told-twice",
	[ACTOR_BREAK_IN_FLIGHT] = "in-flight",
	[ACTOR_BREAK_ROOM] = "room",
	[ACTOR_BREAK_START] = "start",
	[ACTOR_BREAK_COUNTER] = "counter",
	[ACTOR_BREAK_LEFT] = "left",
};

/* The first CQE of an actor, or of what programs post; NULL: none. */
static struct tring_cqe *find_cqe(struct actor_seen *seen, bool posted)
{
	unsigned int i;

	for (i = 0; i < seen->nr_cqes; i++) {
		uint64_t user_data = seen->cqes[i].user_data;

		if (posted ? user_data == POSTED
			   : user_data >= ACTOR && user_data < ACTOR + MOST_ACTORS)
			return &seen->cqes[i];
	}
	return NULL;
}

static struct script_run *find_run(struct actor_seen *seen, unsigned int event)
{
	unsigned int i;

	for (i = 0; i < seen->script.runs && i < SCRIPT_LOG; i++)
		if (seen->script.log[i].ctx.event == event)
			return &seen->script.log[i];
	return NULL;
}

static void remove_run(struct actor_seen *seen, struct script_run *run)
{
	struct script_run *end = seen->script.log + --seen->script.runs;

	memmove(run, run + 1, (char *)end - (char *)run);
}

static void repeat_run(struct actor_seen *seen, struct script_run *run)
{
	struct script_run *end = seen->script.log + seen->script.runs++;

	memmove(run + 1, run, (char *)end - (char *)run);
}

static void break_cqes(struct actor_seen *seen, enum actor_breakage what)
{
	struct tring_cqe *cqe = find_cqe(seen, what == ACTOR_BREAK_POSTED);

	if (!cqe)
		return;
	if (what == ACTOR_BREAK_RESULT)
		cqe->res += 1000;
	else if (what == ACTOR_BREAK_SECOND_CQE)
		seen->cqes[seen->nr_cqes++] = *cqe;
	else if (what == ACTOR_BREAK_STRANGE_CQE)
		seen->cqes[seen->nr_cqes++] = (struct tring_cqe){ .user_data = 3 };
	else
		*cqe = seen->cqes[--seen->nr_cqes];
}

static void break_runs(struct actor_seen *seen, enum actor_breakage what)
{
	unsigned int event = what == ACTOR_BREAK_START ? START : CQE;
	struct script_run *run = find_run(seen, event);

	if (!run || seen->script.runs >= SCRIPT_LOG)
		return;
	if (what == ACTOR_BREAK_IN_FLIGHT)
		run->ctx.in_flight++;
	else if (what == ACTOR_BREAK_ROOM)
		run->ctx.room++;
	else if (what == ACTOR_BREAK_START)
		run->ctx.event = CQE;
	else if (what == ACTOR_BREAK_TOLD_TWICE)
		repeat_run(seen, run);
	else
		remove_run(seen, run);
}

void actor_case_break(const struct actor_case *c, struct actor_seen *seen,
		      enum actor_breakage what)
{
	/* what is not judged then */
	if (what == ACTOR_BREAK_NOTHING || c->closes || seen->replaced)
		return;
	if (what <= ACTOR_BREAK_POSTED)
		break_cqes(seen, what);
	else if (what <= ACTOR_BREAK_START)
		break_runs(seen, what);
	else if (what == ACTOR_BREAK_COUNTER)
		seen->info.staged++;
	else
		seen->left++;
}
