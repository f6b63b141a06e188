// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A model of docs/abi.md, sections 2 and 3: given the results of the steps that
 * ran, which did not.
 */
#include "judge.h"
#include "world.h"

#include <string.h>
#include <sys/uio.h>

#define NOP_INJECT_RESULT 1
#define OP_FTRUNCATE 55
#define MAX_RW_COUNT 0x7ffff000L

static bool is_silent(const struct io_uring_sqe *sqe)
{
	return sqe->flags & IOSQE_CQE_SKIP_SUCCESS;
}

static long vector_size(const struct io_uring_sqe *sqe)
{
	const struct iovec *vec = (void *)sqe->addr;
	long size = 0;
	unsigned int i;

	if (sqe->addr < ARENA_BASE || sqe->addr >= BUFFER)
		return 0;
	for (i = 0; i < sqe->len; i++)
		size += vec[i].iov_len;
	return size;
}

/* How much a transfer is to move, or -1 if it is none. */
static long wanted(const struct io_uring_sqe *sqe)
{
	switch (sqe->opcode) {
	case IORING_OP_READ:
	case IORING_OP_WRITE:
	case IORING_OP_READ_FIXED:
	case IORING_OP_WRITE_FIXED:
		return sqe->len < MAX_RW_COUNT ? sqe->len : MAX_RW_COUNT;
	case IORING_OP_READV:
	case IORING_OP_WRITEV:
		return vector_size(sqe);
	case IORING_OP_SPLICE:
	case IORING_OP_TEE:
		return sqe->len;
	default:
		return -1;
	}
}

bool has_failed(const struct io_uring_sqe *sqe, int res)
{
	return res < 0 || (wanted(sqe) >= 0 && res != wanted(sqe));
}

bool searches_on(int error)
{
	return error == -EACCES || error == -ENOENT || error == -ENOTDIR ||
	       error == -ESTALE || error == -ENODEV || error == -ETIMEDOUT;
}

static bool forgives(const struct trial *t, const struct io_uring_sqe *sqe,
		     int res)
{
	if (sqe->opcode == SPAWNPOL_OP_EXEC && sqe->ioprio & IORING_EXEC_SEARCH)
		return searches_on(res);
	if (t->breakage == BREAK_HARDLINK)
		return false;
	return sqe->flags & IOSQE_IO_HARDLINK;
}

/* Has anything linked behind it been run? */
static bool goes_on(const struct trial *t, unsigned int at)
{
	for (; at + 1 < t->c->nr_sqes && is_linked(&t->c->sqes[at]); at++)
		if (t->cqe[at + 1] && t->cqe[at + 1]->res != -ECANCELED)
			return true;
	return false;
}

/* May anything linked behind it have run and not told? */
static bool hides_something(const struct trial *t, unsigned int at)
{
	for (; at + 1 < t->c->nr_sqes && is_linked(&t->c->sqes[at]); at++)
		if (!t->cqe[at + 1])
			return true;
	return false;
}

/*
 * Behind its point of no return a failed EXEC is the end, whatever link is behind
 * it. Searching does not go on there: the file has been found.
 */
static enum step_end forgiven(const struct trial *t, unsigned int at, int res)
{
	if (t->c->sqes[at].opcode != SPAWNPOL_OP_EXEC || searches_on(res) ||
	    goes_on(t, at))
		return END_NEXT;
	/* a policy may have set the results of all that ran behind it */
	if (t->c->nr_rules || hides_something(t, at))
		return END_UNSURE;
	return END_LAST;
}

enum step_end link_rule(struct trial *t, unsigned int at, int res)
{
	const struct io_uring_sqe *sqe = &t->c->sqes[at];

	if (sqe->opcode == SPAWNPOL_OP_EXEC && !res)
		return END_PROGRAM;
	if (!has_failed(sqe, res))
		return END_NEXT;
	return forgives(t, sqe, res) ? forgiven(t, at, res) : END_LAST;
}

/* There was no child. Silent requests have all a CQE, or none has one. */
static void judge_refused(struct trial *t, const struct chain *chain)
{
	unsigned int at, silent = 0, posted = 0;

	for (at = chain->step; at <= chain->last; at++) {
		if (is_silent(&t->c->sqes[at])) {
			if (t->cqe[at])
				posted++;
			else
				silent++;
		}
		if (t->cqe[at] && t->cqe[at]->res >= 0)
			violation(t,
				  "S4: without a child, the result of %u is %d",
				  at, t->cqe[at]->res);
	}
	if (silent && posted)
		violation(
			t,
			"S11: of the silent steps of CLONE %u, %u have a CQE and %u do not",
			chain->clone, posted, silent);
}

static void judge_order(struct trial *t, const struct chain *chain)
{
	const struct seen_cqe *before = t->cqe[chain->clone];
	unsigned int at;

	for (at = chain->step; at <= chain->last; at++) {
		if (!t->cqe[at])
			continue;
		if (before && t->cqe[at] < before)
			violation(t, "S11: the CQE of %u came too early", at);
		before = t->cqe[at];
	}
}

static bool reaped(const struct trial *t, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < t->seen->nr_reaped; i++)
		if (t->seen->reaped[i].pid == pid)
			return true;
	return false;
}

pid_t clone_pid(const struct trial *t, const struct chain *chain)
{
	const struct seen_cqe *clone = t->cqe[chain->clone];
	struct kept_use use;

	if (!clone ||
	    (kept_use(t->c, chain->clone, &use) && use.flags & IORING_CLONE_KEEP))
		return 0;
	return clone->res;
}

