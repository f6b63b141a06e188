// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_OP_CHILD: what the child of a chain does to itself before EXEC. To add a
 * command, add its number to the uapi and a row to the table.
 */
#include <linux/kernel.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/io_uring.h>
#include <linux/ioprio.h>
#include <linux/limits.h>
#include <linux/nospec.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include <asm/ioctls.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "call.h"
#include "chain.h"
#include "child.h"
#include "child_cmd.h"
#include "kept.h"
#include "name.h"
#include "step.h"

/* What an argument of the call is made of. */
enum io_child_arg {
	IO_ARG_VALUE,		/* the number beside it */
	IO_ARG_FD,
	IO_ARG_ADDR,
	IO_ARG_OFF,
	IO_ARG_ADDR3,
	IO_ARG_ADDR4,
	IO_ARG_FLAGS,
	IO_ARG_NOWHERE,
};

struct io_child_def {
	/* what the fields of the SQE can hold, those not named here just 0 */
	unsigned int	fd : 1;		/* anything */
	unsigned int	fixed : 1;	/* a registered file, too */
	unsigned int	path : 1;	/* in addr */
	unsigned int	starts : 1;	/* at fd, which its call has no argument for */
	u32		flags;		/* these bits */
	u64		off;		/* up to that */
	u64		addr;		/* likewise, if it is no path */
	u64		addr3;		/* likewise */
	u64		addr4;		/* likewise */

	int (*run)(struct io_child *child);
	u32		sets;		/* IO_SETS_* */

	/*
	 * The system call that it is to audit, filters and debuggers. Without
	 * one, the command sees to that, or there is none.
	 */
	struct io_call_nr	call;
	struct {
		u8		from;	/* IO_ARG_* */
		u32		value;
	} args[IO_CALL_ARGS];
};

