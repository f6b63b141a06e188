/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands of IORING_OP_CHILD, each with values that it can be told by, and
 * the system call that it counts as.
 */
#ifndef SPAWNPOL_TESTS_COMMAND_H
#define SPAWNPOL_TESTS_COMMAND_H

#include "ring.h"

/* An address that the call has and the command has not. */
#define COMMAND_NO_ADDRESS (~0ULL)

struct command {
	struct io_uring_sqe sqe;
	int call;
	unsigned int told; /* the argument that tells it from others */
	uint64_t args[6];  /* of the first call, if it makes several */
};

/*
 * By its number; NULL if it has none, or the kernel of r does not have it, or it
 * is no call at all.
 */
const struct command *command_of(struct tring *r, unsigned int number);
/* Numbers end here. */
#define COMMANDS 64

/*
 * Have check() look at each command that the kernel has, in a process of its own. It
 * finds r a new ring.
 */
void each_command(struct tring *r, void (*check)(const struct command *c));
/* One call for each of two signals. */
bool command_makes_several(const struct command *c);
/* Queue it as a step. */
struct io_uring_sqe *q_command(struct tring *r, const struct command *c);
/* What a filter, a record or a tracer has there is this command's argument. */
bool command_has_arg(const struct command *c, unsigned int arg, uint64_t value);

#endif