static void judge_program(struct trial *t, const struct chain *chain,
			  bool program)
{
	pid_t pid = clone_pid(t, chain);

	if (!pid)
		return;
	if (program && !reaped(t, pid))
		violation(
			t,
			"S9: child %d of CLONE %u became a program, but did not end as one",
			pid, chain->clone);
	if (!program && reaped(t, pid))
		violation(
			t,
			"S9: child %d of CLONE %u is no program, but was waited for",
			pid, chain->clone);
}

/* Did it say so itself? Otherwise, -ECANCELED means that it was the end. */
static bool own_cancel(const struct io_uring_sqe *sqe)
{
	return sqe->opcode == IORING_OP_NOP &&
	       sqe->rw_flags & NOP_INJECT_RESULT &&
	       sqe->len == (uint32_t)-ECANCELED;
}

enum step_end judge_step(struct trial *t, const struct chain *chain,
			 unsigned int at)
{
	enum step_end end;
	int res;

	if (chain->policy) {
		end = chain->concurrent ? END_UNSURE
					: judge_verdict(t, chain, at);
		if (end == END_UNSURE && t->cqe[at] && !t->cqe[at]->res &&
		    t->c->sqes[at].opcode == SPAWNPOL_OP_EXEC)
			return END_PROGRAM;
		return end;
	}
	if (!t->cqe[at]) {
		if (chain->concurrent)
			return END_UNSURE;
		/* no CQE is a success */
		return t->c->sqes[at].opcode == SPAWNPOL_OP_EXEC ? END_PROGRAM
								 : END_NEXT;
	}
	res = t->cqe[at]->res;
	if (chain->concurrent && res == -ECANCELED &&
	    !own_cancel(&t->c->sqes[at]))
		return END_LAST;
	return link_rule(t, at, res);
}

/* Behind the end there are no results but this, and no runs of the policy. */
static void judge_rest(struct trial *t, const struct chain *chain,
		       unsigned int at, unsigned int end_at)
{
	int res = t->cqe[at] ? t->cqe[at]->res : -ECANCELED;

	if (res != -ECANCELED)
		violation(
			t,
			"S7: the chain of CLONE %u ended at %u, but the result of %u is %d",
			chain->clone, end_at, at, res);
	if (count_runs(t, chain, at))
		violation(
			t,
			"S8: the chain of CLONE %u ended at %u, but a policy ran for %u",
			chain->clone, end_at, at);
}

/* Whether it is the EXEC that a staged one at an earlier step stood in for. */
static bool is_stood_in_for(struct trial *t, unsigned int end_at,
			    unsigned int at)
{
	unsigned int i;

	if (t->c->sqes[at].opcode != SPAWNPOL_OP_EXEC)
		return false;
	for (i = end_at; i < at; i++)
		if (t->c->sqes[i].opcode == SPAWNPOL_OP_EXEC)
			return false;
	return !t->cqe[at] || !t->cqe[at]->res;
}

/*
 * An EXEC that is staged as an SQE of the policy's own stands in for none, if no
 * EXEC is at hand: no CQE tells of the program.
 */
static bool may_start_unseen(const struct fuzz_case *c)
{
	const struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < c->nr_rules; i++) {
		sqe = (const void *)c->rules[i].sqe;
		if (c->rules[i].stage == ENGINE_STAGE_SQE &&
		    sqe->opcode == SPAWNPOL_OP_EXEC)
			return true;
	}
	return false;
}

static void judge_steps(struct trial *t, const struct chain *chain)
{
	enum step_end end = END_NEXT, now;
	unsigned int at, end_at = 0;
	bool unsure = may_start_unseen(t->c), program = false;

	for (at = chain->step; at <= chain->last; at++) {
		if (end == END_STAGED && is_stood_in_for(t, end_at, at)) {
			unsure |= !t->cqe[at];
			program = t->cqe[at];
			continue;
		}
		if (end != END_NEXT) {
			judge_rest(t, chain, at, end_at);
			continue;
		}
		now = judge_step(t, chain, at);
		unsure |= now == END_UNSURE;
		if (now != END_NEXT && now != END_UNSURE) {
			end = now;
			end_at = at;
			program = now == END_PROGRAM;
			t->silent_exec |= program && !t->cqe[at];
		}
	}
	if (unsure)
		t->silent_exec = true;
	/* the EXEC's own word is always enough */
	if (!unsure || (program && t->cqe[end_at] && !t->cqe[end_at]->res)) {
		judge_program(t, chain, program);
		judge_told(t, chain, program);
	}
}

void judge_chain(struct trial *t, const struct chain *chain)
{
	const struct seen_cqe *clone = t->cqe[chain->clone];
	const struct io_uring_sqe *sqe = &t->c->sqes[chain->clone];

	if (!clone && !is_silent(sqe))
		return; /* said already */
	if (clone)
		judge_kept_clone(t, chain->clone, chain->concurrent);
	if (clone && clone->res < 0) {
		judge_refused(t, chain);
		return;
	}
	if (!clone && chain->first < chain->clone) {
		t->silent_exec =
			true; /* what is before it may have failed silently */
		return;
	}
	if (sqe->rw_flags & IORING_CLONE_NEED_POLICY && !chain->policy)
		violation(t, "P1: CLONE %u needs a policy and has none",
			  chain->clone);
	judge_order(t, chain);
	judge_runs(t, chain);
	judge_steps(t, chain);
}
