/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the engine's tests tell the policy engine.bpf.c to do, and what it saw:
 * its one global variable, shared with user space. It has no types of its own
 * for the interface: include spawnpol_policy.h or io_uring_spawn.h first.
 */
#ifndef SPAWNPOL_TESTS_ENGINE_H
#define SPAWNPOL_TESTS_ENGINE_H

#define ENGINE_RULES	8
#define ENGINE_LOG	128
#define ENGINE_TEXT	64
#define ENGINE_ANY_STEP	(~0U)

enum engine_stage {
	ENGINE_STAGE_NONE,
	ENGINE_STAGE_SQE,
	ENGINE_STAGE_EXEC,
	ENGINE_STAGE_EXEC_DIR,
	ENGINE_STAGE_EXEC_INTERP,
	ENGINE_STAGE_CHILD,
	ENGINE_STAGE_EXEC_SEARCH,
};

/* What to do; the first rule that matches a run counts. No match: CONTINUE. */
struct engine_rule {
	__u32	events;		/* mask of events; 0: no rule */
	__u32	step;
	__u32	below;		/* while fewer requests were issued; 0: always */
	__s32	res;		/* this result only; 0: any */
	__u32	head;		/* a file that begins with this byte; 0: any */
	__u32	verdict;
	__u32	stage;		/* enum engine_stage */
	__u32	count;		/* of requests to stage */
	__u32	post;
	__u32	sets_result;
	__s32	result;
	__u64	delay_ns;
	__u64	scratch;	/* added to scratch[0] and stored in scratch[7] */
	__u8	sqe[64];
	char	text[ENGINE_TEXT];
};

/* What one run was told and what the kernel functions returned. */
struct engine_run {
	struct bpf_iouring_ctx ctx;
	__u32	tgid;		/* of the task it ran in */
	__u32	tid;
	__s32	staged[9];	/* by each call of a staging function */
	__s32	delay;
	__s32	result;
	__s32	name_len;
	char	name[ENGINE_TEXT];
	__s32	path_len;
	char	path[ENGINE_TEXT];
	__s32	head_len;
	char	head[ENGINE_TEXT];
};

struct engine {
	struct engine_rule rules[ENGINE_RULES];
	struct engine_run log[ENGINE_LOG];
	__u32	runs;
};

#endif
