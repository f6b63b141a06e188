// SPDX-License-Identifier: GPL-2.0
/*
 * The policy of the engine's tests: does what user space wrote into its rules
 * and writes down what it was told. It shows nothing of good style in a
 * policy; see bpf/ for that.
 */
#include "spawnpol_policy.h"

#include "engine.h"

SPAWNPOL_EVENTS(0);

struct engine engine;

static int stage_one(struct bpf_iouring_ctx *ctx, struct engine_rule *rule)
{
	switch (rule->stage) {
	case ENGINE_STAGE_SQE:
		return bpf_iouring_stage_sqe(ctx, rule->sqe, sizeof(rule->sqe));
	case ENGINE_STAGE_EXEC:
		return bpf_iouring_stage_exec(ctx, rule->text,
					      sizeof(rule->text));
	case ENGINE_STAGE_EXEC_DIR:
		return bpf_iouring_stage_exec_dir(ctx, rule->text,
						  sizeof(rule->text));
	case ENGINE_STAGE_EXEC_INTERP:
		return bpf_iouring_stage_exec_interp(ctx, rule->text,
						     sizeof(rule->text));
	case ENGINE_STAGE_EXEC_SEARCH:
		return bpf_iouring_stage_exec_search(ctx, rule->text,
						     sizeof(rule->text));
	case ENGINE_STAGE_CHILD:
		return bpf_iouring_stage_child(ctx, rule->sqe,
					       sizeof(rule->sqe), rule->text,
					       sizeof(rule->text));
	}
	return 0;
}

static int follow(struct bpf_iouring_ctx *ctx, struct engine_rule *rule,
		  struct engine_run *run)
{
	__u32 verdict = rule->verdict, i;

	ctx->scratch[0] += rule->scratch;
	ctx->scratch[7] = rule->scratch;
	bpf_iouring_post_staged(ctx, rule->post);
	for (i = 0; i < 9 && i < rule->count; i++)
		run->staged[i] = stage_one(ctx, rule);
	if (rule->sets_result)
		run->result = bpf_iouring_set_result(ctx, rule->result);
	if (rule->delay_ns)
		run->delay = bpf_iouring_delay(ctx, rule->delay_ns);
	if (verdict > IORING_VERDICT_PASS)
		verdict = IORING_VERDICT_CONTINUE;
	return verdict;
}

static bool matches(struct bpf_iouring_ctx *ctx, struct engine_rule *rule,
		    struct engine_run *run)
{
	if (rule->head && (run->head_len < 1 || run->head[0] != rule->head))
		return false;
	return rule->events & ctx->event &&
	       (rule->step == ENGINE_ANY_STEP || rule->step == ctx->step) &&
	       (!rule->below || ctx->attempt < rule->below) &&
	       (!rule->res || rule->res == ctx->res);
}

static void write_down(struct bpf_iouring_ctx *ctx, struct engine_run *run)
{
	__u64 task = bpf_get_current_pid_tgid();
	int i;

	run->ctx.event = ctx->event;
	run->ctx.opcode = ctx->opcode;
	run->ctx.res = ctx->res;
	run->ctx.cmd = ctx->cmd;
	run->ctx.user_data = ctx->user_data;
	run->ctx.step = ctx->step;
	run->ctx.attempt = ctx->attempt;
	run->ctx.flags = ctx->flags;
	run->ctx.pid = ctx->pid;
	run->ctx.staged_opcode = ctx->staged_opcode;
	run->ctx.staged_cmd = ctx->staged_cmd;
	run->ctx.staged_user_data = ctx->staged_user_data;
	run->ctx.elapsed_ns = ctx->elapsed_ns;
	run->ctx.cookie = ctx->cookie;
	run->ctx.off = ctx->off;
	run->ctx.scratch[0] = ctx->scratch[0];
	run->ctx.scratch[7] = ctx->scratch[7];
	run->ctx.ring_id = ctx->ring_id;
	run->ctx.cgroup_id = ctx->cgroup_id;
	run->ctx.path_flags = ctx->path_flags;
	run->ctx.path_mode = ctx->path_mode;
	run->ctx.path_resolve = ctx->path_resolve;
	run->ctx.search_offset = ctx->search_offset;
	run->tgid = task >> 32;
	run->tid = task;
	run->delay = 1;
	run->result = 1;
	for (i = 0; i < 9; i++)
		run->staged[i] = 1;
	run->name_len = bpf_iouring_exec_name(ctx, run->name,
					      sizeof(run->name));
	run->path_len = bpf_iouring_step_path(ctx, run->path,
					      sizeof(run->path));
	run->head_len = bpf_iouring_exec_head(ctx, run->head,
					      sizeof(run->head));
}

SPAWNPOL_POLICY(engine_policy)(struct bpf_iouring_ctx *ctx)
{
	__u32 at = __sync_fetch_and_add(&engine.runs, 1), i;
	struct engine_run *run = &engine.log[at % ENGINE_LOG];

	write_down(ctx, run);
	for (i = 0; i < ENGINE_RULES; i++) {
		if (matches(ctx, &engine.rules[i], run))
			return follow(ctx, &engine.rules[i], run);
	}
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
