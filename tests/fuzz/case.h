/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A case: what is done to one ring. All of it follows from a number, also the
 * addresses in it, since what they point to lies in an arena at a fixed place.
 */
#ifndef SPAWNPOL_FUZZ_CASE_H
#define SPAWNPOL_FUZZ_CASE_H

#include "io_uring_spawn.h"
#include "spawnpol_uapi.h"
#include "../engine.h"

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "random.h"
#include "world.h"

#define MAX_SQES 120
#define MAX_ACTIONS 5
#define MAX_LINKS 3
#define OPEN_LISTS 3 /* of open directories, registered from number 0 on */
#define MAX_KEPT 3 /* children that wait when a case begins */
#define MAX_SIDE 2 /* policies that pass, on either side of a link */

/* user_data: an SQE's is its index; an action's that needs one is this plus its own. */
#define ACTION_DATA 1000

/* In relists: the ring forgets it. */
#define LIST_FORGOTTEN WORLD_LISTS

enum action_kind {
	ACTION_CANCEL, /* a request, with these flags */
	ACTION_DETACH, /* a link */
	ACTION_UPDATE,
	ACTION_CLOSE_LINK,
	ACTION_KILL,   /* all children */
	ACTION_STOP,   /* and let them go on after a moment */
	ACTION_SIGNAL, /* the submitter */
	ACTION_FEED,   /* the pipe that steps read from */
	ACTION_LISTS,  /* register lists of open directories once more */
	ACTION_CLOSE_RING,
	ACTION_EXIT, /* the submitter */
	ACTION_LAST
};

struct action {
	enum action_kind kind;
	bool thread;	   /* done by another thread than the submitter */
	uint32_t after_us; /* since the one before */
	uint32_t target;   /* request or link */
	uint32_t flags;
	uint32_t opcode;
};

struct policy_link {
	uint32_t slot;
	uint32_t events;
	uint32_t max_issues;
	uint32_t max_staged;
	uint64_t max_delay_ns;
	/* others in the slot, which pass: before it and after it */
	uint32_t before, after;
};

struct fuzz_case {
	uint64_t seed, number;
	struct rnd rnd;
	uint32_t ring_flags, entries, cq_entries;
	bool buffers; /* one is registered */
	/* the world's lists that the ring has, and what takes their place ... */
	unsigned int lists[OPEN_LISTS];
	/* ... once all is submitted: another one, this, or nothing */
	unsigned int relists[OPEN_LISTS];
	unsigned int nr_sqes;
	struct io_uring_sqe sqes[MAX_SQES];
	bool submit[MAX_SQES]; /* what is queued so far, behind this one */
	bool noise[MAX_SQES];  /* may be without an end, or have several */
	unsigned int nr_rules;
	struct engine_rule rules[ENGINE_RULES];
	unsigned int nr_links;
	struct policy_link links[MAX_LINKS];
	unsigned int nr_actions;
	struct action actions[MAX_ACTIONS];
};

/* make.c: fills in the case with this number and the arena. */
void case_make(struct fuzz_case *c, uint64_t seed, uint64_t number);
/* make_step.c: a request for a child, without flags that link it */
void make_step(struct rnd *r, struct io_uring_sqe *sqe);
void make_exec(struct rnd *r, struct io_uring_sqe *sqe);
/* EXEC of a program that there is */
void make_program(struct rnd *r, struct io_uring_sqe *sqe);
/* make_child.c: a command of IORING_OP_CHILD */
void make_child(struct rnd *r, struct io_uring_sqe *sqe);
/* make_clone.c */
void make_clone(struct rnd *r, struct io_uring_sqe *sqe);
/* make_whole.c: a SPAWN, as the request with this number */
void make_whole(struct rnd *r, struct io_uring_sqe *sqe, unsigned int number);
/* make_kept.c: what it is to do with a kept child; the same of a CLONE */
void make_kept(struct rnd *r, struct io_uring_spawn *arg);
void make_kept_clone(struct rnd *r, struct io_uring_sqe *sqe);
/* make_policy.c: rules and links */
void make_policy(struct fuzz_case *c);

/* print.c */
void case_print(const struct fuzz_case *c, FILE *to);
void print_field(FILE *to, const char *name, uint64_t value);
void print_addr(FILE *to, const char *name, uint64_t addr);
const char *cmd_name(uint32_t cmd);
/* print_whole.c: what SPAWN points to */
void print_whole(const struct fuzz_case *c, unsigned int at, FILE *to);
const char *event_name(uint32_t event);
const char *verdict_name(uint32_t verdict);

static inline bool is_linked(const struct io_uring_sqe *sqe)
{
	return sqe->flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
}

#endif
