// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A model of docs/abi.md, section 5. The policy has written down what it was
 * asked; what it answered follows from that and its rules.
 */
#include "judge.h"

static bool is_of(const struct engine_run *run, const struct chain *chain)
{
	return run->ctx.cookie == chain->clone;
}

static bool log_is_whole(const struct trial *t)
{
	return t->seen->runs <= ENGINE_LOG;
}

static const struct engine_run *nth_run(const struct trial *t, unsigned int n)
{
	return &t->seen->engine->log[n];
}

static bool is_for(const struct engine_run *run, const struct chain *chain,
		   unsigned int at)
{
	return is_of(run, chain) && run->ctx.event != IORING_POLICY_CLONE &&
	       run->ctx.step == at - chain->step;
}

unsigned int count_runs(struct trial *t, const struct chain *chain,
			unsigned int at)
{
	unsigned int i, nr = 0;

	if (!log_is_whole(t))
		return 0;
	for (i = 0; i < t->seen->runs; i++)
		nr += is_for(nth_run(t, i), chain, at);
	return nr;
}

const struct engine_rule *rule_of(const struct fuzz_case *c,
				  const struct engine_run *run)
{
	const struct engine_rule *rule = c->rules;
	unsigned int i;

	for (i = 0; i < ENGINE_RULES; i++, rule++)
		if (rule->events & run->ctx.event &&
		    (rule->step == ENGINE_ANY_STEP ||
		     rule->step == run->ctx.step) &&
		    (!rule->below || run->ctx.attempt < rule->below) &&
		    (!rule->res || rule->res == run->ctx.res))
			return rule;
	return NULL;
}

static unsigned int nr_staged(const struct engine_run *run)
{
	unsigned int i, nr = 0;

	for (i = 0; i < 9; i++)
		nr += !run->staged[i];
	return nr;
}

static void expect_result(struct trial *t, unsigned int at, const char *why,
			  int res)
{
	int got = t->cqe[at] ? t->cqe[at]->res : 0;

	if (got != res)
		violation(t, "P: %s: the result of %u is %d, not %d", why, at,
			  got, res);
}

static bool result_is(const struct trial *t, unsigned int at, int res)
{
	return t->cqe[at] && t->cqe[at]->res == res;
}

/* By the rules of links; what the step got is what counts. */
static enum step_end by_links(struct trial *t, unsigned int at,
			      const struct engine_rule *rule)
{
	const struct io_uring_sqe *sqe = &t->c->sqes[at];
	int res;

	if (!t->cqe[at])
		return sqe->opcode == SPAWNPOL_OP_EXEC ? END_PROGRAM : END_NEXT;
	res = t->cqe[at]->res;
	/* only its own request can be short, and it is not told which it was */
	if (res >= 0 && has_failed(sqe, res))
		return END_UNSURE;
	if (res >= 0 && rule && rule->sets_result &&
	    sqe->opcode != SPAWNPOL_OP_EXEC)
		return END_NEXT;
	return link_rule(t, at, res);
}

static enum step_end after_submit(struct trial *t, unsigned int at,
				  const struct engine_run *run)
{
	if (!nr_staged(run)) {
		expect_result(t, at, "nothing was staged", -EBADRQC);
		return END_LAST;
	}
	/* no run follows: a program, or past the point where there can be one */
	if (t->c->sqes[at].opcode == SPAWNPOL_OP_EXEC &&
	    (!t->cqe[at] || result_is(t, at, 0)))
		return END_PROGRAM;
	return END_STAGED;
}

static enum step_end after_retry(struct trial *t, unsigned int at)
{
	if (result_is(t, at, -EBADRQC) || result_is(t, at, -ETOOMANYREFS))
		return END_LAST;
	return by_links(t, at, NULL);
}

static enum step_end after_abort(struct trial *t, unsigned int at)
{
	if (t->breakage == BREAK_VERDICT)
		return END_NEXT;
	if (!t->cqe[at] || t->cqe[at]->res >= 0)
		violation(
			t,
			"P: the chain was aborted at %u, which has the result %d",
			at, t->cqe[at] ? t->cqe[at]->res : 0);
	return END_LAST;
}