#define CALL(name, ...)	.call = IO_CALL_NR(name), .args = { __VA_ARGS__ }
/* one that has a number in its name for those who have numbers of 16 bits */
#define CALL_IDS(name, ...) \
	.call = { __NR_##name, __NR_ia32_##name##32 }, .args = { __VA_ARGS__ }
#define FD		{ IO_ARG_FD }
#define ADDR		{ IO_ARG_ADDR }
#define OFF		{ IO_ARG_OFF }
#define ADDR3		{ IO_ARG_ADDR3 }
#define ADDR4		{ IO_ARG_ADDR4 }
#define FLAGS		{ IO_ARG_FLAGS }
#define NOWHERE		{ IO_ARG_NOWHERE }
#define VALUE(x)	{ IO_ARG_VALUE, (x) }

static const struct io_child_def io_child_defs[] = {
	[IORING_CHILD_DUP] = {
		.fd = 1, .fixed = 1, .off = U64_MAX, .flags = O_CLOEXEC,
		.run = io_child_dup, CALL(dup3, FD, OFF, FLAGS),
	},
	[IORING_CHILD_CHDIR] = {
		.fd = 1, .path = 1, .starts = 1,
		.sets = IO_SETS_CWD, .run = io_child_chdir, CALL(chdir, ADDR),
	},
	[IORING_CHILD_FCHDIR] = {
		.fd = 1,
		.sets = IO_SETS_CWD, .run = io_child_fchdir, CALL(fchdir, FD),
	},
	[IORING_CHILD_SETSID] = {
		.run = io_child_setsid, CALL(setsid, VALUE(0)),
	},
	[IORING_CHILD_SETPGID] = {
		.off = INT_MAX,
		.run = io_child_setpgid, CALL(setpgid, VALUE(0), OFF),
	},
	[IORING_CHILD_OPEN] = {
		.fd = 1, .path = 1, .off = U64_MAX, .flags = U32_MAX,
		.addr3 = S_IALLUGO,
		.run = io_child_open, CALL(openat, FD, ADDR, FLAGS, ADDR3),
	},
	[IORING_CHILD_CLOSE_RANGE] = {
		.fd = 1, .off = U32_MAX, .flags = CLOSE_RANGE_CLOEXEC,
		.run = io_child_close_range, CALL(close_range, FD, OFF, FLAGS),
	},
	[IORING_CHILD_CLOSE_EXCEPT] = {
		.addr = U64_MAX, .off = IO_CHILD_MAX_KEPT,
		.flags = CLOSE_RANGE_CLOEXEC,
		.run = io_child_close_except,
		CALL(close_range, VALUE(0), VALUE(U32_MAX), FLAGS),
	},
	[IORING_CHILD_CHROOT] = {
		.fd = 1, .path = 1, .starts = 1,
		/* a directory of the launcher's would be outside */
		.sets = IO_SETS_ROOT | IO_SETS_CWD,
		.run = io_child_chroot, CALL(chroot, ADDR),
	},
	[IORING_CHILD_UMASK] = {
		.off = 0777,
		.sets = IO_SETS_UMASK, .run = io_child_umask, CALL(umask, OFF),
	},
	[IORING_CHILD_TCSETPGRP] = {
		.fd = 1, .off = INT_MAX,
		.run = io_child_tcsetpgrp,
		CALL(ioctl, FD, VALUE(TIOCSPGRP), NOWHERE),
	},
	[IORING_CHILD_SIGMASK] = {
		.off = U64_MAX,
		.sets = IO_SETS_SIGMASK, .run = io_child_sigmask,
		CALL(rt_sigprocmask, VALUE(SIG_SETMASK), NOWHERE, VALUE(0),
		     VALUE(sizeof(sigset_t))),
	},
	/* these make one call for each signal */
	[IORING_CHILD_SIGDEFAULT] = {
		.off = U64_MAX, .run = io_child_sigdefault,
	},
	[IORING_CHILD_SIGIGNORE] = {
		.off = U64_MAX, .run = io_child_sigignore,
	},
	[IORING_CHILD_SETGROUPS] = {
		.addr = U64_MAX, .off = NGROUPS_MAX,
		.run = io_child_setgroups, CALL_IDS(setgroups, OFF, ADDR),
	},
	[IORING_CHILD_SETRESGID] = {
		.addr = U32_MAX, .off = U32_MAX, .addr3 = U32_MAX,
		.run = io_child_setresgid,
		CALL_IDS(setresgid, ADDR, OFF, ADDR3),
	},
	[IORING_CHILD_SETRESUID] = {
		.addr = U32_MAX, .off = U32_MAX, .addr3 = U32_MAX,
		.run = io_child_setresuid,
		CALL_IDS(setresuid, ADDR, OFF, ADDR3),
	},
	[IORING_CHILD_CAPSET] = {
		.addr = CAP_VALID_MASK, .off = CAP_VALID_MASK,
		.addr3 = CAP_VALID_MASK,
		.run = io_child_capset, CALL(capset, NOWHERE, NOWHERE),
	},
	[IORING_CHILD_PRCTL] = {
		.flags = INT_MAX, .addr = ULONG_MAX, .off = ULONG_MAX,
		.addr3 = ULONG_MAX, .addr4 = ULONG_MAX,
		.run = io_child_prctl,
		CALL(prctl, FLAGS, ADDR, OFF, ADDR3, ADDR4),
	},
	[IORING_CHILD_DUMPABLE] = {
		.off = 1,
		.run = io_child_dumpable,
		CALL(prctl, VALUE(PR_SET_DUMPABLE), OFF),
	},
	[IORING_CHILD_LANDLOCK] = {
		.fd = 1,
		.run = io_child_landlock,
		CALL(landlock_restrict_self, FD, VALUE(0)),
	},
	[IORING_CHILD_RLIMIT] = {
		.off = RLIM_NLIMITS - 1, .addr = U64_MAX, .addr3 = U64_MAX,
		.run = io_child_rlimit,
		CALL(prlimit64, VALUE(0), OFF, NOWHERE),
	},
	[IORING_CHILD_NICE] = {
		.off = U64_MAX,
		.run = io_child_nice,
		CALL(setpriority, VALUE(PRIO_PROCESS), VALUE(0), OFF),
	},
	[IORING_CHILD_SCHED] = {
		.addr = U64_MAX, .off = PAGE_SIZE,
		.run = io_child_sched,
		CALL(sched_setattr, VALUE(0), ADDR, VALUE(0)),
	},
	[IORING_CHILD_AFFINITY] = {
		.addr = U64_MAX, .off = U32_MAX,
		.run = io_child_affinity,
		CALL(sched_setaffinity, VALUE(0), OFF, ADDR),
	},
	[IORING_CHILD_IOPRIO] = {
		.off = U16_MAX,
		.sets = IO_SETS_IOPRIO, .run = io_child_ioprio,
		CALL(ioprio_set, VALUE(IOPRIO_WHO_PROCESS), VALUE(0), OFF),
	},
	/* a write to a file of proc, with no call of its own */
	[IORING_CHILD_OOM_SCORE_ADJ] = {
		.off = U64_MAX, .sets = IO_SETS_OOM_SCORE,
		.run = io_child_oom_score_adj,
	},
	[IORING_CHILD_UNSHARE] = {
		.off = U32_MAX,
		.run = io_child_unshare, CALL(unshare, OFF),
	},
	[IORING_CHILD_SETNS] = {
		.fd = 1, .off = INT_MAX,
		.run = io_child_setns, CALL(setns, FD, OFF),
	},
};

bool io_child_has_path(u32 cmd)
{
	return cmd < ARRAY_SIZE(io_child_defs) && io_child_defs[cmd].path;
}

/* --- preparing the request ------------------------------------------------ */

static bool io_child_check(const struct io_child *child, bool fixed)
{
	const struct io_child_def *def = &io_child_defs[child->cmd];

	if (!def->fixed && fixed)
		return false;
	if (!def->fd && child->fd)
		return false;
	return !(child->flags & ~def->flags) && child->off <= def->off &&
	       child->addr3 <= def->addr3 && child->addr4 <= def->addr4;
}

/* All but addr. */
static int __io_child_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_child *child = io_kiocb_to_cmd(req, struct io_child);

	BUILD_BUG_ON(ARRAY_SIZE(io_child_defs) != IORING_CHILD_LAST);

	child->path = NULL;
	child->addr = 0;
	if (sqe->buf_index || sqe->file_index)
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
	child->addr4 = READ_ONCE(sqe->__pad2[0]);
	child->flags = READ_ONCE(sqe->child_flags);
	return io_child_check(child, req->flags & REQ_F_FIXED_FILE) ? 0 : -EINVAL;
}

