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
 *  4. otherwise link rules decide: a step that may fail (a hard link) does not
 *     end the chain, and any other does.
 *
 * It shows how to take over an EXEC before it is issued, how to carry state
 * from run to run, and how to stage from a map's value. The state of a chain
 * lives in its scratch area, not in a map: chains run side by side.
 *
 * CLONE, when it could not make a child, has retry rules alone.
 *
 * If it is to remember, a search begins with the directory that held the name
 * not long ago, and starts anew at the first one if that does not hold it now.
 *
 * It leaves out staging anything but EXECs (fallback_policy.bpf.c does).
 */
#include "spawnpol_policy.h"
#include "spawn_policy_config.h"
#include "spawn_policy_memory.h"
#include "spawn_policy_search.h"

/*
 * Bare names must not be tried in the working directory, not even once; and there
 * may be a retry rule for what keeps a child from being made.
 */
SPAWNPOL_EVENTS(IORING_POLICY_BEFORE_EXEC | IORING_POLICY_CLONE);

/* In the place of a step's number, while there is no child. */
#define STEP_CLONE	(~0U)

/* What is to be kept of the step at hand: ctx->scratch. */
union step_state {
	struct {
		__u32 step;		/* its number + 1; 0 before the first */
		__u32 dir;		/* the candidate's, in config.dirs */
		__u8 searching;		/* the EXEC's name is a bare one */
		__u8 in_shell;		/* the interpreter was issued last */
		__u8 denied;		/* a candidate failed with EACCES */
		__u8 recalled;		/* dir is where the name was last time */
		__u32 generation;	/* of the configuration the search began with */
		/* tries used up, 16 bits for each retry rule */
		__u64 tries[SPAWN_POLICY_MAX_RETRIES / 4];
	};
	__u64 words[8];
};

_Static_assert(sizeof(union step_state) ==
	       sizeof(((struct bpf_iouring_ctx *)0)->scratch), "fits scratch");

/*
 * Everything a decision needs. What is looked at more than once is copied from
 * the context: else the compiler may keep addresses of fields, and the verifier
 * takes only the context's own address plus a constant in the instruction.
 */
struct run {
	struct bpf_iouring_ctx *ctx;
	union step_state st;
	__u32 event;
	__u32 opcode;
	__u32 cmd;
	__u32 flags;
	int res;	/* the step's, if this run settles it */
};

/* A byte in each byte of a word. */
#define BYTES(byte)	(0x0101010101010101ULL * (byte))

/* A name, copied and with zeroes after its end, and what it is. */
#define CHECK_NAME(ctx, size) ({					\
	union {								\
		char text[size];					\
		__u64 words[(size) / 8];				\
	} name = {};							\
	int len = bpf_iouring_exec_name(ctx, name.text, (size));	\
									\
	what_name(name.words, (size) / 8, len);				\
})

/*
 * 1 for a bare name, 0 for one with a slash or an empty one, or an error. Slashes
 * are looked for in whole words and without a branch, which spares the verifier
 * hundreds of ways to go on.
 */
static __always_inline int what_name(const __u64 *words, int nr, int len)
{
	__u64 slashes = 0;

	if (len < 0 && len != -ENAMETOOLONG)
		return len;
	for (int i = 0; i < nr; i++) {
		/* a byte that is zero borrows from its highest bit */
		__u64 word = words[i] ^ BYTES('/');

		slashes |= (word - BYTES(1)) & ~word & BYTES(0x80);
	}
	if (slashes || !len)
		return 0;
	return len < 0 ? len : 1;
}

/* A component of a path has at most 255 bytes. */
__noinline int is_bare_long_name(struct bpf_iouring_ctx *ctx)
{
	return CHECK_NAME(ctx, 256);
}

/*
 * Whether the EXEC's name is to be searched for, or an error. A name with a
 * slash is none of our business, nor is "", which executes a descriptor. Most
 * names are short, and long ones cost much.
 */
__noinline int is_bare_name(struct bpf_iouring_ctx *ctx)
{
	int bare = CHECK_NAME(ctx, 32);

	return bare == -ENAMETOOLONG ? is_bare_long_name(ctx) : bare;
}

/* Stage the shell for ENOEXEC. 1: none is wanted. */
__noinline int stage_shell(struct bpf_iouring_ctx *ctx)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || !cfg->shell[0])
		return 1;
	return bpf_iouring_stage_exec_interp(ctx, cfg->shell,
					     SPAWN_POLICY_PATH_SIZE);
}

/* Index of the first retry rule for this error, or UNDECIDED. */
__noinline int find_retry_rule(__u32 error)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || !error)
		return UNDECIDED;
	for (__u32 i = 0; i < SPAWN_POLICY_MAX_RETRIES; i++) {
		if (i >= cfg->nr_retries)
			break;
		if (cfg->retries[i].error == error)
			return i;
	}
	return UNDECIDED;
}