static enum step_end follow(struct trial *t, unsigned int at,
			    const struct engine_run *run)
{
	const struct engine_rule *rule = rule_of(t->c, run);

	/* what it asked for is dropped; others in the slot pass, too */
	if (rule && rule->verdict == IORING_VERDICT_PASS)
		return by_links(t, at, NULL);
	if (run->delay == -ETOOMANYREFS) {
		expect_result(t, at, "the delay is too long", -ETOOMANYREFS);
		return END_LAST;
	}
	switch (rule ? rule->verdict : IORING_VERDICT_CONTINUE) {
	case IORING_VERDICT_RETRY:
		return after_retry(t, at);
	case IORING_VERDICT_SKIP:
		return END_NEXT;
	case IORING_VERDICT_SUBMIT:
		return after_submit(t, at, run);
	case IORING_VERDICT_ABORT:
		return after_abort(t, at);
	default:
		return by_links(t, at, rule);
	}
}

enum step_end judge_verdict(struct trial *t, const struct chain *chain,
			    unsigned int at)
{
	const struct engine_run *last = NULL;
	unsigned int i;

	if (!log_is_whole(t))
		return END_UNSURE;
	for (i = 0; i < t->seen->runs; i++)
		if (is_for(nth_run(t, i), chain, at) &&
		    nth_run(t, i)->ctx.event != IORING_POLICY_EXECED)
			last = nth_run(t, i);
	return last ? follow(t, at, last) : by_links(t, at, NULL);
}

/* It is told, and not asked. */
static void judge_execed(struct trial *t, const struct engine_run *run)
{
	if (nr_staged(run) || !run->result || !run->delay)
		violation(
			t,
			"O4: after EXEC, a policy could do something for %llu",
			(unsigned long long)run->ctx.cookie);
}

/* Those who want to know are told of a program, and of nothing else. */
void judge_told(struct trial *t, const struct chain *chain, bool program)
{
	unsigned int i, nr = 0;
	bool asked;

	if (!chain->policy || chain->concurrent || !log_is_whole(t))
		return;
	for (i = 0; i < t->seen->runs; i++)
		nr += is_of(nth_run(t, i), chain) &&
		      nth_run(t, i)->ctx.event == IORING_POLICY_EXECED;
	asked = chain->policy->events & IORING_POLICY_EXECED;
	if (nr != (program && asked))
		violation(
			t,
			"O4: a policy was told %u times that %u has %s program",
			nr, chain->clone, program ? "a" : "no");
}

static void judge_run(struct trial *t, const struct chain *chain,
		      const struct engine_run *run)
{
	pid_t pid = clone_pid(t, chain);
	uint32_t asked = IORING_POLICY_FAILED | IORING_POLICY_STAGED;

	if (!chain->policy) {
		violation(t, "P1: CLONE %u has no policy, but one ran",
			  chain->clone);
		return;
	}
	if (run->ctx.event & ~(asked | chain->policy->events))
		violation(t, "P2: nobody asked for event %s",
			  event_name(run->ctx.event));
	if (run->ctx.event == IORING_POLICY_EXECED)
		judge_execed(t, run);
	if (run->ctx.event != IORING_POLICY_CLONE && pid && run->ctx.pid != pid)
		violation(t, "P2: the policy saw pid %d, CLONE's is %d",
			  run->ctx.pid, pid);
}

/*
 * Each run but two for a step, and two for the chain, costs a request of the budget.
 * So do not those for misses: a search has them anew each time.
 */
void judge_runs(struct trial *t, const struct chain *chain)
{
	unsigned int i, nr = 0, most;

	if (!log_is_whole(t))
		return;
	for (i = 0; i < t->seen->runs; i++) {
		if (!is_of(nth_run(t, i), chain))
			continue;
		nr++;
		judge_run(t, chain, nth_run(t, i));
	}
	if (!chain->policy)
		return;
	most = 2 * (chain->last - chain->step + 1) + chain->policy->max_issues +
	       2 + chain->misses * (chain->policy->max_issues + 1);
	if (nr > most)
		violation(
			t,
			"P9: the policy of CLONE %u ran %u times, not %u at most",
			chain->clone, nr, most);
}
