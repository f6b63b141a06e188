// SPDX-License-Identifier: GPL-2.0
/*
 * The default policy: searches the PATH as execvp does, retries a bounded number of times,
 * and applies rules to other failures. Its loader writes the rules into the map "config"
 * (include/spawn_policy.h).
 *
 * The policy treats a failed step in this order:
 *  1. retry rules: wait and issue the failed request again, up to a limit;
 *  2. for an EXEC: the shell on ENOEXEC, then the remaining directories;
 *  3. "on" rules: the first that matches the outcome gives the verdict;
 *  4. otherwise link rules decide: a step that may fail (a hard link) does not end the
 *     chain, any other step does.
 *
 * If CLONE fails to make a child, only retry rules apply.
 *
 * It shows how to take over an EXEC before it is issued, how to carry state from run to
 * run, and how to stage from a map's value. The state of a chain is in its scratch area,
 * not in a map, because chains run at the same time.
 *
 * The kernel searches the PATH as one request, and if it finds the program, the policy has
 * run once. The policy searches directory by directory if it has to see each of them
 * (search_by_steps()), and from the directory where a search stopped for a retry, or for a
 * shell that could not be executed. It then does not know of an -EACCES before that
 * directory.
 *
 * If the policy is to remember, a search begins with the directory that held the name last
 * time, and starts again at the first directory if the name is not there now. The event
 * IORING_POLICY_EXECED, which the loader then requests, reports where a name was found.
 *
 * It leaves out staging requests other than EXECs (fallback_policy.bpf.c does that).
 */
#include "spawnpol_policy.h"
#include "spawn_policy_config.h"
#include "spawn_policy_memory.h"
#include "spawn_policy_rules.h"
#include "spawn_policy_search.h"

/*
 * BEFORE_EXEC keeps bare names from ever being tried in the working directory; CLONE is for
 * retry rules about making a child. spawn_policy_events() returns further events.
 */
SPAWNPOL_EVENTS(IORING_POLICY_BEFORE_EXEC | IORING_POLICY_CLONE);

/* The directories that the last staged search covers. */
enum where {
	IN_LIST,	/* all directories */
	IN_MEMORY,	/* the one that held the name last time */
	IN_DIR,		/* one; the next run searches the next one */
};

/* Stands for a step's number while there is no child. */
#define STEP_CLONE	(~0U)

/* The state of the current step, kept in ctx->scratch. */
union step_state {
	struct {
		__u32 step;		/* its number + 1; 0 before the first */
		__u32 dir;		/* of the candidate: offset in config.dirs */
		__u8 searching;		/* the EXEC's name is bare */
		__u8 in_shell;		/* the shell was issued last */
		__u8 denied;		/* a candidate failed with EACCES */
		__u8 where;		/* enum where */
		__u32 generation;	/* of the configuration when the search began */
		/* retries used, 16 bits for each retry rule */
		__u64 tries[SPAWN_POLICY_MAX_RETRIES / 4];
	};
	__u64 words[8];
};

_Static_assert(sizeof(union step_state) ==
	       sizeof(((struct bpf_iouring_ctx *)0)->scratch), "fits scratch");

/*
 * Everything that a decision needs. Values that are read more than once are copied from the
 * context: otherwise the compiler may keep addresses of fields, and the verifier accepts
 * only the context's own address with a constant offset in the instruction.
 */
struct run {
	struct bpf_iouring_ctx *ctx;
	union step_state st;
	__u32 event;
	__u32 opcode;
	__u32 cmd;
	__u32 flags;
	int res;	/* the step's result, if this run settles it */
};

/* A word with the same byte eight times. */
#define BYTES(byte)	(0x0101010101010101ULL * (byte))

/* Copy the EXEC's name, followed by zeroes, and return its kind: what_name(). */
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
 * Return 1 for a bare name, 0 for an empty one or one with a slash, or an error. The
 * function looks for slashes in whole words and without a branch, which saves the verifier
 * hundreds of paths.
 */
static __always_inline int what_name(const __u64 *words, int nr, int len)
{
	__u64 slashes = 0;

	if (len < 0 && len != -ENAMETOOLONG)
		return len;
	for (int i = 0; i < nr; i++) {
		/* a zero byte borrows from its highest bit */
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
 * Whether to search for the EXEC's name, or an error. The policy ignores names with a
 * slash, and "", which executes a descriptor. Most names are short, and long ones cost
 * much.
 */
__noinline int is_bare_name(struct bpf_iouring_ctx *ctx)
{
	int bare = CHECK_NAME(ctx, 32);

	return bare == -ENAMETOOLONG ? is_bare_long_name(ctx) : bare;
}

/* Stage the shell for ENOEXEC. Returns 1 if no shell is configured. */
__noinline int stage_shell(struct bpf_iouring_ctx *ctx)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || !cfg->shell[0])
		return 1;
	return bpf_iouring_stage_exec_interp(ctx, cfg->shell,
					     SPAWN_POLICY_PATH_SIZE);
}

