// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Running an actor's program without a ring; requests that would be in flight are kept
 * here.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor_dry_run.h"
#include "actor_situation.h"
#include "kernel.h"
#include "op_names.h"

struct actor_run *actor_run_new(void)
{
	struct actor_run *run = calloc(1, sizeof(*run));

	if (run)
		run->last = &run->runs[0];
	return run;
}

static struct actor_request *find_request(struct actor_run *run,
					  const struct actor_situation *s)
{
	struct actor_request *r = run->requests;

	for (; r < run->requests + run->nr_requests; r++)
		if (r->opcode == s->ctx.opcode &&
		    (!actor_situation_has_tag(s) || r->tag == s->ctx.tag))
			return r;
	return NULL;
}

/* Is there a request staged that can have this completion? */
static void check_completion(struct actor_run *run, const struct actor_situation *s)
{
	if (!run->known || s->ctx.event != IORING_ACTOR_CQE)
		return;
	/* a notification is told as a NOP, of whichever send it is */
	if (s->ctx.cqe_flags & IORING_CQE_F_NOTIF || find_request(run, s))
		return;
	if (!actor_situation_has_tag(s))
		snprintf(run->impossible, sizeof(run->impossible),
			 "no %s is in flight; try: a request that the program has staged",
			 op_name(s->ctx.opcode));
	else
		snprintf(run->impossible, sizeof(run->impossible),
			 "no %s with the tag 0x%llx is in flight; try: without tag=",
			 op_name(s->ctx.opcode), (unsigned long long)s->ctx.tag);
}

static void check_order(struct actor_run *run, const struct actor_situation *s)
{
	run->impossible[0] = 0;
	if (!s->then)
		return;
	if (run->ended)
		snprintf(run->impossible, sizeof(run->impossible),
			 "the actor has ended: its verdict before was end");
	else if (run->last->verdict == IORING_ACTOR_WAIT && run->known &&
		 !run->nr_requests)
		snprintf(run->impossible, sizeof(run->impossible),
			 "the actor has ended with EDEADLK: it waited with nothing in flight");
	else if (s->ctx.event == IORING_ACTOR_CANCEL && run->cancelled)
		snprintf(run->impossible, sizeof(run->impossible),
			 "the actor was cancelled before; try: then cqe");
	else
		check_completion(run, s);
}

/* Its last completion is told now; of the tag, if that is left open, the kernel knows. */
static void take_request(struct actor_run *run, const struct actor_situation *s,
			 struct bpf_iouring_op_ctx *ctx)
{
	struct actor_request *r = find_request(run, s);

	if (!r || ctx->event != IORING_ACTOR_CQE)
		return;
	if (!actor_situation_has_tag(s))
		ctx->tag = r->tag;
	if (ctx->cqe_flags & IORING_CQE_F_MORE)
		return;
	run->nr_requests--;
	memmove(r, r + 1, (run->requests + run->nr_requests - r) * sizeof(*r));
}

static uint32_t room(const struct bpf_iouring_op_ctx *ctx)
{
	const struct io_uring_spawn_query *q = kernel_query();
	uint32_t left;

	if (ctx->flags & IORING_ACTOR_F_CANCELLED || ctx->in_flight >= q->def_in_flight)
		return 0;
	left = q->def_in_flight - ctx->in_flight;
	return left < q->max_op_staged ? left : q->max_op_staged;
}

/* What the kernel would fill in, where the situation leaves it open. */
static void make_context(struct actor_run *run, const struct actor_situation *s,
			 struct bpf_iouring_op_ctx *ctx)
{
	const struct bpf_iouring_op_ctx before = run->ctx;

	memset(ctx, 0, sizeof(*ctx));
	if (s->then) {
		memcpy(ctx->args, before.args, sizeof(ctx->args));
		ctx->user_data = before.user_data;
		ctx->ring_id = before.ring_id;
	}
	ctx->event = s->ctx.event;
	ctx->flags = s->ctx.flags;
	ctx->opcode = s->ctx.opcode;
	ctx->res = s->ctx.res;
	actor_situation_fill(s, ctx);
	run->cancelled |= ctx->event == IORING_ACTOR_CANCEL;
	if (run->cancelled)
		ctx->flags |= IORING_ACTOR_F_CANCELLED;
	take_request(run, s, ctx);
	if (!actor_situation_has_in_flight(s))
		ctx->in_flight = run->nr_requests;
	if (!actor_situation_has_room(s))
		ctx->room = room(ctx);
}

/* What the run has staged is in flight from now on, if it waits. */
static void add_requests(struct actor_run *run)
{
	const struct spawnpol_actor_dry_run *last = run->last;
	struct io_uring_sqe sqe;

	if (last->verdict != IORING_ACTOR_WAIT)
		return;
	for (unsigned int i = 0; i < last->nr_staged; i++) {
		if (run->nr_requests == ACTOR_MAX_REQUESTS)
			return;
		memcpy(&sqe, last->staged[i].sqe, sizeof(sqe));
		run->requests[run->nr_requests++] = (struct actor_request) {
			.opcode = sqe.opcode,
			.tag = sqe.user_data,
		};
	}
}

static void begin(struct actor_run *run, const struct actor_situation *s)
{
	run->known = s->ctx.event == IORING_ACTOR_START;
	run->ended = false;
	run->cancelled = false;
	run->nr_requests = 0;
	memset(&run->ctx, 0, sizeof(run->ctx));
}

int actor_run(struct actor_run *run, int prog_fd, const struct actor_situation *s)
{
	struct spawnpol_actor_dry_run *next;
	struct bpf_iouring_op_ctx ctx;
	const void *state = NULL;
	size_t size = 0;
	int ret;

	next = run->last == &run->runs[0] ? &run->runs[1] : &run->runs[0];
	if (s->nr_state) {
		state = s->state;
		size = s->nr_state * sizeof(s->state[0]);
	} else if (s->then) {
		state = run->last->state;
		size = run->last->state_size;
	}
	if (!s->then)
		begin(run, s);
	check_order(run, s);
	make_context(run, s, &ctx);
	ret = spawnpol_actor_dry_run(prog_fd, &ctx, state, size, next);
	if (ret)
		return ret;
	run->ctx = ctx;
	run->last = next;
	run->ended |= next->verdict == IORING_ACTOR_END;
	add_requests(run);
	return 0;
}

int actor_run_fails(const struct actor_run *run)
{
	if (run->last->verdict == IORING_ACTOR_WAIT && !run->ctx.in_flight &&
	    !run->last->nr_staged)
		return run->cancelled ? 0 : EDEADLK;
	return 0;
}

uint64_t actor_run_state(const struct actor_run *run, unsigned int nr)
{
	const struct spawnpol_actor_dry_run *last = run->last;
	const size_t at = nr * sizeof(uint64_t);
	uint64_t word = 0;
	size_t left;

	if (at >= last->state_size)
		return 0;
	left = last->state_size - at;
	memcpy(&word, (const char *)last->state + at,
	       left < sizeof(word) ? left : sizeof(word));
	return word;
}

unsigned int actor_run_nr_state(const struct actor_run *run)
{
	unsigned int nr = (run->last->state_size + 7) / sizeof(uint64_t);

	while (nr && !actor_run_state(run, nr - 1))
		nr--;
	return nr;
}
