/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_STEP_H
#define IOU_STEP_H

#include <linux/io_uring_types.h>

struct filename;

/* A path that a request has, and what is to be done with it. */
struct io_step_path {
	const char	*path;		/* NULL: it has none */
	bool		at;		/* it starts at an open file */
	u64		flags;		/* O_* of an open, AT_* of an EXEC */
	u32		mode;
	u32		resolve;	/* RESOLVE_* */
};

void io_step_get_path(struct io_kiocb *req, struct io_step_path *path);
/* A reference to its path, or NULL if it has none of those in name.h. */
struct filename *io_step_name(struct io_kiocb *req);

/* Whether an interrupted request of this operation can be issued again ... */
bool io_op_can_restart(u8 opcode);
/* ... for which it is made as it was before. */
void io_op_restart(struct io_kiocb *req);
/*
 * Look up the registered file of a step, under the ring's lock. Without one in its
 * slot req->file stays as it is.
 */
void io_step_get_fixed(struct io_kiocb *req);
/* Whether issuing it can wait for something that others do. */
bool io_op_may_wait(struct io_kiocb *req);

#endif
