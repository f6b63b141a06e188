// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether what was seen of a case is what docs/abi.md says: each request has
 * its CQE, here; the chains, in judge_chain.c.
 */
#include "judge.h"
#include "whole_model.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#define MARK 42 /* the status of the program */

void violation(struct trial *t, const char *fmt, ...)
{
	va_list args;

	t->violations++;
	fprintf(t->to, "VIOLATION: ");
	va_start(args, fmt);
	vfprintf(t->to, fmt, args);
	va_end(args);
	fprintf(t->to, "\n");
}

static bool posts_staged(const struct fuzz_case *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_rules; i++)
		if (c->rules[i].post)
			return true;
	return false;
}

static void judge_cqe(struct trial *t, const struct seen_cqe *cqe)
{
	const struct fuzz_case *c = t->c;

	/* a zero-copy request has that, even if it was refused as a step */
	if (cqe->flags & IORING_CQE_F_NOTIF)
		return;
	if (cqe->flags & SPAWNPOL_CQE_F_STAGED) {
		if (!posts_staged(c))
			violation(
				t,
				"S11: a CQE of a staged request that none asked for");
		return;
	}
	if (cqe->user_data >= ACTION_DATA &&
	    cqe->user_data <= ACTION_DATA + MAX_ACTIONS)
		return;
	if (cqe->user_data >= c->nr_sqes) {
		violation(t, "S11: a CQE for user_data %lu, which is nobody's",
			  cqe->user_data);
		return;
	}
	if (!t->seen->accepted[cqe->user_data])
		violation(t, "S11: a CQE for request %lu, which was not taken",
			  cqe->user_data);
	if (t->cqe[cqe->user_data] && !c->noise[cqe->user_data])
		violation(t, "S11: a second CQE for request %lu: %d, %d",
			  cqe->user_data, t->cqe[cqe->user_data]->res,
			  cqe->res);
	t->cqe[cqe->user_data] = cqe;
}

static void judge_results(struct trial *t, unsigned int at)
{
	const struct io_uring_sqe *sqe = &t->c->sqes[at];
	int res = t->cqe[at]->res;

	if (sqe->opcode == SPAWNPOL_OP_EXEC && res > 0)
		violation(t, "the result of EXEC %u is %d", at, res);
	if (sqe->opcode == SPAWNPOL_OP_CLONE && res == 0)
		violation(t, "the result of CLONE %u is 0", at);
	if (res < -4095 && sqe->opcode != IORING_OP_NOP)
		violation(t, "the result of %u is %d", at, res);
}

static void judge_requests(struct trial *t)
{
	const struct fuzz_case *c = t->c;
	unsigned int i;

	for (i = 0; i < t->seen->nr_cqes; i++)
		judge_cqe(t, &t->seen->cqes[i]);
	for (i = 0; i < c->nr_sqes; i++) {
		if (t->cqe[i])
			judge_results(t, i);
		else if (!t->seen->closed && t->seen->accepted[i] &&
			 !c->noise[i] &&
			 !(c->sqes[i].flags & IOSQE_CQE_SKIP_SUCCESS))
			violation(t, "S11: no CQE for request %u", i);
	}
}

static bool can_cancel(const struct fuzz_case *c)
{
	unsigned int i;

	if (c->nr_actions)
		return true;
	for (i = 0; i < c->nr_sqes; i++)
		if (c->noise[i] && c->sqes[i].opcode == IORING_OP_ASYNC_CANCEL)
			return true;
	return false;
}

const struct policy_link *policy_of(const struct fuzz_case *c,
				    const struct io_uring_sqe *clone)
{
	unsigned int i;

	for (i = 0; i < c->nr_links; i++)
		if (c->links[i].slot == clone->file_index)
			return &c->links[i];
	return NULL;
}

/* The chain that begins there; false if no CLONE is in it. */
static bool find_chain(const struct trial *t, unsigned int first,
		       struct chain *chain)
{
	const struct fuzz_case *c = t->c;
	unsigned int at = first;

	memset(chain, 0, sizeof(*chain));
	chain->first = first;
	while (is_linked(&c->sqes[at]) && at + 1 < c->nr_sqes &&
	       t->seen->accepted[at + 1] &&
	       t->seen->batch[at + 1] == t->seen->batch[at])
		at++;
	chain->last = at;
	chain->concurrent = can_cancel(c);
	for (at = first; at <= chain->last; at++)
		if (c->sqes[at].opcode == SPAWNPOL_OP_CLONE)
			break;
	if (at > chain->last)
		return false;
	chain->clone = at;
	chain->step = at + 1;
	if (chain->step <= chain->last &&
	    c->sqes[chain->step].opcode == IORING_OP_LINK_TIMEOUT) {
		chain->has_deadline = true;
		chain->step++;
	}
	chain->policy = policy_of(c, &c->sqes[chain->clone]);
	chain->concurrent |= chain->has_deadline;
	return true;
}

