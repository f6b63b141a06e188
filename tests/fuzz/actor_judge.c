// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether what was seen of actors is what docs/abi.md says: each request has its CQE; each
 * run is told what follows from the runs before it; the result is what the last run says.
 */
#include "actor_case.h"

#include <stdarg.h>

/* What the program of an actor has been told so far, and has asked for. */
struct model {
	const struct script_run *last; /* run; NULL: none yet */
	bool cancelled, ended;
	bool vague;	  /* it is not known which requests are in flight */
	bool notifies;	  /* a zero-copy send, which counts once more if it gets so far */
	unsigned int in_flight;
	unsigned int tags[TAGS];
	unsigned int staged; /* in all */
};

struct trial {
	const struct actor_case *c;
	const struct actor_seen *seen;
	FILE *to;
	unsigned int violations;
	struct model actors[MOST_ACTORS];
	unsigned int posted, waits, ends, staged;
};

__attribute__((format(printf, 2, 3))) static void
violation(struct trial *t, const char *fmt, ...)
{
	va_list args;

	t->violations++;
	fprintf(t->to, "VIOLATION: ");
	va_start(args, fmt);
	vfprintf(t->to, fmt, args);
	va_end(args);
	fprintf(t->to, "\n");
}

/* --- CQEs --------------------------------------------------------------------------- */

static const struct tring_cqe *cqe_of(const struct trial *t, unsigned int actor)
{
	unsigned int i;

	for (i = 0; i < t->seen->nr_cqes; i++)
		if (t->seen->cqes[i].user_data == ACTOR + actor)
			return &t->seen->cqes[i];
	return NULL;
}

static bool is_asked_for(const struct trial *t, uint64_t user_data)
{
	return (user_data >= ACTOR && user_data < ACTOR + t->c->nr_actors) ||
	       (user_data >= OTHER && user_data < OTHER + t->c->nr_actions) ||
	       (user_data >= LAST_CANCELS && user_data < LAST_CANCELS + 1000000) ||
	       user_data == POSTED;
}

static void judge_cqes(struct trial *t)
{
	const struct actor_seen *seen = t->seen;
	unsigned int i, j, posted = 0;

	for (i = 0; i < seen->nr_cqes; i++) {
		const struct tring_cqe *cqe = &seen->cqes[i];
		unsigned long user_data = cqe->user_data;

		if (!is_asked_for(t, cqe->user_data))
			violation(t, "A4: a CQE for user_data %lu, which is nobody's",
				  user_data);
		if (!(cqe->flags & SPAWNPOL_CQE_F_STAGED) !=
		    (cqe->user_data != POSTED))
			violation(t, "A3: a CQE for %lu with flags %#x", user_data,
				  cqe->flags);
		posted += cqe->user_data == POSTED;
		for (j = 0; j < i && cqe->user_data != POSTED; j++)
			if (seen->cqes[j].user_data == cqe->user_data)
				violation(t, "A4: a second CQE for %lu", user_data);
	}
	for (i = 0; i < t->c->nr_actors && !t->c->closes; i++)
		if (!cqe_of(t, i))
			violation(t, "A4: no CQE for actor %u", i);
	if (!t->c->closes && posted != t->posted)
		violation(t, "A3: %u CQEs posted, %u seen", t->posted, posted);
}

/* --- runs --------------------------------------------------------------------------- */

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static bool is_zero_copy(unsigned int opcode)
{
	return opcode == IORING_OP_SEND_ZC;
}

static bool can_be_more(unsigned int opcode)
{
	return opcode == IORING_OP_POLL_ADD || opcode == IORING_OP_TIMEOUT ||
	       opcode == IORING_OP_RECV || is_zero_copy(opcode);
}

