/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The protocol between spawnpold and its clients.
 *
 * The socket has type SOCK_SEQPACKET, which keeps the boundaries of messages. A
 * connection serves one program. The client sends one request, with descriptors
 * (SCM_RIGHTS): the first three are the child's standard streams, the others are for
 * options that name them. The child has no other descriptors. The client receives
 *
 *	REFUSED		the daemon did not launch: error and text say why; or
 *	FAILED		the launch failed, at this step, with this error; or
 *	RUNNING		the program runs as pid; and, when that has ended,
 *	ENDED		with code and status as from waitid(2).
 *
 * After REFUSED, FAILED or ENDED the daemon closes the connection. If the client closes
 * it, the daemon cancels a program that is not running yet, and leaves a running one
 * alone.
 *
 * A request is a struct spd_request followed by strings, each ended by a NUL: the
 * program, nr_args arguments (argv[0] is the first), and nr_options options of the
 * launch, each with its arguments: "setsid", "umask 022", "dup 1:2". Nothing else
 * follows. Numbers are in the byte order of the machine.
 *
 * The options are those of common/launch.h; the child runs their steps in this order.
 * Where an argument is a file to open, a request has the index, 3 or more, of a
 * descriptor that comes with it. Where an argument is a file to read, a request has
 * hexadecimal digits, two for each byte.
 */
#ifndef SPAWNPOLD_PROTO_H
#define SPAWNPOLD_PROTO_H

#include <stdint.h>

#include "common/launch.h"

#define SPD_MAGIC	0x33445053	/* "SPD3" */
#define SPD_MAX_MESSAGE	65536		/* bytes */
#define SPD_MAX_ARGS	4096
#define SPD_MAX_OPTIONS	LAUNCH_MAX_OPTIONS
#define SPD_MAX_TEXT	LAUNCH_MAX_WHY
#define SPD_NR_STREAMS	NR_STREAMS	/* descriptors, at least */
#define SPD_MAX_FDS	8		/* descriptors, at most */

struct spd_request {
	uint32_t magic;		/* SPD_MAGIC */
	uint32_t nr_args;	/* 1 to SPD_MAX_ARGS */
	uint32_t nr_options;	/* up to SPD_MAX_OPTIONS */
	uint32_t reserved;	/* 0 */
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
	char text[SPD_MAX_TEXT];	/* REFUSED, FAILED: in words, ends with NUL */
};

#endif
