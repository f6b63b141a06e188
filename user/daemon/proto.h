/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What spawnpold and its clients say to each other.
 *
 * The socket is of type SOCK_SEQPACKET: messages have borders. A connection is
 * good for one program. The client sends one request, with three descriptors
 * (SCM_RIGHTS) that become the program's 0, 1 and 2. It gets
 *
 *	REFUSED		the daemon did not try: error and text say why; or
 *	FAILED		it tried and failed, at this step, with this error; or
 *	RUNNING		the program runs as pid; and, when that has ended,
 *	ENDED		with code and status as waitid(2) tells them.
 *
 * REFUSED, FAILED and ENDED are last; the daemon hangs up. If the client hangs
 * up, a program that is not running yet is cancelled and one that is goes on.
 *
 * A request is a struct spd_request, nr_actions times struct spd_action, and
 * strings, each ended by a NUL: the program, nr_args arguments (argv[0] is the
 * first), and one for each action, empty where it needs none. Nothing else
 * follows. Numbers are in the byte order of the machine.
 */
#ifndef SPAWNPOLD_PROTO_H
#define SPAWNPOLD_PROTO_H

#include <stdint.h>

#define SPD_MAGIC	0x31445053	/* "SPD1" */
#define SPD_MAX_MESSAGE	65536		/* bytes */
#define SPD_MAX_ARGS	4096
#define SPD_MAX_ACTIONS	64
#define SPD_NR_FDS	3

struct spd_request {
	uint32_t magic;		/* SPD_MAGIC */
	uint32_t nr_args;	/* 1 to SPD_MAX_ARGS */
	uint32_t nr_actions;	/* up to SPD_MAX_ACTIONS */
	uint32_t reserved;	/* 0 */
};

enum spd_action_kind {
	SPD_OPEN,		/* the string, with flags and mode, as fd */
	SPD_CHDIR,		/* to the string */
};

/* Done in order, after the three descriptors are in place. */
struct spd_action {
	uint32_t kind;
	int32_t fd;
	uint32_t flags;		/* of open(2) */
	uint32_t mode;
};

enum spd_reply_kind { SPD_REFUSED, SPD_FAILED, SPD_RUNNING, SPD_ENDED };

struct spd_reply {
	uint32_t kind;
	int32_t error;		/* REFUSED, FAILED: negative errno */
	int32_t step;		/* FAILED: number of the step, -1 for CLONE */
	uint32_t exec;		/* FAILED: 1 if that was executing the program */
	int32_t pid;		/* RUNNING, ENDED */
	int32_t code;		/* ENDED: CLD_EXITED, CLD_KILLED, CLD_DUMPED */
	int32_t status;		/* ENDED: exit status or signal */
	char text[256];		/* REFUSED, FAILED: in words, ends with NUL */
};

#endif