/* One request less, unless it goes on. The first of a zero-copy send's is its last. */
static void count_completion(struct trial *t, struct model *m, unsigned int actor,
			     const struct script_run *run)
{
	bool more = run->ctx.cqe_flags & IORING_CQE_F_MORE;

	if (more && !can_be_more(run->ctx.opcode))
		violation(t, "A2: actor %u: operation %u has more to come", actor,
			  run->ctx.opcode);
	if (run->ctx.tag >= TAGS) {
		violation(t, "A4: actor %u: a completion of tag %lu", actor,
			  (unsigned long)run->ctx.tag);
		return;
	}
	if (!m->vague && !m->notifies && !m->tags[run->ctx.tag])
		violation(t, "A4: actor %u: a completion of tag %lu, of which none "
			  "is in flight", actor, (unsigned long)run->ctx.tag);
	if (more && !is_zero_copy(run->ctx.opcode))
		return;
	m->in_flight--;
	if (m->tags[run->ctx.tag])
		m->tags[run->ctx.tag]--;
}

static void judge_start(struct trial *t, struct model *m, unsigned int actor,
			const struct script_run *run)
{
	bool linked = actor && t->c->linked[actor - 1];
	const struct tring_cqe *before = linked ? cqe_of(t, actor - 1) : NULL;

	if (m->last)
		violation(t, "A2: actor %u: started twice", actor);
	if (run->ctx.flags != (linked ? IORING_ACTOR_F_LINKED : 0))
		violation(t, "A1: actor %u: started with flags %#x", actor,
			  run->ctx.flags);
	if (before && run->ctx.res != before->res)
		violation(t, "A1: actor %u: started after the result %d, which is %d",
			  actor, run->ctx.res, before->res);
}

static void judge_event(struct trial *t, struct model *m, unsigned int actor,
			const struct script_run *run)
{
	if (m->ended)
		violation(t, "A2: actor %u: it runs after its end", actor);
	if (run->ctx.event == START) {
		judge_start(t, m, actor, run);
		return;
	}
	if (!m->last)
		violation(t, "A2: actor %u: it runs before its start", actor);
	if (run->ctx.event == CANCEL) {
		if (m->cancelled)
			violation(t, "A4: actor %u: told twice that it is cancelled",
				  actor);
		m->cancelled = true;
	} else {
		count_completion(t, m, actor, run);
	}
	if (run->ctx.flags != (m->cancelled ? IORING_ACTOR_F_CANCELLED : 0))
		violation(t, "A4: actor %u: flags %#x", actor, run->ctx.flags);
}

static unsigned int room_of(const struct trial *t, const struct model *m,
			    const struct script_run *run)
{
	unsigned int in_flight = t->c->max_staged ?: 64, room;

	if (m->cancelled)
		return 0;
	room = min(64, in_flight - run->ctx.in_flight);
	if (t->c->max_issues)
		room = min(room, t->c->max_issues - m->staged);
	return room;
}

static void judge_context(struct trial *t, struct model *m, unsigned int actor,
			  const struct script_run *run)
{
	unsigned int room = room_of(t, m, run);

	if (!m->notifies && run->ctx.in_flight != m->in_flight)
		violation(t, "A2: actor %u: %u in flight, which are %u", actor,
			  run->ctx.in_flight, m->in_flight);
	if (run->ctx.room != room)
		violation(t, "A6: actor %u: room for %u, which are %u", actor,
			  run->ctx.room, room);
	if (run->staged > (int)run->ctx.room)
		violation(t, "A6: actor %u: staged %d of %u", actor, run->staged,
			  run->ctx.room);
	if (run->state != (m->last ? m->last->state + 1 : 0))
		violation(t, "A5: actor %u: its state is another one's", actor);
}

/* What this run has staged is in flight from now on. */
static void count_staged(struct trial *t, struct model *m,
			 const struct script_run *run)
{
	const struct script_rule *rule = &t->c->rules[run->rule % SCRIPT_RULES];
	unsigned int i;

	m->in_flight += run->staged;
	m->staged += run->staged;
	t->staged += run->staged;
	if (run->rule >= SCRIPT_RULES)
		return;
	if (run->staged != (int)rule->nr)
		m->vague = true;
	for (i = 0; i < rule->nr; i++) {
		const struct io_uring_sqe *sqe = &t->c->sqes[rule->first + i];

		m->tags[sqe->user_data]++;
		m->notifies |= is_zero_copy(sqe->opcode);
	}
}

