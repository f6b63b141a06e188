// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_OP_CHILD: what the child of a chain does to itself before EXEC. To
 * add a command, add its number to the uapi and a line to the table.
 */
#include <linux/kernel.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/io_uring.h>
#include <linux/limits.h>
#include <linux/nospec.h>
#include <linux/resource.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/string.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "call.h"
#include "child.h"
#include "child_cmd.h"
#include "exec.h"

struct io_child_def {
	/* what the fields of the SQE can hold, those not named here just 0 */
	unsigned int	fd : 1;		/* anything */
	unsigned int	fixed : 1;	/* a registered file, too */
	unsigned int	path : 1;	/* in addr */
	u32		flags;		/* these bits */
	u64		off;		/* up to that */
	u64		addr;		/* likewise, if it is no path */
	u64		addr3;		/* likewise */

	int (*run)(struct io_child *child);
};

static const struct io_child_def io_child_defs[] = {
	[IORING_CHILD_DUP] = {
		.fd = 1, .fixed = 1, .off = U64_MAX, .flags = O_CLOEXEC,
		.run = io_child_dup,
	},
	[IORING_CHILD_CHDIR] = {
		.fd = 1, .path = 1, .run = io_child_chdir,
	},
	[IORING_CHILD_FCHDIR] = {
		.fd = 1, .run = io_child_fchdir,
	},
	[IORING_CHILD_SETSID] = {
		.run = io_child_setsid,
	},
	[IORING_CHILD_SETPGID] = {
		.off = INT_MAX, .run = io_child_setpgid,
	},
	[IORING_CHILD_OPEN] = {
		.fd = 1, .path = 1, .off = U64_MAX, .flags = U32_MAX,
		.addr3 = S_IALLUGO, .run = io_child_open,
	},
	[IORING_CHILD_CLOSE_RANGE] = {
		.fd = 1, .off = U32_MAX, .flags = CLOSE_RANGE_CLOEXEC,
		.run = io_child_close_range,
	},
	[IORING_CHILD_CLOSE_EXCEPT] = {
		.addr = U64_MAX, .off = IO_CHILD_MAX_KEPT,
		.flags = CLOSE_RANGE_CLOEXEC, .run = io_child_close_except,
	},
	[IORING_CHILD_CHROOT] = {
		.fd = 1, .path = 1, .run = io_child_chroot,
	},
	[IORING_CHILD_UMASK] = {
		.off = 0777, .run = io_child_umask,
	},
	[IORING_CHILD_TCSETPGRP] = {
		.fd = 1, .off = INT_MAX, .run = io_child_tcsetpgrp,
	},
	[IORING_CHILD_SIGMASK] = {
		.off = U64_MAX, .run = io_child_sigmask,
	},
	[IORING_CHILD_SIGDEFAULT] = {
		.off = U64_MAX, .run = io_child_sigdefault,
	},
	[IORING_CHILD_SIGIGNORE] = {
		.off = U64_MAX, .run = io_child_sigignore,
	},
	[IORING_CHILD_SETGROUPS] = {
		.addr = U64_MAX, .off = NGROUPS_MAX, .run = io_child_setgroups,
	},
	[IORING_CHILD_SETRESGID] = {
		.addr = U32_MAX, .off = U32_MAX, .addr3 = U32_MAX,
		.run = io_child_setresgid,
	},
	[IORING_CHILD_SETRESUID] = {
		.addr = U32_MAX, .off = U32_MAX, .addr3 = U32_MAX,
		.run = io_child_setresuid,
	},
	[IORING_CHILD_CAPSET] = {
		.addr = CAP_VALID_MASK, .off = CAP_VALID_MASK,
		.addr3 = CAP_VALID_MASK, .run = io_child_capset,
	},
	[IORING_CHILD_PRCTL] = {
		.off = INT_MAX, .addr = ULONG_MAX, .addr3 = ULONG_MAX,
		.run = io_child_prctl,
	},
	[IORING_CHILD_DUMPABLE] = {
		.off = 1, .run = io_child_dumpable,
	},
	[IORING_CHILD_LANDLOCK] = {
		.fd = 1, .run = io_child_landlock,
	},
	[IORING_CHILD_RLIMIT] = {
		.off = RLIM_NLIMITS - 1, .addr = U64_MAX, .addr3 = U64_MAX,
		.run = io_child_rlimit,
	},
	[IORING_CHILD_NICE] = {
		.off = U64_MAX, .run = io_child_nice,
	},
	[IORING_CHILD_SCHED] = {
		.addr = U64_MAX, .off = PAGE_SIZE, .run = io_child_sched,
	},
	[IORING_CHILD_AFFINITY] = {
		.addr = U64_MAX, .off = U32_MAX, .run = io_child_affinity,
	},
	[IORING_CHILD_IOPRIO] = {
		.off = U16_MAX, .run = io_child_ioprio,
	},
	[IORING_CHILD_OOM_SCORE_ADJ] = {
		.off = U64_MAX, .run = io_child_oom_score_adj,
	},
	[IORING_CHILD_UNSHARE] = {
		.off = U32_MAX, .run = io_child_unshare,
	},
	[IORING_CHILD_SETNS] = {
		.fd = 1, .off = INT_MAX, .run = io_child_setns,
	},
};

