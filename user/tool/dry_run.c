// SPDX-License-Identifier: LGPL-2.1-or-later
/* Running a policy without a spawn. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "dry_run.h"
#include "kernel.h"
#include "situation.h"
#include "situation_rules.h"

#define BEFORE	(IORING_POLICY_BEFORE_STEP | IORING_POLICY_BEFORE_EXEC)
/* There is something to go on with. */
#define GOES_ON	(BEFORE | IORING_POLICY_MISS)

_Static_assert(offsetof(struct dry_run, staged) ==
	       offsetof(struct dry_run, result) +
	       sizeof(struct bpf_iouring_test_result),
	       "the kernel writes both as one");

static uint32_t max_staged(void)
{
	return kernel_query()->max_staged ?: 1;
}

struct dry_run *dry_run_new(uint32_t events)
{
	struct dry_run *run;

	run = calloc(1, sizeof(*run) + max_staged() * sizeof(run->staged[0]));
	if (run)
		run->events = events;
	return run;
}

const struct bpf_iouring_test_staged *dry_run_search(const struct dry_run *run)
{
	const struct bpf_iouring_test_staged *last;

	if (run->verdict != IORING_VERDICT_SUBMIT || !run->result.nr_staged)
		return NULL;
	last = &run->staged[run->result.nr_staged - 1];
	return last->kind == IORING_STAGED_SEARCH ? last : NULL;
}

/* The candidates of a search up to the directory at offset. */
static uint32_t candidates(const struct bpf_iouring_test_staged *search, int32_t offset)
{
	uint32_t nr = 1;

	for (int i = 0; i < offset && search->path[i]; i++)
		nr += search->path[i] == ':';
	return nr;
}

/*
 * Where a search has ended: if it is over because nothing was found, with its last
 * directory. (The end of a list of more than 4095 bytes is not known here.)
 */
static int32_t searched_to(const struct bpf_iouring_test_staged *search,
			   const struct bpf_iouring_ctx *ctx)
{
	const char *colon = strrchr(search->path, ':');

	return colon && situation_search_goes_on(ctx->res) ? colon + 1 - search->path : 0;
}

/* Requests that are issued when this run's verdict is followed. */
static uint32_t issued(const struct dry_run *run, const struct bpf_iouring_ctx *ctx)
{
	const struct bpf_iouring_test_staged *search = dry_run_search(run);

	switch (run->verdict) {
	case IORING_VERDICT_RETRY:
		return 1;
	case IORING_VERDICT_SUBMIT:
		return run->result.nr_staged +
		       (search ? candidates(search, ctx->search_offset) - 1 : 0);
	case IORING_VERDICT_CONTINUE:
	case IORING_VERDICT_PASS:
		return run->ctx.event & GOES_ON ? 1 : 0;
	default:
		return 0;
	}
}

/* The request that STAGED tells of: the last one of those that were staged. */
static void last_staged(const struct dry_run *run, struct bpf_iouring_ctx *ctx)
{
	const struct io_uring_spawn_query *q = kernel_query();
	const struct bpf_iouring_test_staged *last;
	struct io_uring_sqe sqe;

	ctx->staged_opcode = ctx->opcode;
	ctx->staged_cmd = ctx->cmd;
	ctx->staged_user_data = ctx->user_data;
	if (run->verdict != IORING_VERDICT_SUBMIT || !run->result.nr_staged)
		return;
	last = &run->staged[run->result.nr_staged - 1];
	if (last->kind != IORING_STAGED_SQE) {
		ctx->staged_opcode = q->op_exec;
		ctx->staged_cmd = 0;
		return;
	}
	memcpy(&sqe, last->sqe, sizeof(sqe));
	ctx->staged_opcode = sqe.opcode;
	ctx->staged_cmd = sqe.opcode == q->op_child ? sqe.len : 0;
	ctx->staged_user_data = sqe.user_data;
}