static void judge_run(struct trial *t, const struct script_run *run)
{
	unsigned int actor = run->ctx.user_data - ACTOR;
	struct model *m = &t->actors[actor];

	if (actor >= t->c->nr_actors) {
		violation(t, "A1: a run for user_data %lu",
			  (unsigned long)run->ctx.user_data);
		return;
	}
	judge_event(t, m, actor, run);
	judge_context(t, m, actor, run);
	m->last = run;
	t->posted += run->posted;
	if (run->verdict == END) {
		m->ended = true;
		t->ends++;
		return;
	}
	t->waits++;
	if (!m->cancelled)
		count_staged(t, m, run);
}

/* --- results ------------------------------------------------------------------------- */

static int chosen_result(const struct trial *t, const struct script_run *run)
{
	const struct script_rule *rule = &t->c->rules[run->rule % SCRIPT_RULES];

	if (run->rule >= SCRIPT_RULES || rule->sets_result == SCRIPT_KEEP)
		return 0;
	return rule->sets_result == SCRIPT_RES ? run->ctx.res : rule->result;
}

/*
 * One that was ended from outside. It is told of a cancel, unless that comes before its
 * start, or its program is detached before it could be told.
 */
static int outside_result(const struct trial *t, const struct model *m, int res)
{
	if (t->seen->detached && res == -ENOLINK)
		return res;
	return m->last && !m->cancelled && !t->seen->detached ? -ENOLINK : -ECANCELED;
}

static void judge_result(struct trial *t, unsigned int actor)
{
	const struct model *m = &t->actors[actor];
	const struct tring_cqe *cqe = cqe_of(t, actor);
	int expected;

	if (!cqe)
		return;
	if (m->cancelled)
		expected = -ECANCELED;
	else if (m->ended)
		expected = chosen_result(t, m->last);
	else if (m->last && !m->in_flight && !m->notifies)
		expected = -EDEADLK;
	else if (m->notifies && cqe->res == -EDEADLK)
		expected = -EDEADLK;
	else
		expected = outside_result(t, m, cqe->res);
	if (cqe->res != expected)
		violation(t, "A4: actor %u: the result is %d instead of %d", actor,
			  cqe->res, expected);
}

static void judge_counters(struct trial *t)
{
	const struct spawnpol_link_info *info = &t->seen->info;

	if (info->actors || t->seen->left)
		violation(t, "A4: %u actors are left, fdinfo shows %u", info->actors,
			  t->seen->left);
	if (info->runs != t->seen->script.runs || info->verdicts[WAIT] != t->waits ||
	    info->verdicts[END] != t->ends || info->staged != t->staged)
		violation(t, "A6: the link counts %lu runs, %lu + %lu verdicts, %lu "
			  "staged; these were %u, %u + %u, %u",
			  (unsigned long)info->runs,
			  (unsigned long)info->verdicts[WAIT],
			  (unsigned long)info->verdicts[END],
			  (unsigned long)info->staged, t->seen->script.runs,
			  t->waits, t->ends, t->staged);
}

unsigned int actor_case_judge(const struct actor_case *c,
			      const struct actor_seen *seen, FILE *to)
{
	struct trial t = { .c = c, .seen = seen, .to = to };
	/* not all runs are in a log that was too short, nor those of another program */
	bool whole = seen->script.runs <= SCRIPT_LOG && !seen->replaced;
	unsigned int i;

	for (i = 0; i < seen->script.runs && whole; i++)
		judge_run(&t, &seen->script.log[i]);
	if (whole || c->closes)
		judge_cqes(&t);
	for (i = 0; i < c->nr_actors && whole && !c->closes; i++)
		judge_result(&t, i);
	if (whole && seen->has_info && !c->closes)
		judge_counters(&t);
	return t.violations;
}