/* How many tries the rule of this index allows for a step. */
__noinline int retry_count(__u32 rule)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || rule >= SPAWN_POLICY_MAX_RETRIES)
		return 0;
	return cfg->retries[rule].count;
}

/* Wait as the rule of this index says. */
__noinline int retry_delay(struct bpf_iouring_ctx *ctx, __u32 rule)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || rule >= SPAWN_POLICY_MAX_RETRIES ||
	    !cfg->retries[rule].delay_ns)
		return 0;
	return bpf_iouring_delay(ctx, cfg->retries[rule].delay_ns);
}

struct on_search {
	struct spawn_policy_config *cfg;
	__u32 opcode;
	__u32 cmd;
	__u32 error;
	int verdict;
};

/* Called by bpf_loop() for each rule; returns 1 to end the search. */
static long try_on_rule(__u32 i, struct on_search *s)
{
	struct spawn_policy_on *on;

	if (i >= SPAWN_POLICY_MAX_ON || i >= s->cfg->nr_on)
		return 1;
	on = &s->cfg->on[i];
	if (on->opcode != SPAWN_POLICY_ANY && on->opcode != s->opcode)
		return 0;
	if (s->opcode == SPAWNPOL_OP_CHILD &&
	    on->cmd != SPAWN_POLICY_ANY && on->cmd != s->cmd)
		return 0;
	if (on->error && on->error != s->error)
		return 0;
	s->verdict = on->verdict;
	return 1;
}

/* The verdict of the first "on" rule that fits, or UNDECIDED. */
__noinline int on_rules(__u32 opcode, __u32 cmd, __u32 error)
{
	struct on_search s = {
		.cfg = get_config(),
		.opcode = opcode,
		.cmd = cmd,
		.error = error,
		.verdict = UNDECIDED,
	};

	if (s.cfg)
		bpf_loop(SPAWN_POLICY_MAX_ON, try_on_rule, &s, 0);
	return s.verdict;
}

/* The errno of the result; 0 for a short read or write. */
static __always_inline __u32 error_of(struct run *r)
{
	return r->res < 0 ? -r->res : 0;
}

/* Try the candidate at hand, if there is one. */
static __always_inline int try_candidate(struct run *r)
{
	int dir = stage_and_remember(r->ctx, r->st.dir, r->st.recalled,
				     r->st.generation);

	r->st.in_shell = 0;
	if (dir >= 0) {
		r->st.dir = dir;
		return IORING_VERDICT_SUBMIT;
	}
	if (dir != UNDECIDED)
		r->res = dir;
	return UNDECIDED;
}

/* Begin a search: where the name was last time, if that is known. */
static __always_inline int start_search(struct run *r)
{
	int dir = recall(r->ctx);

	r->st.searching = 1;
	r->st.denied = 0;
	r->st.generation = generation();
	r->st.recalled = dir >= 0;
	r->st.dir = dir >= 0 ? dir : 0;
	return try_candidate(r);
}

/* Go on with the next directory, or the first one if memory was wrong. */
static __always_inline int search_on(struct run *r)
{
	r->st.dir = r->st.recalled ? 0 : next_dir(r->st.dir);
	r->st.recalled = 0;
	return try_candidate(r);
}

/*
 * Issue once more what has failed: in a search the candidate, as the step's own
 * request has the bare name; after a failure of the shell, the script.
 */
static __always_inline int try_again(struct run *r)
{
	if (r->st.searching)
		return try_candidate(r);
	r->st.in_shell = 0;
	return r->flags & IORING_POLICY_F_CAN_RETRY ?
		IORING_VERDICT_RETRY : UNDECIDED;
}

/*
 * Use up a try of the rule of this index; false if there is none left. The
 * counter is picked from its word by a shift, not by an address: the verifier
 * follows four ways then, and without CAP_PERFMON it takes no other.
 */
static __always_inline bool use_try(struct run *r, __u32 rule, __u32 count)
{
	__u32 shift = rule % 4 * 16;

	for (__u32 i = 0; i < SPAWN_POLICY_MAX_RETRIES / 4; i++) {
		__u64 used;

		if (i != rule / 4)
			continue;
		used = r->st.tries[i] >> shift & 0xffff;
		if (used >= count || used >= SPAWN_POLICY_MAX_TRIES)
			return false;
		r->st.tries[i] += 1ULL << shift;
		return true;
	}
	return false;
}

static __always_inline int retry_rules(struct run *r)
{
	int rule = find_retry_rule(error_of(r));

	if (rule < 0 || !use_try(r, rule, retry_count(rule)))
		return UNDECIDED;
	retry_delay(r->ctx, rule);
	return try_again(r);
}