int io_child_prep_step(struct io_child *child, const struct io_uring_spawn_step *step)
{
	struct filename *path;
	u32 cmd = step->cmd;

	if (cmd >= ARRAY_SIZE(io_child_defs))
		return -EOPNOTSUPP;
	cmd = array_index_nospec(cmd, ARRAY_SIZE(io_child_defs));
	*child = (struct io_child){
		.addr	= step->addr,
		.off	= step->off,
		.addr3	= step->addr3,
		.addr4	= step->addr4,
		.cmd	= cmd,
		.flags	= step->child_flags,
		.fd	= step->fd,
	};
	if (!io_child_check(child, step->flags & IORING_SPAWN_STEP_FIXED))
		return -EINVAL;
	if (!io_child_defs[cmd].path)
		return child->addr <= io_child_defs[cmd].addr ? 0 : -EINVAL;

	path = io_name_import(child->addr);
	if (IS_ERR(path))
		return PTR_ERR(path);
	child->path = path;
	return path->name[0] ? 0 : -ENOENT;
}

/* "" is no path, unlike where AT_EMPTY_PATH makes it one. */
static int io_child_set_path(struct io_kiocb *req, struct io_child *child,
			     struct filename *path)
{
	if (!path->name[0]) {
		io_name_put(path);
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
	struct filename *path;
	int ret;

	ret = __io_child_prep(req, sqe);
	if (ret)
		return ret;
	def = &io_child_defs[child->cmd];
	child->addr = READ_ONCE(sqe->addr);
	if (!def->path)
		return child->addr <= def->addr ? 0 : -EINVAL;

	path = io_name_import(child->addr);
	if (IS_ERR(path))
		return PTR_ERR(path);
	return io_child_set_path(req, child, path);
}

int io_child_prep_path(struct io_kiocb *req, const struct io_uring_sqe *sqe,
		       struct filename *path)
{
	struct io_child *child = io_kiocb_to_cmd(req, struct io_child);
	int ret;

