// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rules for the policy engine.bpf.c, and how it is attached. */
#include "case.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define ALL_EVENTS 0xff

static uint32_t some_events(struct rnd *r)
{
	return rnd_once_in(r, 3) ? IORING_POLICY_FAILED | IORING_POLICY_STAGED
				 : rnd_next(r) & ALL_EVENTS;
}

static void stage_path(struct rnd *r, struct engine_rule *rule)
{
	static const char *const paths[] = { "good", "d/good", "nope",
					     "text", "runs",   "doomed",
					     ".",    "d",      "" };

	snprintf(rule->text, sizeof(rule->text), "%s", RND_OF(r, paths));
}

static void stage_list(struct rnd *r, struct engine_rule *rule)
{
	static const char *const lists[] = { "nope:d",	   ":nope",
					     "/nothing:.", "nope::",
					     "text:d:w",   "w",
					     "/:/nothing" };

	snprintf(rule->text, sizeof(rule->text), "%s", RND_OF(r, lists));
}

static void stage(struct rnd *r, struct engine_rule *rule)
{
	struct io_uring_sqe sqe;

	rule->stage = 1 + rnd_below(r, ENGINE_STAGE_EXEC_SEARCH);
	if (rnd_once_in(r, 4))
		rule->stage = ENGINE_STAGE_EXEC_SEARCH;
	rule->count = rnd_below(r, 3) ? 1 : rnd_below(r, 10);
	rule->post = rnd_once_in(r, 3);
	if (rule->stage == ENGINE_STAGE_EXEC_SEARCH)
		stage_list(r, rule);
	else
		stage_path(r, rule);
	make_step(r, &sqe);
	if (rule->stage == ENGINE_STAGE_CHILD) {
		memset(&sqe, 0, sizeof(sqe));
		sqe.opcode = SPAWNPOL_OP_CHILD;
		sqe.len = rnd_once_in(r, 2) ? IORING_CHILD_CHDIR
					    : IORING_CHILD_OPEN;
		sqe.fd = AT_FDCWD;
		sqe.off = 50;
	}
	if (rnd_once_in(r, 12))
		sqe.flags |= 1 << rnd_below(r, 8);
	memcpy(rule->sqe, &sqe, sizeof(rule->sqe));
}

static void make_rule(struct rnd *r, struct engine_rule *rule)
{
	static const int results[] = { 0,     5,       -1,
				       -2,    -EACCES, -ECANCELED,
				       -4095, -4096,   -100000 };

	rule->events = some_events(r);
	rule->step = rnd_below(r, 3) ? ENGINE_ANY_STEP : rnd_below(r, 6);
	rule->below = rnd_below(r, 4) ? 1 + rnd_below(r, 5) : 0;
	rule->res = rnd_once_in(r, 5) ? -ENOENT : 0;
	rule->verdict = rnd_below(r, IORING_VERDICT_PASS + 1);
	if (rule->verdict == IORING_VERDICT_SUBMIT ? rnd_below(r, 8)
						   : rnd_once_in(r, 6))
		stage(r, rule);
	if (rnd_once_in(r, 5)) {
		rule->sets_result = 1;
		rule->result = RND_OF(r, results);
	}
	if (rnd_once_in(r, 6))
		rule->delay_ns =
			rnd_below(r, 3) ? rnd_below(r, 2000000) : 400000000000;
}

static void make_link(struct rnd *r, struct policy_link *link, unsigned int nr)
{
	link->slot = nr;
	link->events = rnd_once_in(r, 5) ? 0 : rnd_next(r) & ALL_EVENTS;
	if (rnd_once_in(r, 2))
		link->events |= IORING_POLICY_MISS | IORING_POLICY_EXECED;
	/* few, so that the log has place for all runs */
	link->max_issues = 1 + rnd_below(r, rnd_once_in(r, 2) ? 3 : 16);
	link->max_staged = rnd_once_in(r, 3) ? 1 + rnd_below(r, 3) : 0;
	link->max_delay_ns = 10000000;
	link->before = rnd_once_in(r, 3) ? rnd_below(r, MAX_SIDE + 1) : 0;
	link->after = rnd_once_in(r, 3) ? rnd_below(r, MAX_SIDE + 1) : 0;
}

void make_policy(struct fuzz_case *c)
{
	struct rnd *r = &c->rnd;
	unsigned int i;

	c->nr_rules = 1 + rnd_below(r, ENGINE_RULES);
	for (i = 0; i < c->nr_rules; i++)
		make_rule(r, &c->rules[i]);
	c->nr_links = 1 + rnd_below(r, MAX_LINKS);
	for (i = 0; i < c->nr_links; i++)
		make_link(r, &c->links[i], i);
}