/* The errno of the result; 0 for a short read or write. */
static __always_inline __u32 error_of(struct run *r)
{
	return r->res < 0 ? -r->res : 0;
}

/*
 * Issue what was staged. err is 0, UNDECIDED if nothing was staged, or the error of
 * staging.
 */
static __always_inline int submit(struct run *r, int err)
{
	r->st.in_shell = 0;
	if (!err)
		return IORING_VERDICT_SUBMIT;
	if (err != UNDECIDED)
		r->res = err;
	return UNDECIDED;
}

/* Search the current directory, if there is one. */
static __always_inline int search_in(struct run *r, enum where where)
{
	r->st.where = where;
	return submit(r, stage_dir(r->ctx, r->st.dir));
}

/* Search from the first directory on. */
static __always_inline int search_all(struct run *r)
{
	r->st.denied = 0;
	r->st.dir = 0;
	if (search_by_steps())
		return search_in(r, IN_DIR);
	r->st.where = IN_LIST;
	return submit(r, stage_list(r->ctx));
}

/* Begin a search: where the name was last time, if that is known. */
static __always_inline int start_search(struct run *r)
{
	__s64 hit = recall(r->ctx);

	r->st.searching = 1;
	r->st.generation = generation();
	if (hit < 0)
		return search_all(r);
	r->st.where = IN_MEMORY;
	r->st.dir = hit;
	return submit(r, stage_part(r->ctx, hit, hit >> 32));
}

/* Go on with the next directory, or with the first one if memory was wrong. */
static __always_inline int search_on(struct run *r)
{
	if (r->st.where == IN_MEMORY)
		return search_all(r);
	/* the kernel has searched to the end, unless the shell failed on a file it found */
	if (r->st.where == IN_LIST && !r->st.in_shell)
		return UNDECIDED;
	r->st.dir += dir_size(r->st.dir) + 1;
	return search_in(r, IN_DIR);
}

/* Note where in the list the kernel's search has ended. */
static __always_inline void note_dir(struct run *r)
{
	if (r->st.searching && r->st.where == IN_LIST && !r->st.in_shell &&
	    r->ctx->search_offset > 0)
		r->st.dir = r->ctx->search_offset;
}

/*
 * Issue the failed request again: in a search the candidate, because the step's own request
 * has the bare name; after a failure of the shell, the script.
 */
static __always_inline int try_again(struct run *r)
{
	if (r->st.searching)
		return search_in(r, r->st.where == IN_MEMORY ? IN_MEMORY : IN_DIR);
	r->st.in_shell = 0;
	return r->flags & IORING_POLICY_F_CAN_RETRY ?
		IORING_VERDICT_RETRY : UNDECIDED;
}

/*
 * Use one retry of the rule with this index. Returns false if none is left. The counter is
 * selected by a shift, not by an address: the verifier then follows four paths, and
 * without CAP_PERFMON it accepts no variable address.
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
 * The policy does not search for a name relative to a directory that the launcher has
 * open, nor for a candidate of a search by the launcher.
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

/*
 * The program runs. Remember its directory, unless it came from memory, or another policy
 * began the search (the link may have been updated since).
 */
static __always_inline int execed(struct run *r)
{
	if (r->st.searching && r->st.where != IN_MEMORY &&
	    r->st.generation == generation())
		remember(r->ctx, r->st.dir);
	return IORING_VERDICT_CONTINUE;
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
 * Let link rules decide about a step that has failed for good. For an EXEC that the policy
 * has intercepted, CONTINUE would issue the EXEC, so another verdict does what the link
 * rules would do.
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
	/* the launcher has marked this step as one that may fail */
	if (r->opcode == SPAWNPOL_OP_EXEC || r->flags & IORING_POLICY_F_HARDLINK)
		return leave_to_links(r);
	return IORING_VERDICT_ABORT;
}

static __always_inline int decide(struct run *r)
{
	int verdict;

	/* not requested by this policy, but possibly at attach */
	if (r->event == IORING_POLICY_BEFORE_STEP ||
	    r->event == IORING_POLICY_DONE || r->event == IORING_POLICY_MISS)
		return IORING_VERDICT_CONTINUE;
	if (r->event == IORING_POLICY_CLONE) {
		verdict = retry_rules(r);
		return verdict == UNDECIDED ? IORING_VERDICT_CONTINUE : verdict;
	}
	if (r->event == IORING_POLICY_EXECED)
		return execed(r);
	if (r->event == IORING_POLICY_BEFORE_EXEC) {
		verdict = before_exec(r);
	} else {
		verdict = retry_rules(r);
		if (verdict == UNDECIDED && r->opcode == SPAWNPOL_OP_EXEC)
			verdict = exec_failed(r);
	}
	return verdict == UNDECIDED ? settle(r) : verdict;
}

/* The compiler unrolls these loops, for constant offsets: see struct run. */
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
	note_dir(&r);
	verdict = decide(&r);
	save_state(&r);
	return verdict;
}

SPAWNPOL_LICENSE("GPL");
