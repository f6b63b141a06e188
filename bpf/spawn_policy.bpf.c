// SPDX-License-Identifier: GPL-2.0
/*
 * The default policy: execvp's search of the PATH, bounded retries, and rules
 * for the rest, as its loader has put them into the map "config"
 * (include/spawn_policy.h).
 *
 * A step that has failed goes through, in this order:
 *  1. retry rules: wait, issue what has failed again, so many times;
 *  2. for an EXEC: the shell on ENOEXEC, then the next directory of the PATH;
 *  3. "on" rules: the first that fits the outcome gives the verdict;
 *  4. otherwise link rules decide for an EXEC, and any other step ends the
 *     chain, hard links or not.
 *
 * It shows how to take over an EXEC before it is issued, how to carry state
 * from run to run, and how to stage from a map's value. State lives in the
 * chain's scratch area, never in a map: chains run side by side.
 *
 * It leaves out: staging anything but EXECs (fallback_policy.bpf.c does), and
 * learning from one spawn for the next (audit_policy.bpf.c counts).
 */
#include "spawnpol_policy.h"
#include "spawn_policy.h"

/* Bare names must not be tried in the working directory, not even once. */
SPAWNPOL_EVENTS(IORING_POLICY_BEFORE_EXEC);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct spawn_policy_config);
} config SEC(".maps");

/* What is to be remembered of the step at hand: ctx->scratch. */
union step_state {
	struct {
		__u32 step;		/* its number + 1; 0 before the first */
		__u16 dir;		/* index of the candidate's directory */
		__u8 searching;		/* the EXEC's name is a bare one */
		__u8 in_shell;		/* the interpreter was issued last */
		__u8 denied;		/* a candidate failed with EACCES */
		__u16 tries[SPAWN_POLICY_MAX_RETRIES];	/* by retry rule */
	};
	__u64 words[8];
};

_Static_assert(sizeof(union step_state) ==
	       sizeof(((struct bpf_iouring_ctx *)0)->scratch), "fits scratch");

/* Everything a decision needs. */
struct run {
	struct bpf_iouring_ctx *ctx;
	struct spawn_policy_config *cfg;
	union step_state st;
	int res;	/* the step's, if this run settles it */
};

/* What the parts below return if they leave the decision to the next one. */
#define UNDECIDED	(-1)

/*
 * The verifier wants constant offsets into the context, also for what is used
 * by index: it is copied as a whole, by loops that the compiler unrolls.
 */
static __always_inline void load_state(struct run *r)
{
	for (int i = 0; i < 8; i++)
		r->st.words[i] = r->ctx->scratch[i];
	if (r->st.step == r->ctx->step + 1)
		return;
	__builtin_memset(&r->st, 0, sizeof(r->st));
	r->st.step = r->ctx->step + 1;
}

static __always_inline void save_state(struct run *r)
{
	for (int i = 0; i < 8; i++)
		r->ctx->scratch[i] = r->st.words[i];
}

/* Try the candidate at hand, if there is one. */
static __always_inline int try_candidate(struct run *r)
{
	__u32 dir = r->st.dir;
	int err;

	r->st.in_shell = 0;
	if (dir >= r->cfg->nr_dirs || dir >= SPAWN_POLICY_MAX_DIRS)
		return UNDECIDED;
	err = bpf_iouring_stage_exec_dir(r->ctx, r->cfg->dirs[dir],
					 SPAWN_POLICY_PATH_SIZE);
	if (!err)
		return IORING_VERDICT_SUBMIT;
	r->res = err;
	return UNDECIDED;
}

/*
 * Issue what has failed once more. The step's own request would be the wrong
 * one in a search, and behind the shell it is the script that is tried again.
 */
static __always_inline int try_again(struct run *r)
{
	if (r->st.searching)
		return try_candidate(r);
	r->st.in_shell = 0;
	return r->ctx->flags & IORING_POLICY_F_CAN_RETRY ?
		IORING_VERDICT_RETRY : UNDECIDED;
}

/* The errno of the result; 0 for a short read or write. */
static __always_inline __u32 error_of(struct run *r)
{
	return r->res < 0 ? -r->res : 0;
}

static __always_inline int retry_rules(struct run *r)
{
	__u32 error = error_of(r);

	for (__u32 i = 0; i < SPAWN_POLICY_MAX_RETRIES; i++) {
		struct spawn_policy_retry *rule = &r->cfg->retries[i];

		if (i >= r->cfg->nr_retries)
			break;
		if (!error || rule->error != error)
			continue;
		if (r->st.tries[i] >= rule->count ||
		    r->st.tries[i] >= SPAWN_POLICY_MAX_TRIES)
			break;
		r->st.tries[i]++;
		if (rule->delay_ns)
			bpf_iouring_delay(r->ctx, rule->delay_ns);
		return try_again(r);
	}
	return UNDECIDED;
}

/*
 * Whether the EXEC's name is to be searched for, or an error. A name with a
 * slash or in a directory that is open is none of our business, nor is "", which
 * executes a descriptor.
 */
