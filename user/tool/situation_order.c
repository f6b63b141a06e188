// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which situations can follow each other in one chain, and what a policy is asked
 * about.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dry_run.h"
#include "kernel.h"
#include "names.h"
#include "situation.h"
#include "situation_rules.h"

#define ALWAYS	(IORING_POLICY_FAILED | IORING_POLICY_STAGED)
#define BEFORE	(IORING_POLICY_BEFORE_STEP | IORING_POLICY_BEFORE_EXEC)
/* There is something to go on with. */
#define GOES_ON	(BEFORE | IORING_POLICY_MISS)

struct order {
	const struct dry_run *before;
	const struct situation *s;
	const struct bpf_iouring_ctx *next;
	char *text;
	size_t size;
};

/* Returns true, for the callers to hand on. */
__attribute__((format(printf, 2, 3)))
static bool wrong(const struct order *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(o->text, o->size, fmt, ap);
	va_end(ap);
	return true;
}

/* The constant of spawnpol_policy.h for an event that can be asked for. */
static const char *constant(uint32_t event)
{
	switch (event) {
	case IORING_POLICY_BEFORE_STEP:
		return "IORING_POLICY_BEFORE_STEP";
	case IORING_POLICY_BEFORE_EXEC:
		return "IORING_POLICY_BEFORE_EXEC";
	case IORING_POLICY_DONE:
		return "IORING_POLICY_DONE";
	case IORING_POLICY_MISS:
		return "IORING_POLICY_MISS";
	case IORING_POLICY_EXECED:
		return "IORING_POLICY_EXECED";
	default:
		return "IORING_POLICY_CLONE";
	}
}

static bool not_asked(const struct order *o)
{
	const uint32_t event = o->next->event;
	char asked[64];

	if (event & (o->before->events | ALWAYS))
		return false;
	event_list(o->before->events & ~ALWAYS, asked, sizeof(asked));
	return wrong(o, "the kernel never asks this policy about %s: it asks for %s; try: SPAWNPOL_EVENTS(%s) in the policy, or --events %s here and at attach",
		     event_name(event), *asked ? asked : "no events",
		     constant(event), event_name(event));
}

static bool impossible(const struct order *o)
{
	const struct bpf_iouring_ctx *n = o->next;

	if (o->s->ctx.flags & ~n->flags & IORING_POLICY_F_CAN_RETRY)
		return wrong(o, "%s cannot be issued twice; try: without flags=can-retry",
			     step_name(n->opcode, n->cmd));
	if (n->opcode == kernel_query()->op_exec && !o->before->data.name)
		return wrong(o, "an exec has a name; try: name=PROGRAM");
	return false;
}

/* --- what was staged --------------------------------------------------------------- */

static bool is_request(const struct bpf_iouring_test_staged *staged,
		       uint32_t opcode, uint32_t cmd)
{
	const struct io_uring_spawn_query *q = kernel_query();
	struct io_uring_sqe sqe;

	if (staged->kind != IORING_STAGED_SQE)
		return opcode == q->op_exec;
	memcpy(&sqe, staged->sqe, sizeof(sqe));
	return sqe.opcode == opcode && (opcode != q->op_child || sqe.len == cmd);
}

static bool was_staged(const struct dry_run *run, const struct bpf_iouring_ctx *n)
{
	for (unsigned int i = 0; i < run->result.nr_staged; i++)
		if (is_request(&run->staged[i], n->staged_opcode, n->staged_cmd))
			return true;
	return false;
}

static bool wrong_staged(const struct order *o)
{
	const struct bpf_iouring_ctx *n = o->next;

	if (!was_staged(o->before, n))
		return wrong(o, "the policy has not staged %s; try: without request=",
			     step_name(n->staged_opcode, n->staged_cmd));
	if (n->res >= 0 && n->staged_opcode == kernel_query()->op_exec)
		return wrong(o, "the event of a staged exec that has succeeded is execed; try: execed %s, or staged %s:ERRNO",
			     step_name(n->opcode, n->cmd),
			     step_name(n->opcode, n->cmd));
	return false;
}

/* What follows SUBMIT: how what was staged has ended. */
static bool wrong_outcome(const struct order *o)
{
	const struct dry_run *b = o->before;

	if (o->next->event == IORING_POLICY_STAGED)
		return false;
	if (o->next->event != IORING_POLICY_EXECED)
		return wrong(o, "after submit, staged is the next event; try: then staged %s:ERRNO",
			     step_name(b->ctx.opcode, b->ctx.cmd));
	for (unsigned int i = 0; i < b->result.nr_staged; i++)
		if (is_request(&b->staged[i], kernel_query()->op_exec, 0))
			return false;
	return wrong(o, "the policy has staged no exec that could have succeeded; try: then staged %s",
		     step_name(b->ctx.opcode, b->ctx.cmd));
}