static void judge_wholes(struct trial *t, const struct chain *chain)
{
	unsigned int at;

	for (at = chain->first; at <= chain->last; at++)
		if (is_whole(t->c, at) && t->seen->accepted[at])
			judge_whole(t, at, chain);
}

static void judge_chains(struct trial *t)
{
	struct chain chain;
	unsigned int at;

	for (at = 0; at < t->c->nr_sqes; at = chain.last + 1) {
		chain.last = at;
		if (!t->seen->accepted[at])
			continue;
		if (find_chain(t, at, &chain))
			judge_chain(t, &chain);
		else
			judge_wholes(t, &chain);
	}
}

static bool limits(const struct io_uring_sqe *sqe)
{
	return sqe->opcode == SPAWNPOL_OP_CHILD &&
	       sqe->len == IORING_CHILD_RLIMIT;
}

static bool whole_limits(const struct fuzz_case *c, unsigned int at)
{
	static struct whole w;
	unsigned int i;

	if (!is_whole(c, at))
		return false;
	whole_read(c, at, &w);
	for (i = 0; i < w.nr_steps; i++)
		if (w.steps[i].cmd == IORING_CHILD_RLIMIT)
			return true;
	return false;
}

/* Has anything in the case the right to kill a program? */
static bool may_be_killed(const struct trial *t)
{
	const struct fuzz_case *c = t->c;
	unsigned int i;

	if (t->seen->killed)
		return true;
	for (i = 0; i < c->nr_actions; i++)
		if (c->actions[i].kind == ACTION_KILL)
			return true;
	for (i = 0; i < c->nr_sqes; i++)
		if (limits(&c->sqes[i]) || whole_limits(c, i))
			return true;
	for (i = 0; i < c->nr_rules; i++)
		if (limits((const void *)c->rules[i].sqe))
			return true;
	return false;
}

/* As CQEs have it. */
static unsigned int count_programs(const struct trial *t)
{
	unsigned int i, nr = 0;

	for (i = 0; i < t->c->nr_sqes; i++) {
		if (!t->cqe[i])
			continue;
		if (t->c->sqes[i].opcode == SPAWNPOL_OP_EXEC)
			nr += !t->cqe[i]->res;
		else if (is_whole(t->c, i))
			nr += t->cqe[i]->res > 0 && whole_has_program(t->c, i);
	}
	return nr;
}

/* Programs end with their mark, or by a signal: a step's limit, or a case's kill. */
static void judge_children(struct trial *t)
{
	const struct seen *seen = t->seen;
	unsigned int i, programs = count_programs(t);
	int status;

	for (i = 0; i < seen->nr_reaped; i++) {
		status = seen->reaped[i].status;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
		    !may_be_killed(t))
			violation(t, "S15: the program %d was killed",
				  seen->reaped[i].pid);
		if (!WIFSIGNALED(status) && WEXITSTATUS(status) != MARK)
			violation(t, "process %d ended with status %#x",
				  seen->reaped[i].pid, status);
	}
	if (seen->nr_reaped < programs)
		violation(t, "S9: %u EXECs succeeded, but %u children ended",
			  programs, seen->nr_reaped);
	if (seen->nr_reaped > programs && !t->silent_exec && !seen->closed)
		violation(t,
			  "S9: %u children ended, but only %u EXECs succeeded",
			  seen->nr_reaped, programs);
	if (seen->sigchlds > seen->nr_reaped)
		violation(t, "S9: %u SIGCHLDs, but %u programs", seen->sigchlds,
			  seen->nr_reaped);
	if (seen->left)
		violation(t, "S15: children stay that are no programs");
}

unsigned int case_judge(const struct fuzz_case *c, const struct seen *seen,
			enum breakage breakage, FILE *to)
{
	struct trial t = {
		.c = c, .seen = seen, .breakage = breakage, .to = to
	};

	if (seen->late)
		violation(&t, "S11: CQEs did not come in time");
	judge_requests(&t);
	if (!seen->closed && !seen->late)
		judge_chains(&t);
	judge_children(&t);
	judge_kept_children(&t);
	return t.violations;
}
