/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands of a child and the other requests of a chain: for each, its name, which
 * kernel, library, tool and daemon share, and its numbers. launch.h has the options
 * that add them to a chain.
 */
#ifndef SPAWNPOL_COMMANDS_H
#define SPAWNPOL_COMMANDS_H

#include <spawnpol.h>
#include <stdbool.h>
#include <stdint.h>

/* In the place of opcodes, which are below 256: what kernels number differently. */
enum { OP_CLONE = 256, OP_EXEC, OP_CHILD, OP_OTHER };

/* What a line about the request shows of its SQE. */
enum command_object {
	OBJECT_NONE,
	OBJECT_PATH,		/* addr */
	OBJECT_PROGRAM,		/* addr, or fd if that is the empty string */
	OBJECT_PATH_AS,		/* addr and the descriptor that it becomes, off */
	OBJECT_FD,		/* fd */
	OBJECT_FD_AS,		/* fd and the descriptor that it becomes, off */
	OBJECT_NUMBER,		/* off */
	OBJECT_OPTION,		/* child_flags */
	OBJECT_OPCODE,		/* opcode */
};

struct child_command {
	const char *name;
	uint32_t op;		/* IORING_OP_* or one of the above */
	uint32_t cmd;		/* IORING_CHILD_* if op is OP_CHILD */
	/* the library's name for a use of the command that has the number's own name */
	bool variant;
	enum command_object object;
	const char *posix;	/* what of posix_spawn(3) does it, or NULL */
};

/* What the library calls so; NULL: there is no such kind. */
const struct child_command *command_of_kind(enum spawnpol_kind kind);

/* The nth in the order of enum spawnpol_kind, variants too; NULL after the last. */
const struct child_command *command_nth(unsigned int n);

#endif