static __always_inline int is_bare_name(struct bpf_iouring_ctx *ctx)
{
	char name[SPAWN_POLICY_PATH_SIZE] = {};
	int len;

	if (ctx->flags & IORING_POLICY_F_EXEC_AT)
		return 0;
	len = bpf_iouring_exec_name(ctx, name, sizeof(name));
	if (len < 0 && len != -ENAMETOOLONG)
		return len;
	if (!len)
		return 0;
	for (__u32 i = 0; i < sizeof(name) && name[i]; i++)
		if (name[i] == '/')
			return 0;
	return len < 0 ? len : 1;
}

static __always_inline int before_exec(struct run *r)
{
	int bare = is_bare_name(r->ctx);

	if (!bare)
		return IORING_VERDICT_CONTINUE;
	r->res = bare < 0 ? bare : -ENOENT;
	if (bare < 0)
		return UNDECIDED;
	r->st.searching = 1;
	return try_candidate(r);
}

/* Whether the next directory may hold what this one does not. */
static __always_inline bool search_goes_on(struct run *r)
{
	bool posix = r->cfg->errors == SPAWN_POLICY_ERRORS_POSIX;

	switch (error_of(r)) {
	case EACCES:
	case ENOENT:
	case ENOTDIR:
		return true;
	case ESTALE:
	case ENODEV:
	case ETIMEDOUT:
		return !posix;
	case ELOOP:
	case ENAMETOOLONG:
		return posix;
	}
	return false;
}

static __always_inline int exec_failed(struct run *r)
{
	int verdict;

	if (r->res == -ENOEXEC && r->cfg->shell[0] && !r->st.in_shell) {
		r->st.in_shell = 1;
		r->res = bpf_iouring_stage_exec_interp(r->ctx, r->cfg->shell,
						       SPAWN_POLICY_PATH_SIZE);
		return r->res ? UNDECIDED : IORING_VERDICT_SUBMIT;
	}
	if (!r->st.searching || !search_goes_on(r))
		return UNDECIDED;
	if (r->res == -EACCES)
		r->st.denied = 1;
	r->st.dir++;
	verdict = try_candidate(r);
	if (verdict == UNDECIDED && r->st.denied)
		r->res = -EACCES;
	return verdict;
}

/* The verdict of the first "on" rule that fits, or UNDECIDED. */
static __always_inline int on_rules(struct run *r)
{
	__u32 opcode = r->ctx->opcode;
	__u32 cmd = r->ctx->cmd;
	__u32 error = error_of(r);

	for (__u32 i = 0; i < SPAWN_POLICY_MAX_ON; i++) {
		struct spawn_policy_on *on = &r->cfg->on[i];

		if (i >= r->cfg->nr_on)
			break;
		if (on->opcode != SPAWN_POLICY_ANY && on->opcode != opcode)
			continue;
		if (opcode == IORING_OP_CHILD &&
		    on->cmd != SPAWN_POLICY_ANY && on->cmd != cmd)
			continue;
		if (on->error && on->error != error)
			continue;
		return on->verdict;
	}
	return UNDECIDED;
}

/*
 * The step has failed for good. An EXEC that was not issued must not be by
 * CONTINUE, so what link rules would do then is put into other words.
 */
static __always_inline int settle(struct run *r)
{
	struct bpf_iouring_ctx *ctx = r->ctx;
	int verdict = on_rules(r);

	if (verdict == IORING_VERDICT_RETRY) {
		r->st.dir = 0;
		r->st.denied = 0;
		verdict = try_again(r);
		if (verdict >= 0)
			return verdict;
	}
	if (verdict != IORING_VERDICT_CONTINUE &&
	    verdict != IORING_VERDICT_SKIP && verdict != IORING_VERDICT_ABORT)
		verdict = ctx->opcode == IORING_OP_EXEC ?
			IORING_VERDICT_CONTINUE : IORING_VERDICT_ABORT;
	if (verdict == IORING_VERDICT_CONTINUE &&
	    ctx->event == IORING_POLICY_BEFORE_EXEC)
		verdict = ctx->flags & IORING_POLICY_F_HARDLINK ?
			IORING_VERDICT_SKIP : IORING_VERDICT_ABORT;
	if (r->res != ctx->res)
		bpf_iouring_set_result(ctx, r->res);
	return verdict;
}

static __always_inline int decide(struct run *r)
{
	int verdict;

	if (r->ctx->event == IORING_POLICY_BEFORE_EXEC) {
		verdict = before_exec(r);
	} else {
		verdict = retry_rules(r);
		if (verdict == UNDECIDED && r->ctx->opcode == IORING_OP_EXEC)
			verdict = exec_failed(r);
	}
	return verdict == UNDECIDED ? settle(r) : verdict;
}

SPAWNPOL_POLICY(spawn_policy)(struct bpf_iouring_ctx *ctx)
{
	struct run r = { .ctx = ctx, .res = ctx->res };
	__u32 key = 0;
	int verdict;

	r.cfg = bpf_map_lookup_elem(&config, &key);
	if (!r.cfg)
		return IORING_VERDICT_ABORT;
	load_state(&r);
	verdict = decide(&r);
	save_state(&r);
	return verdict;
}

SPAWNPOL_LICENSE("GPL");
