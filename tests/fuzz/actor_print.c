// SPDX-License-Identifier: LGPL-2.1-or-later
/* Showing a case of actors. */
#include "actor_case.h"

static const char *const events[] = { "none", "START", "CQE", "CANCEL" };

static void print_rule(const struct actor_case *c, const struct script_rule *rule,
		       FILE *to)
{
	unsigned int i;

	fprintf(to, "  on %s", events[rule->event & 3]);
	if (rule->tag != SCRIPT_ANY)
		fprintf(to, " of tag %lu", (unsigned long)rule->tag);
	if (rule->when)
		fprintf(to, " if %#x", rule->when);
	if (rule->times)
		fprintf(to, ", %u times", rule->times);
	fprintf(to, ": %s, posts %u", rule->verdict == END ? "END" : "WAIT",
		rule->posts);
	if (rule->sets_result != SCRIPT_KEEP)
		fprintf(to, ", result %s %d",
			rule->sets_result == SCRIPT_RES ? "res, not" : "is",
			rule->result);
	fprintf(to, "\n");
	for (i = 0; i < rule->nr; i++) {
		const struct io_uring_sqe *sqe = &c->sqes[rule->first + i];

		fprintf(to, "    op %u tag %lu flags %#x fd %d len %u off %lu op flags %#x\n",
			sqe->opcode, (unsigned long)sqe->user_data, sqe->flags,
			sqe->fd, sqe->len, (unsigned long)sqe->off, sqe->rw_flags);
	}
}

void actor_case_print(const struct actor_case *c, FILE *to)
{
	static const char *const actions[ACT_LAST] = {
		[ACT_CANCEL] = "cancel",	 [ACT_CANCEL_ALL] = "cancel all",
		[ACT_WRITE_PIPE] = "write pipe", [ACT_WRITE_SOCKET] = "write socket",
		[ACT_WAIT] = "wait",		 [ACT_NOP] = "nop",
		[ACT_DETACH] = "detach",	 [ACT_REPLACE] = "replace",
	};
	unsigned int i;

	fprintf(to, "case %lu of seed %#lx: %u actors on a ring of kind %s, in flight %u, "
		"in all %u%s\n", c->number, c->seed, c->nr_actors,
		tring_kinds[c->kind].name, c->max_staged, c->max_issues,
		c->closes ? ", closed" : "");
	for (i = 0; i < c->nr_actors; i++)
		if (c->linked[i])
			fprintf(to, "  actor %u is linked to the next\n", i);
	for (i = 0; i < c->nr_rules; i++)
		print_rule(c, &c->rules[i], to);
	for (i = 0; i < c->nr_actions; i++)
		fprintf(to, "  %s %u\n", actions[c->actions[i].kind],
			c->actions[i].value);
}