/*
 * A name in a directory that the launcher has open is not searched for, nor is one
 * that is a candidate of the launcher's own search already.
 */
static __always_inline int before_exec(struct run *r)
{
	int bare;

	if (r->flags & (IORING_POLICY_F_EXEC_AT | IORING_POLICY_F_SEARCH))
		return IORING_VERDICT_CONTINUE;
	bare = is_bare_name(r->ctx);
	if (!bare)
		return IORING_VERDICT_CONTINUE;
	r->res = bare < 0 ? bare : -ENOENT;
	if (bare < 0)
		return UNDECIDED;
	return start_search(r);
}

static __always_inline int exec_failed(struct run *r)
{
	int verdict, err;

	if (r->res == -ENOEXEC && !r->st.in_shell) {
		err = stage_shell(r->ctx);
		if (err < 0)
			r->res = err;
		r->st.in_shell = !err;
		return err ? UNDECIDED : IORING_VERDICT_SUBMIT;
	}
	if (!r->st.searching || !search_goes_on(error_of(r)))
		return UNDECIDED;
	if (r->res == -EACCES)
		r->st.denied = 1;
	verdict = search_on(r);
	if (verdict == UNDECIDED && r->st.denied)
		r->res = -EACCES;
	return verdict;
}

/*
 * Let link rules decide about a step that has failed for good. CONTINUE would issue
 * an EXEC that the policy has intercepted, so another verdict does what they would.
 */
static __always_inline int leave_to_links(struct run *r)
{
	if (r->event != IORING_POLICY_BEFORE_EXEC)
		return IORING_VERDICT_CONTINUE;
	return r->flags & IORING_POLICY_F_HARDLINK ? IORING_VERDICT_SKIP :
						     IORING_VERDICT_ABORT;
}

static __always_inline int settle(struct run *r)
{
	int verdict = on_rules(r->opcode, r->cmd, error_of(r));

	if (r->st.searching)
		remember(r->ctx, UNDECIDED);
	if (verdict == IORING_VERDICT_RETRY) {
		verdict = r->st.searching ? start_search(r) : try_again(r);
		if (verdict != UNDECIDED)
			return verdict;
	}
	if (r->res != r->ctx->res)
		bpf_iouring_set_result(r->ctx, r->res);
	switch (verdict) {
	case IORING_VERDICT_CONTINUE:
		return leave_to_links(r);
	case IORING_VERDICT_SKIP:
		return IORING_VERDICT_SKIP;
	case IORING_VERDICT_ABORT:
		return IORING_VERDICT_ABORT;
	}
	/* the launcher has said of this step that it may fail */
	if (r->opcode == SPAWNPOL_OP_EXEC || r->flags & IORING_POLICY_F_HARDLINK)
		return leave_to_links(r);
	return IORING_VERDICT_ABORT;
}

static __always_inline int decide(struct run *r)
{
	int verdict;

	/* not asked for, but whoever attaches it can */
	if (r->event == IORING_POLICY_BEFORE_STEP ||
	    r->event == IORING_POLICY_DONE)
		return IORING_VERDICT_CONTINUE;
	if (r->event == IORING_POLICY_CLONE) {
		verdict = retry_rules(r);
		return verdict == UNDECIDED ? IORING_VERDICT_CONTINUE : verdict;
	}
	if (r->event == IORING_POLICY_BEFORE_EXEC) {
		verdict = before_exec(r);
	} else {
		verdict = retry_rules(r);
		if (verdict == UNDECIDED && r->opcode == SPAWNPOL_OP_EXEC)
			verdict = exec_failed(r);
	}
	return verdict == UNDECIDED ? settle(r) : verdict;
}

/* The compiler unrolls these loops: see struct run for the offsets' sake. */
static __always_inline void load_state(struct run *r)
{
	__u32 step = r->event == IORING_POLICY_CLONE ? STEP_CLONE :
		r->ctx->step + 1;

	for (int i = 0; i < 8; i++)
		r->st.words[i] = r->ctx->scratch[i];
	if (r->st.step == step)
		return;
	__builtin_memset(&r->st, 0, sizeof(r->st));
	r->st.step = step;
}

static __always_inline void save_state(struct run *r)
{
	for (int i = 0; i < 8; i++)
		r->ctx->scratch[i] = r->st.words[i];
}

SPAWNPOL_POLICY(spawn_policy)(struct bpf_iouring_ctx *ctx)
{
	struct run r = {
		.ctx = ctx,
		.event = ctx->event,
		.opcode = ctx->opcode,
		.cmd = ctx->cmd,
		.flags = ctx->flags,
		.res = ctx->res,
	};
	int verdict;

	load_state(&r);
	verdict = decide(&r);
	save_state(&r);
	return verdict;
}

SPAWNPOL_LICENSE("GPL");
