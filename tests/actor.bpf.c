// SPDX-License-Identifier: GPL-2.0
/*
 * The program of the tests of IORING_OP_BPF: does what user space wrote into its rules
 * and writes down what it was told. It shows nothing of good style in a program; see
 * bpf/ for that.
 */
#include "spawnpol_op.h"

#include "actor_script.h"

#define USER_DATA	32	/* where an SQE has its user_data ... */
#define FD		4	/* ... and its fd */
#define SQE_MOST	128

struct script script;

static __always_inline void stage(struct bpf_iouring_op_ctx *ctx,
				  struct script_rule *rule, struct script_run *run)
{
	__u32 nr = rule->nr, copies = rule->copies ?: 1, size = rule->size, n;

	if (size > SQE_MOST)
		size = SQE_MOST;
	for (n = 0; n < SCRIPT_MOST && nr && n < nr * copies; n++) {
		__u8 *sqe = script.sqes[(rule->first + n % nr) % SCRIPT_SQES];
		int err;

		if (rule->fd_from_res)
			*(__s32 *)(sqe + FD) = run->ctx.res;
		err = bpf_iouring_op_stage(ctx, sqe, size);
		if (!err)
			run->staged++;
		else if (!run->stage_error)
			run->stage_error = err;
		*(__u64 *)(sqe + USER_DATA) += rule->tag_step;
	}
}

static __always_inline void post(struct bpf_iouring_op_ctx *ctx,
				 struct script_rule *rule, struct script_run *run)
{
	__u64 user_data = rule->post_user_data;
	__u32 flags = rule->post_flags, n;
	__s32 res = rule->post_res;

	if (rule->forwards) {
		user_data = run->ctx.tag;
		res = run->ctx.res;
		flags = run->ctx.cqe_flags & (0xffff0000 | IORING_CQE_F_MORE);
	}
	for (n = 0; n < SCRIPT_POSTS && n < rule->posts; n++) {
		int err = bpf_iouring_op_post(ctx, user_data, res, flags);

		if (!err)
			run->posted++;
		else if (!run->post_error)
			run->post_error = err;
	}
}

static __always_inline int follow(struct bpf_iouring_op_ctx *ctx,
				  struct script_rule *rule, struct script_run *run)
{
	__u32 how = rule->sets_result;

	stage(ctx, rule, run);
	post(ctx, rule, run);
	if (how == SCRIPT_FIXED)
		run->result = bpf_iouring_op_result(ctx, rule->result);
	else if (how == SCRIPT_RES)
		run->result = bpf_iouring_op_result(ctx, run->ctx.res);
	else if (how == SCRIPT_COUNT)
		run->result = bpf_iouring_op_result(ctx, run->state);
	return rule->verdict;
}

static __always_inline __u32 conditions(const struct bpf_iouring_op_ctx *told)
{
	__u32 holds = 0;

	holds |= told->res < 0 ? SCRIPT_FAILED : SCRIPT_OK;
	holds |= told->cqe_flags & IORING_CQE_F_MORE ? SCRIPT_MORE : SCRIPT_LAST;
	if (!told->in_flight)
		holds |= SCRIPT_IDLE;
	if (told->cqe_flags & IORING_CQE_F_NOTIF)
		holds |= SCRIPT_NOTIF;
	return holds;
}

static __always_inline bool matches(const struct bpf_iouring_op_ctx *told,
				    struct script_rule *rule, __u32 holds)
{
	return rule->event == told->event &&
	       (rule->tag == SCRIPT_ANY || rule->tag == told->tag) &&
	       (rule->user_data == SCRIPT_ANY ||
		rule->user_data == told->user_data) &&
	       (rule->when & holds) == rule->when &&
	       (!rule->times || rule->fired < rule->times);
}

/* From here on rules go by the copy: the verifier takes no addresses in the context. */
static __always_inline void write_down(struct bpf_iouring_op_ctx *ctx,
				       struct script_run *run)
{
	__u64 task = bpf_get_current_pid_tgid(), *state;

	run->ctx.event = ctx->event;
	run->ctx.flags = ctx->flags;
	run->ctx.res = ctx->res;
	run->ctx.cqe_flags = ctx->cqe_flags;
	run->ctx.tag = ctx->tag;
	run->ctx.big_cqe[0] = ctx->big_cqe[0];
	run->ctx.big_cqe[1] = ctx->big_cqe[1];
	run->ctx.opcode = ctx->opcode;
	run->ctx.wait_status = ctx->wait_status;
	run->ctx.wait_code = ctx->wait_code;
	run->ctx.wait_pid = ctx->wait_pid;
	run->ctx.args[0] = ctx->args[0];
	run->ctx.args[1] = ctx->args[1];
	run->ctx.args[2] = ctx->args[2];
	run->ctx.args[3] = ctx->args[3];
	run->ctx.user_data = ctx->user_data;
	run->ctx.ring_id = ctx->ring_id;
	run->ctx.in_flight = ctx->in_flight;
	run->ctx.room = ctx->room;
	run->tgid = task >> 32;
	run->tid = task;
	run->staged = run->stage_error = run->posted = run->post_error = 0;
	run->result = SCRIPT_NONE;
	state = (void *)bpf_iouring_op_state(ctx, 4096);
	run->whole_state = !!state;
	if (!state)
		state = (void *)bpf_iouring_op_state(ctx, sizeof(*state));
	run->state = state ? (*state)++ : ~0ULL;
}

/* Runs of a ring never overlap: who comes in finds nobody. */
static __always_inline void linger(void)
{
	__u32 i;

	if (__sync_fetch_and_add(&script.inside, 1))
		__sync_fetch_and_add(&script.overlaps, 1);
	for (i = 0; i < 1000 && i < *(volatile __u32 *)&script.linger; i++)
		;
	__sync_fetch_and_add(&script.inside, -1);
}

static __always_inline int decide(struct bpf_iouring_op_ctx *ctx,
				  struct script_run *run)
{
	__u32 holds = conditions(&run->ctx), i;

	for (i = 0; i < SCRIPT_RULES; i++) {
		if (matches(&run->ctx, &script.rules[i], holds))
			break;
	}
	run->rule = i;
	if (i == SCRIPT_RULES)
		return run->ctx.in_flight ? IORING_ACTOR_WAIT : IORING_ACTOR_END;
	script.rules[i].fired++;
	return follow(ctx, &script.rules[i], run);
}

SPAWNPOL_ACTOR(actor)(struct bpf_iouring_op_ctx *ctx)
{
	__u32 at = __sync_fetch_and_add(&script.runs, 1);
	struct script_run *run = &script.log[at % SCRIPT_LOG];

	write_down(ctx, run);
	if (script.linger)
		linger();
	if (decide(ctx, run) == IORING_ACTOR_END) {
		run->verdict = IORING_ACTOR_END;
		return IORING_ACTOR_END;
	}
	run->verdict = IORING_ACTOR_WAIT;
	return IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