/* Of the last exec, where the situation says it: a directory of the list that was staged. */
static bool wrong_search(const struct order *o)
{
	const struct bpf_iouring_test_staged *search = dry_run_search(o->before);
	const int32_t at = o->next->search_offset;

	if (!situation_has_search(o->s) || at < 0)
		return false;
	if (!search)
		return wrong(o, "the policy has not staged a search; try: without search_offset=");
	/* of a longer list it is not known */
	if (at && at < (int)sizeof(search->path) - 1 &&
	    (memchr(search->path, 0, at) || search->path[at - 1] != ':'))
		return wrong(o, "no directory of the search begins at %d; try: without search_offset=",
			     at);
	return false;
}

/* --- which step is next ------------------------------------------------------------ */

static bool step_is_over(const struct dry_run *run)
{
	return run->verdict == IORING_VERDICT_SKIP ||
	       (dry_run_leaves(run) && !(run->ctx.event & GOES_ON));
}

/* Has the step at hand failed, when its policy has no more to say? */
static bool has_failed(const struct dry_run *run)
{
	if (run->verdict == IORING_VERDICT_SKIP ||
	    run->ctx.event == IORING_POLICY_DONE)
		return false;
	if (run->result.flags & IORING_TEST_RESULT)
		return run->result.result < 0;
	return run->ctx.event == IORING_POLICY_FAILED || run->ctx.res < 0;
}

static bool chain_has_ended(const struct order *o)
{
	const struct dry_run *b = o->before;

	if (b->ctx.event == IORING_POLICY_EXECED)
		return wrong(o, "the chain has ended: the program runs");
	if (dry_run_fails(b))
		return wrong(o, "the chain has ended: the verdict before could not be followed");
	if (b->verdict == IORING_VERDICT_ABORT)
		return wrong(o, "the chain has ended by the abort before");
	if (b->ctx.event == IORING_POLICY_CLONE && dry_run_leaves(b))
		return wrong(o, "the chain has ended: there is no child");
	if (step_is_over(b) && b->ctx.flags & IORING_POLICY_F_LAST)
		return wrong(o, "the chain has ended: the step before was the last");
	if (step_is_over(b) && has_failed(b) &&
	    !(b->ctx.flags & IORING_POLICY_F_HARDLINK))
		return wrong(o, "the chain has ended by the failure before; try: flags=hardlink there, or begin a new chain without 'then'");
	return false;
}

static bool wrong_step(const struct order *o)
{
	const struct bpf_iouring_ctx *b = &o->before->ctx, *n = o->next;

	if (n->step < b->step)
		return wrong(o, "steps run in order, and this one came before; try: step=%u or more",
			     b->step);
	if (n->step > b->step) {
		if (b->opcode != kernel_query()->op_exec || step_is_over(o->before))
			return false;
		return wrong(o, "an exec that is issued fails, which is an event, or ends the chain; try: then failed exec:ERRNO first");
	}
	if (n->opcode != b->opcode || n->cmd != b->cmd)
		return wrong(o, "step %u is %s; try: another step=", b->step,
			     step_name(b->opcode, b->cmd));
	if (step_is_over(o->before))
		return wrong(o, "the verdict %s before has ended step %u; try: without step=",
			     verdict_name(o->before->verdict), b->step);
	if (n->event & BEFORE)
		return wrong(o, "step %u has begun before; try: without step=",
			     b->step);
	return false;
}

static bool wrong_order(const struct order *o)
{
	const struct dry_run *b = o->before;
	const struct bpf_iouring_ctx *n = o->next;
	const bool submitted = b->verdict == IORING_VERDICT_SUBMIT;

	if (!o->s->then)
		return false;
	if (chain_has_ended(o))
		return true;
	if (b->ctx.event == IORING_POLICY_CLONE)
		return false;
	if (n->event == IORING_POLICY_CLONE)
		return wrong(o, "there is a child already; try: without 'then'");
	if (submitted && wrong_outcome(o))
		return true;
	if (!submitted && n->event == IORING_POLICY_STAGED)
		return wrong(o, "nothing was submitted: the verdict before is %s",
			     verdict_name(b->verdict));
	if (wrong_step(o))
		return true;
	if (!submitted)
		return false;
	return (n->event == IORING_POLICY_STAGED && wrong_staged(o)) || wrong_search(o);
}

void situation_order(const struct dry_run *before, const struct situation *s,
		     const struct bpf_iouring_ctx *next, char *text, size_t size)
{
	const struct order o = { before, s, next, text, size };

	*text = 0;
	if (!not_asked(&o) && !impossible(&o))
		wrong_order(&o);
}