	ret = __io_child_prep(req, sqe);
	if (!ret && !io_child_defs[child->cmd].path)
		ret = -EINVAL;
	if (ret) {
		io_name_put(path);
		return ret;
	}
	child->addr = IO_CALL_NOWHERE;
	return io_child_set_path(req, child, path);
}

void io_child_cleanup(struct io_kiocb *req)
{
	io_name_put(io_kiocb_to_cmd(req, struct io_child)->path);
}

u32 io_child_cmd(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_child)->cmd;
}

u64 io_child_off(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_child)->off;
}

int io_child_fd(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_child)->fd;
}

struct filename *io_child_name(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_child)->path;
}

void io_child_get_path(struct io_kiocb *req, struct io_step_path *path)
{
	struct io_child *child = io_kiocb_to_cmd(req, struct io_child);

	if (!child->path)
		return;
	path->path = child->path->name;
	path->at = child->fd >= 0 && path->path[0] != '/';
	if (child->cmd == IORING_CHILD_OPEN) {
		path->flags = child->flags;
		path->mode = child->addr3;
	}
}

/* --- issue ------------------------------------------------------------------ */

static u64 io_child_arg(const struct io_child *child, u8 from, u32 value)
{
	switch ((enum io_child_arg)from) {
	case IO_ARG_VALUE:
		return value;
	case IO_ARG_FD:
		return (u32)child->fd;
	case IO_ARG_ADDR:
		return child->addr;
	case IO_ARG_OFF:
		return child->off;
	case IO_ARG_ADDR3:
		return child->addr3;
	case IO_ARG_ADDR4:
		return child->addr4;
	case IO_ARG_FLAGS:
		return child->flags;
	case IO_ARG_NOWHERE:
		break;
	}
	return IO_CALL_NOWHERE;
}

int io_child_call(struct io_child *child, const struct io_call *call,
		  int (*run)(struct io_child *child, const struct io_call *call))
{
	struct io_chain *chain = cmd_to_io_kiocb(child)->chain;
	int ret;

	if (io_call_enter(call, &ret))
		ret = run(child, call);
	else if (io_call_killed())
		chain->child_state.dead = true;
	io_call_exit(call, ret);
	if (child->path)
		io_name_audited(child->path);
	return ret;
}

static int io_child_nothing(struct io_child *child, const struct io_call *call)
{
	return 0;
}

/* To others, a path from an open directory on is that of two calls. */
static int io_child_start(struct io_child *child)
{
	const struct io_call call = {
		.nr	= IO_CALL_NR(fchdir),
		.compat	= cmd_to_io_kiocb(child)->ctx->compat,
		.args	= { (u32)child->fd },
	};

	if (child->fd == AT_FDCWD || child->path->name[0] == '/')
		return 0;
	return io_child_call(child, &call, io_child_nothing);
}

static int io_child_run(struct io_child *child, const struct io_call *call)
{
	if (child->path)
		io_name_audit(child->path);
	return io_child_defs[child->cmd].run(child);
}

static int io_child_issue(struct io_child *child)
{
	const struct io_child_def *def = &io_child_defs[child->cmd];
	struct io_call call = {
		.nr	= def->call,
		.compat	= cmd_to_io_kiocb(child)->ctx->compat,
	};
	unsigned int i;
	int ret;

	if (!def->call.native)
		return def->run(child);
	ret = def->starts ? io_child_start(child) : 0;
	if (ret < 0)
		return ret;
	for (i = 0; i < IO_CALL_ARGS; i++)
		call.args[i] = io_child_arg(child, def->args[i].from,
					    def->args[i].value);
	return io_child_call(child, &call, io_child_run);
}

int io_child(struct io_kiocb *req, unsigned int issue_flags)
{
	struct io_child *child = io_kiocb_to_cmd(req, struct io_child);
	int ret;

	if (!(issue_flags & IO_URING_F_CHILD))
		return -EINVAL;
	ret = io_child_issue(child);
	if (unlikely(req->chain->kept && ret >= 0))
		io_kept_note(req->chain->kept, child, io_child_defs[child->cmd].sets);
	io_req_set_res(req, ret, 0);
	return IOU_OK;
}
