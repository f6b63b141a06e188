/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actors made up at random: what is asked for, what was seen, what must be so. */
#ifndef SPAWNPOL_FUZZ_ACTOR_CASE_H
#define SPAWNPOL_FUZZ_ACTOR_CASE_H

#include "../lib/actor.h"

#include <stdio.h>

#define MOST_ACTORS 4
#define MOST_ACTIONS 10
#define TAGS 6 /* user_data of staged requests is below that */
#define POSTED (SCRIPT_ANY - 1) /* user_data of CQEs that programs post */
#define LAST_CANCELS (OTHER + 1000) /* user_data of those that end a case */

enum actor_action {
	ACT_CANCEL,	   /* one actor */
	ACT_CANCEL_ALL,
	ACT_WRITE_PIPE,	   /* that requests read */
	ACT_WRITE_SOCKET,
	ACT_WAIT,	   /* a moment */
	ACT_NOP,
	ACT_DETACH,
	ACT_REPLACE,	   /* the program, by one that ends at once */
	ACT_LAST,
};

struct actor_case {
	uint64_t seed, number;
	unsigned int kind; /* of tring_kinds */
	unsigned int nr_actors;
	bool linked[MOST_ACTORS]; /* to the one that follows */
	unsigned int max_staged, max_issues;
	unsigned int nr_rules;
	struct script_rule rules[SCRIPT_RULES];
	unsigned int nr_sqes;
	struct io_uring_sqe sqes[SCRIPT_SQES];
	unsigned int nr_actions;
	struct {
		enum actor_action kind;
		unsigned int value;
	} actions[MOST_ACTIONS];
	bool closes; /* the ring, whatever is in flight */
};

/* What requests are about; made before the case, which has its descriptors. */
struct actor_world {
	int pipe[2], socket[2], tcp[2];
	struct __kernel_timespec soon, later;
	struct io_uring_spawn spawn;
	uint32_t word;
	char buf[64], bufs[16][16];
};
extern struct actor_world actor_world;
void actor_world_make(void);
/* tests/actor.bpf.o, for all cases. */
void actor_program_load(struct tactor *a);

struct actor_seen {
	unsigned int nr_cqes;
	struct tring_cqe cqes[2048];
	struct script script; /* as it was at the end */
	bool detached, replaced;
	bool has_info; /* of the link, at the end */
	struct spawnpol_link_info info;
	unsigned int left; /* actors that fdinfo shows at the end */
};

void actor_case_make(struct actor_case *c, uint64_t seed, uint64_t number);
void actor_case_print(const struct actor_case *c, FILE *to);
/* False: not all CQEs have come in time. */
bool actor_case_run(const struct actor_case *c, struct tactor *a,
		    struct actor_seen *seen);
/* Returns how many violations there are, and says which. */
unsigned int actor_case_judge(const struct actor_case *c,
			      const struct actor_seen *seen, FILE *to);

/* Something that is changed in what was seen, to see that it is noticed. */
enum actor_breakage {
	ACTOR_BREAK_NOTHING,
	ACTOR_BREAK_LOST_CQE,
	ACTOR_BREAK_SECOND_CQE,
	ACTOR_BREAK_STRANGE_CQE,
	ACTOR_BREAK_RESULT,
	ACTOR_BREAK_POSTED,
	ACTOR_BREAK_TOLD,
	ACTOR_BREAK_TOLD_TWICE,
	ACTOR_BREAK_IN_FLIGHT,
	ACTOR_BREAK_ROOM,
	ACTOR_BREAK_START,
	ACTOR_BREAK_COUNTER,
	ACTOR_BREAK_LEFT,
	ACTOR_BREAK_LAST,
};
extern const char *const actor_breakages[ACTOR_BREAK_LAST];
void actor_case_break(const struct actor_case *c, struct actor_seen *seen,
		      enum actor_breakage what);

#endif
