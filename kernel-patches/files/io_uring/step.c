// SPDX-License-Identifier: GPL-2.0
/*
 * Which operations may be steps of a chain, that is, run in a child, and how. One
 * is legal if it ends where it is issued, and writes to nothing that the child
 * shares with its parent.
 */
#include <linux/kernel.h>
#include <linux/fcntl.h>
#include <linux/io_uring.h>
#include <linux/nospec.h>
#include <linux/openat2.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "opdef.h"
#include "openclose.h"
#include "rw.h"
#include "child.h"
#include "exec.h"
#include "name.h"
#include "spawn.h"
#include "step.h"

/* may be a step */
#define IO_STEP_LEGAL		BIT(0)
/* has no effect unless it succeeds: may be issued any number of times */
#define IO_STEP_RETRY		BIT(1)
/* may be issued again if it was interrupted, by io_rw_restart() */
#define IO_STEP_RESTART		BIT(2)
/* waits for nobody */
#define IO_STEP_PROMPT		BIT(3)

#define IO_STEP_RW		(IO_STEP_LEGAL | IO_STEP_RESTART)
#define IO_STEP_OPEN		(IO_STEP_LEGAL | IO_STEP_RETRY)
#define IO_STEP_OWN		(IO_STEP_LEGAL | IO_STEP_RETRY | IO_STEP_PROMPT)

static const u8 io_step_ops[IORING_OP_LAST] = {
	[IORING_OP_NOP]			= IO_STEP_OWN,
	[IORING_OP_READV]		= IO_STEP_RW,
	[IORING_OP_WRITEV]		= IO_STEP_RW,
	[IORING_OP_READ_FIXED]		= IO_STEP_RW,
	[IORING_OP_WRITE_FIXED]		= IO_STEP_RW,
	[IORING_OP_READ]		= IO_STEP_RW,
	[IORING_OP_WRITE]		= IO_STEP_RW,
	[IORING_OP_FSYNC]		= IO_STEP_LEGAL,
	[IORING_OP_SYNC_FILE_RANGE]	= IO_STEP_LEGAL,
	[IORING_OP_FALLOCATE]		= IO_STEP_LEGAL,
	[IORING_OP_FTRUNCATE]		= IO_STEP_LEGAL,
	[IORING_OP_OPENAT]		= IO_STEP_OPEN,
	[IORING_OP_OPENAT2]		= IO_STEP_OPEN,
	[IORING_OP_CLOSE]		= IO_STEP_LEGAL,
	[IORING_OP_STATX]		= IO_STEP_LEGAL,
	[IORING_OP_SPLICE]		= IO_STEP_LEGAL,
	[IORING_OP_TEE]			= IO_STEP_LEGAL,
	[IORING_OP_RENAMEAT]		= IO_STEP_LEGAL,
	[IORING_OP_UNLINKAT]		= IO_STEP_LEGAL,
	[IORING_OP_MKDIRAT]		= IO_STEP_LEGAL,
	[IORING_OP_SYMLINKAT]		= IO_STEP_LEGAL,
	[IORING_OP_LINKAT]		= IO_STEP_LEGAL,
	[IORING_OP_FSETXATTR]		= IO_STEP_LEGAL,
	[IORING_OP_SETXATTR]		= IO_STEP_LEGAL,
	[IORING_OP_FGETXATTR]		= IO_STEP_LEGAL,
	[IORING_OP_GETXATTR]		= IO_STEP_LEGAL,
	[IORING_OP_SHUTDOWN]		= IO_STEP_LEGAL,
	[IORING_OP_EXEC]		= IO_STEP_OWN,
	[IORING_OP_CHILD]		= IO_STEP_OWN,
};

static u8 io_step_op(u8 opcode)
{
	if (opcode >= ARRAY_SIZE(io_step_ops))
		return 0;
	return io_step_ops[array_index_nospec(opcode, ARRAY_SIZE(io_step_ops))];
}

bool io_op_in_child(u8 opcode)
{
	return io_step_op(opcode) & IO_STEP_LEGAL && io_uring_op_supported(opcode);
}

bool io_op_can_retry(u8 opcode)
{
	return io_step_op(opcode) & IO_STEP_RETRY;
}

bool io_op_can_restart(u8 opcode)
{
	return io_step_op(opcode) & (IO_STEP_RETRY | IO_STEP_RESTART);
}

void io_op_restart(struct io_kiocb *req)
{
	if (io_step_op(req->opcode) & IO_STEP_RESTART)
		io_rw_restart(req);
}

void io_step_get_fixed(struct io_kiocb *req)
{
	int fd = req->cqe.fd;

	lockdep_assert_held(&req->ctx->uring_lock);

	if (req->opcode == IORING_OP_CHILD) {
		fd = io_child_fd(req);
	} else if (!io_issue_defs[req->opcode].needs_file) {
		/* as for a request of its own, the flag means nothing */
		req->flags &= ~REQ_F_FIXED_FILE;
		return;
	}
	req->file = io_file_get_fixed(req, fd, 0);
}

bool io_op_may_wait(struct io_kiocb *req)
{
	if (req->opcode == IORING_OP_CHILD)
		return io_child_cmd(req) == IORING_CHILD_OPEN;
	return !(io_step_op(req->opcode) & IO_STEP_PROMPT);
}

static void io_step_get_open(struct io_kiocb *req, struct io_step_path *path)
{
	const struct open_how *how;
	int dfd;

	path->path = io_open_path(req, &dfd, &how);
	path->at = dfd >= 0 && path->path[0] != '/';
	path->flags = how->flags;
	path->mode = how->mode;
	path->resolve = how->resolve;
}

void io_step_get_path(struct io_kiocb *req, struct io_step_path *path)
{
	*path = (struct io_step_path){};
	switch (req->opcode) {
	case IORING_OP_EXEC:
		path->path = io_exec_path(req);
		path->at = io_exec_at(req);
		path->flags = io_exec_flags(req);
		break;
	case IORING_OP_CHILD:
		io_child_get_path(req, path);
		break;
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		io_step_get_open(req, path);
		break;
	}
}

struct filename *io_step_name(struct io_kiocb *req)
{
	struct filename *name = NULL;

	if (req->opcode == IORING_OP_EXEC)
		name = io_exec_name(req);
	else if (req->opcode == IORING_OP_CHILD)
		name = io_child_name(req);
	return name ? io_name_get(name) : NULL;
}