bool io_child_has_path(u32 cmd)
{
	return cmd < ARRAY_SIZE(io_child_defs) && io_child_defs[cmd].path;
}

static bool io_child_check(struct io_kiocb *req, struct io_child *child)
{
	const struct io_child_def *def = &io_child_defs[child->cmd];

	if (!def->fixed && req->flags & REQ_F_FIXED_FILE)
		return false;
	if (!def->fd && child->fd)
		return false;
	return !(child->flags & ~def->flags) && child->off <= def->off &&
	       child->addr3 <= def->addr3;
}

/* All but addr. */
static int __io_child_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_child *child = io_kiocb_to_cmd(req, struct io_child);

	BUILD_BUG_ON(ARRAY_SIZE(io_child_defs) != IORING_CHILD_LAST);

	child->path = NULL;
	child->addr = 0;
	if (sqe->buf_index || sqe->file_index || sqe->__pad2[0])
		return -EINVAL;
	if (READ_ONCE(sqe->personality))
		return -EINVAL;

	child->cmd = READ_ONCE(sqe->len);
	if (child->cmd >= ARRAY_SIZE(io_child_defs))
		return -EINVAL;
	child->cmd = array_index_nospec(child->cmd, ARRAY_SIZE(io_child_defs));
	child->fd = READ_ONCE(sqe->fd);
	child->off = READ_ONCE(sqe->off);
	child->addr3 = READ_ONCE(sqe->addr3);
	child->flags = READ_ONCE(sqe->child_flags);
	return io_child_check(req, child) ? 0 : -EINVAL;
}

/* "" is no path, unlike where AT_EMPTY_PATH makes it one. */
static int io_child_set_path(struct io_kiocb *req, struct io_child *child,
			     char *path)
{
	if (!*path) {
		kfree(path);
		return -ENOENT;
	}
	child->path = path;
	req->flags |= REQ_F_NEED_CLEANUP;
	return 0;
}

int io_child_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_child *child = io_kiocb_to_cmd(req, struct io_child);
	const struct io_child_def *def;
	char *path;
	int ret;

	ret = __io_child_prep(req, sqe);
	if (ret)
		return ret;
	def = &io_child_defs[child->cmd];
	child->addr = READ_ONCE(sqe->addr);
	if (!def->path)
		return child->addr <= def->addr ? 0 : -EINVAL;

	path = io_import_path(child->addr);
	if (IS_ERR(path))
		return PTR_ERR(path);
	return io_child_set_path(req, child, path);
}

int io_child_prep_path(struct io_kiocb *req, const struct io_uring_sqe *sqe,
		       char *path)
{
	struct io_child *child = io_kiocb_to_cmd(req, struct io_child);
	int ret;

	ret = __io_child_prep(req, sqe);
	if (!ret && !io_child_defs[child->cmd].path)
		ret = -EINVAL;
	if (ret) {
		kfree(path);
		return ret;
	}
	return io_child_set_path(req, child, path);
}

void io_child_cleanup(struct io_kiocb *req)
{
	kfree(io_kiocb_to_cmd(req, struct io_child)->path);
}

u32 io_child_cmd(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_child)->cmd;
}

u64 io_child_off(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_child)->off;
}

/* As the system call that the command stands in for, if there is one. */
static int io_child_run(struct io_child *child)
{
	const struct io_child_def *def = &io_child_defs[child->cmd];
	struct io_call call;
	int ret;

	if (!io_child_call(child, &call.data))
		return def->run(child);

	ret = io_call_begin(&call) ?: def->run(child);
	io_call_end(&call, ret);
	return ret;
}

int io_child(struct io_kiocb *req, unsigned int issue_flags)
{
	struct io_child *child = io_kiocb_to_cmd(req, struct io_child);
	int ret;

	if (!(issue_flags & IO_URING_F_CHILD))
		return -EINVAL;

	ret = io_child_run(child);
	if (ret < 0)
		req_set_fail(req);
	io_req_set_res(req, ret, 0);
	return IOU_OK;
}
