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

/*
 * One run, for the loops: the verifier looks at the body of a bpf_loop() once, whatever
 * the number of turns.
 */
struct turn {
	struct bpf_iouring_op_ctx *ctx;
	__u32	at;		/* in script.log */
	__u32	rule;		/* in script.rules */
	__u32	holds;		/* enum script_when */
};

static struct script_run *run_of(const struct turn *turn)
{
	return &script.log[turn->at % SCRIPT_LOG];
}

static struct script_rule *rule_of(const struct turn *turn)
{
	return &script.rules[turn->rule % SCRIPT_RULES];
}

static long stage_one(__u32 n, struct turn *turn)
{
	struct script_rule *rule = rule_of(turn);
	struct script_run *run = run_of(turn);
	__u32 nr = rule->nr ?: 1, size = rule->size;
	bool last = n + 1 == nr * (rule->copies ?: 1);
	__u8 *sqe = script.sqes[(rule->first + n % nr) % SCRIPT_SQES];
	int err;

	if (last && rule->last_size)
		size = rule->last_size;
	if (size > SQE_MOST)
		size = SQE_MOST;
	if (rule->fd_from_res)
		*(__s32 *)(sqe + FD) = run->ctx.res;
	err = bpf_iouring_op_stage(turn->ctx, sqe, size);
	if (!err)
		run->staged++;
	else if (!run->stage_error)
		run->stage_error = err;
	*(__u64 *)(sqe + USER_DATA) += rule->tag_step;
	return 0;
}

static long post_one(__u32 n, struct turn *turn)
{
	struct script_rule *rule = rule_of(turn);
	struct script_run *run = run_of(turn);
	__u64 user_data = rule->post_user_data;
	__u32 flags = rule->post_flags;
	__s32 res = rule->post_res;
	int err;

	if (rule->forwards) {
		user_data = run->ctx.tag;
		res = run->ctx.res;
		flags = run->ctx.cqe_flags & (0xffff0000 | IORING_CQE_F_MORE);
	}
	err = bpf_iouring_op_post(turn->ctx, user_data, res, flags);
	if (!err)
		run->posted++;
	else if (!run->post_error)
		run->post_error = err;
	return 0;
}

static __u32 least(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

static __always_inline int follow(struct turn *turn)
{
	struct script_rule *rule = rule_of(turn);
	struct script_run *run = run_of(turn);
	__u32 how = rule->sets_result;

	bpf_loop(least(rule->nr * (rule->copies ?: 1), SCRIPT_MOST), stage_one, turn, 0);
	bpf_loop(least(rule->posts, SCRIPT_POSTS), post_one, turn, 0);
	if (how == SCRIPT_FIXED)
		run->result = bpf_iouring_op_result(turn->ctx, rule->result);
	else if (how == SCRIPT_RES)
		run->result = bpf_iouring_op_result(turn->ctx, run->ctx.res);
	else if (how == SCRIPT_COUNT)
		run->result = bpf_iouring_op_result(turn->ctx, run->state);
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

static long nothing(__u32 n, void *unused)
{
	return 0;
}

/* Runs of a ring never overlap: who comes in finds nobody. */
static __always_inline void linger(void)
{
	if (__sync_fetch_and_add(&script.inside, 1))
		__sync_fetch_and_add(&script.overlaps, 1);
	bpf_loop(least(script.linger, 1000), nothing, NULL, 0);
	__sync_fetch_and_add(&script.inside, -1);
}

static long find_rule(__u32 n, struct turn *turn)
{
	turn->rule = n;
	return matches(&run_of(turn)->ctx, rule_of(turn), turn->holds);
}

static __always_inline int decide(struct turn *turn)
{
	struct script_run *run = run_of(turn);
	struct script_rule *rule;

	turn->holds = conditions(&run->ctx);
	bpf_loop(SCRIPT_RULES, find_rule, turn, 0);
	rule = rule_of(turn);
	if (!matches(&run->ctx, rule, turn->holds)) {
		run->rule = SCRIPT_RULES;
		return run->ctx.in_flight ? IORING_ACTOR_WAIT : IORING_ACTOR_END;
	}
	run->rule = turn->rule;
	rule->fired++;
	return follow(turn);
}

SPAWNPOL_ACTOR(actor)(struct bpf_iouring_op_ctx *ctx)
{
	struct turn turn = {
		.ctx	= ctx,
		.at	= __sync_fetch_and_add(&script.runs, 1),
	};
	struct script_run *run = run_of(&turn);

	write_down(ctx, run);
	if (script.linger)
		linger();
	if (decide(&turn) == IORING_ACTOR_END) {
		run->verdict = IORING_ACTOR_END;
		__sync_fetch_and_add(&script.done, 1);
		return IORING_ACTOR_END;
	}
	run->verdict = IORING_ACTOR_WAIT;
	__sync_fetch_and_add(&script.done, 1);
	return IORING_ACTOR_WAIT;
}

SPAWNPOL_LICENSE("GPL");
