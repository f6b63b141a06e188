/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests of IORING_OP_BPF tell the program actor.bpf.c to do, and what it saw: its
 * one global variable, shared with user space. It has no types of its own for the
 * interface: include spawnpol_op.h or io_uring_spawn.h first.
 */
#ifndef SPAWNPOL_TESTS_ACTOR_SCRIPT_H
#define SPAWNPOL_TESTS_ACTOR_SCRIPT_H

#define SCRIPT_RULES	32
#define SCRIPT_LOG	512
#define SCRIPT_SQES	64
#define SCRIPT_MOST	80	/* requests that one run tries to stage */
#define SCRIPT_POSTS	20
#define SCRIPT_ANY	(~0ULL)
#define SCRIPT_NONE	1	/* in the place of a result: it was not called */

/* When a rule applies: all of these that it names. */
enum script_when {
	SCRIPT_OK	= 1U << 0,	/* res is not negative */
	SCRIPT_FAILED	= 1U << 1,	/* res is negative */
	SCRIPT_MORE	= 1U << 2,	/* another completion follows */
	SCRIPT_LAST	= 1U << 3,	/* none follows */
	SCRIPT_IDLE	= 1U << 4,	/* nothing is in flight */
	SCRIPT_NOTIF	= 1U << 5,	/* a notification */
};

enum script_result {
	SCRIPT_KEEP,		/* set no result */
	SCRIPT_FIXED,		/* rule->result */
	SCRIPT_RES,		/* ctx->res */
	SCRIPT_COUNT,		/* the runs of this actor before, as its state has it */
};

/* What to do; the first rule that matches a run counts. No match: WAIT, or END if idle. */
struct script_rule {
	__u32	event;		/* IORING_ACTOR_*; 0: no rule */
	__u32	verdict;
	__u64	tag;		/* this one only, or SCRIPT_ANY */
	__u64	user_data;	/* of this actor only, or SCRIPT_ANY */
	__u32	when;		/* mask of SCRIPT_* */
	__u32	times;		/* it applies so often; 0: always */
	__u32	fired;		/* it has applied so often */
	__u32	first;		/* SQE to stage ... */
	__u32	nr;		/* ... and how many from there on */
	__u32	copies;		/* of these; 0: one */
	__u32	size;		/* bytes of each ... */
	__u32	last_size;	/* ... and of the last, if it is not 0 */
	__u32	fd_from_res;	/* ctx->res becomes their fd */
	__u64	tag_step;	/* added to user_data of an SQE after it was staged */
	__u32	sets_result;	/* enum script_result */
	__s32	result;
	__u32	posts;		/* CQEs to post */
	__u32	forwards;	/* ... with tag, res and flags of the completion */
	__u64	post_user_data;
	__s32	post_res;
	__u32	post_flags;
};

/* What one run was told and what the kernel functions returned. */
struct script_run {
	struct bpf_iouring_op_ctx ctx;
	__u64	state;		/* runs before, as the actor's state has it; ~0: no state */
	__u32	tgid;		/* of the task it ran in */
	__u32	tid;
	__u32	whole_state;	/* it has the most that there can be */
	__u32	verdict;
	__s32	staged;		/* calls that succeeded */
	__s32	stage_error;	/* of the first that did not */
	__s32	posted;
	__s32	post_error;
	__s32	result;		/* of the call that sets it */
	__u32	rule;
};

struct script {
	struct script_rule rules[SCRIPT_RULES];
	__u8	sqes[SCRIPT_SQES][128];
	__u32	nr_sqes;
	__u32	runs;		/* that have begun ... */
	__u32	done;		/* ... and are written down */
	__u32	inside;		/* runs that are under way ... */
	__u32	overlaps;	/* ... and how often there was one already */
	__u32	linger;		/* turns of a loop that a run takes */
	struct script_run log[SCRIPT_LOG];
};

#endif