/* Without a number the same operation is the same step as long as that goes on. */
static bool is_same_step(const struct dry_run *before, const struct situation *s,
			 const struct bpf_iouring_ctx *ctx)
{
	if (!s->then || before->ctx.opcode != ctx->opcode ||
	    before->ctx.cmd != ctx->cmd)
		return false;
	if (situation_has_step(s))
		return before->ctx.step == ctx->step;
	return !(ctx->event & BEFORE) && before->verdict != IORING_VERDICT_SKIP &&
	       (!dry_run_leaves(before) || before->ctx.event & GOES_ON);
}

/* Where the last exec has looked, if that was a search. */
static int32_t search_offset(const struct dry_run *before,
			     const struct bpf_iouring_ctx *ctx)
{
	const struct bpf_iouring_test_staged *search = dry_run_search(before);

	if (ctx->event == IORING_POLICY_MISS)
		return 0;
	if (search && ctx->event & (IORING_POLICY_STAGED | IORING_POLICY_EXECED))
		return searched_to(search, ctx);
	return -1;
}

/* What the kernel would fill in, where the situation leaves it open. */
static void fill_in(const struct dry_run *before, const struct situation *s,
		    struct bpf_iouring_ctx *ctx)
{
	const bool same = is_same_step(before, s, ctx);

	/* CLONE is no step: what follows it is the first one */
	if (s->then && !same && !situation_has_step(s) &&
	    before->ctx.event != IORING_POLICY_CLONE)
		ctx->step++;
	if (!situation_has_search(s))
		ctx->search_offset = search_offset(before, ctx);
	if (!situation_has_attempt(s))
		ctx->attempt = same ? before->ctx.attempt + issued(before, ctx) :
			       ctx->event & BEFORE ? 0 : 1;
	if (situation_has_request(s))
		return;
	ctx->staged_opcode = 0;
	ctx->staged_cmd = 0;
	ctx->staged_user_data = 0;
	if (ctx->event == IORING_POLICY_STAGED)
		last_staged(before, ctx);
}

int dry_run(struct dry_run *run, int prog_fd, const struct situation *s)
{
	struct bpf_iouring_ctx in = run->ctx;
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		    .ctx_in = &in, .ctx_size_in = sizeof(in),
		    .ctx_out = &run->ctx, .ctx_size_out = sizeof(run->ctx),
		    .data_out = &run->result,
		    .data_size_out = sizeof(run->result) +
				     max_staged() * sizeof(run->staged[0]));
	char data[SITUATION_DATA_MAX];
	int ret;

	situation_context(s, &in, &run->data);
	if (!s->then) {
		run->verdict = IORING_VERDICT_CONTINUE;
		run->result.nr_staged = 0;
	}
	fill_in(run, s, &in);
	situation_order(run, s, &in, run->impossible, sizeof(run->impossible));
	opts.data_in = data;
	opts.data_size_in = situation_data_put(&run->data, data);
	memset(&run->result, 0, opts.data_size_out);
	ret = bpf_prog_test_run_opts(prog_fd, &opts);
	run->verdict = opts.retval;
	return ret;
}

int dry_run_fails(const struct dry_run *run)
{
	const uint32_t v = run->verdict;

	/* whatever else it asked for, that is dropped */
	if (v == IORING_VERDICT_PASS || run->ctx.event == IORING_POLICY_EXECED)
		return 0;
	if (run->result.flags & IORING_TEST_DELAY_EXCEEDED)
		return ETOOMANYREFS;
	if (run->ctx.event == IORING_POLICY_CLONE &&
	    v != IORING_VERDICT_CONTINUE && v != IORING_VERDICT_RETRY)
		return EBADRQC;
	if (v == IORING_VERDICT_SUBMIT && !run->result.nr_staged)
		return EBADRQC;
	if (v == IORING_VERDICT_RETRY && !(run->ctx.event & BEFORE) &&
	    !(run->ctx.flags & IORING_POLICY_F_CAN_RETRY))
		return EBADRQC;
	return 0;
}
