// SPDX-License-Identifier: GPL-2.0
/*
 * Which system call each command of IORING_OP_CHILD stands in for.
 */
#include <linux/errno.h>
#include <linux/io_uring_types.h>
#include <linux/ioprio.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/signal.h>

#include <uapi/linux/io_uring_spawn.h>

#include <asm/ioctls.h>

#include "call.h"
#include "child_cmd.h"

/*
 * An address that a call would have and the command has not. It is not 0, by
 * which some calls ask instead of set.
 */
#define SOME	(~0ULL)

/* Like the table of commands, this is to be complete: no default. */
bool io_child_call(struct io_child *c, struct seccomp_data *data)
{
	bool compat = cmd_to_io_kiocb(c)->ctx->compat;

#define CALL(name, ...) \
	io_call_set(data, compat, IO_CALL_NR(name), (u64[6]) { __VA_ARGS__ })
/* one that has a number in its name for those who have numbers of 16 bits */
#define CALL_IDS(name, ...)						\
	io_call_set(data, compat,					\
		    (struct io_call_nr) { __NR_##name, __NR_ia32_##name##32 }, \
		    (u64[6]) { __VA_ARGS__ })

	switch ((enum io_uring_child_cmd)c->cmd) {
	case IORING_CHILD_DUP:
		CALL(dup3, c->fd, c->off, c->flags);
		break;
	case IORING_CHILD_CHDIR:
		CALL(chdir, c->addr);
		break;
	case IORING_CHILD_FCHDIR:
		CALL(fchdir, c->fd);
		break;
	case IORING_CHILD_SETSID:
		CALL(setsid, 0);
		break;
	case IORING_CHILD_SETPGID:
		CALL(setpgid, 0, c->off);
		break;
	case IORING_CHILD_OPEN:
		CALL(openat, c->fd, c->addr, c->flags, c->addr3);
		break;
	case IORING_CHILD_CLOSE_RANGE:
		CALL(close_range, c->fd, c->off, c->flags);
		break;
	case IORING_CHILD_CLOSE_EXCEPT:
		CALL(close_range, 0, U32_MAX, c->flags);
		break;
	case IORING_CHILD_CHROOT:
		CALL(chroot, c->addr);
		break;
	case IORING_CHILD_UMASK:
		CALL(umask, c->off);
		break;
	case IORING_CHILD_TCSETPGRP:
		CALL(ioctl, c->fd, TIOCSPGRP, SOME);
		break;
	case IORING_CHILD_SIGMASK:
		CALL(rt_sigprocmask, SIG_SETMASK, SOME, 0, sizeof(sigset_t));
		break;
	case IORING_CHILD_SETGROUPS:
		CALL_IDS(setgroups, c->off, c->addr);
		break;
	case IORING_CHILD_SETRESGID:
		CALL_IDS(setresgid, c->addr, c->off, c->addr3);
		break;
	case IORING_CHILD_SETRESUID:
		CALL_IDS(setresuid, c->addr, c->off, c->addr3);
		break;
	case IORING_CHILD_CAPSET:
		CALL(capset, SOME, SOME);
		break;
	case IORING_CHILD_PRCTL:
		CALL(prctl, c->off, c->addr, c->addr3);
		break;
	case IORING_CHILD_DUMPABLE:
		CALL(prctl, PR_SET_DUMPABLE, c->off);
		break;
	case IORING_CHILD_LANDLOCK:
		CALL(landlock_restrict_self, c->fd, 0);
		break;
	case IORING_CHILD_RLIMIT:
		CALL(prlimit64, 0, c->off, SOME);
		break;
	case IORING_CHILD_NICE:
		CALL(setpriority, PRIO_PROCESS, 0, c->off);
		break;
	case IORING_CHILD_SCHED:
		CALL(sched_setattr, 0, c->addr, 0);
		break;
	case IORING_CHILD_AFFINITY:
		CALL(sched_setaffinity, 0, c->off, c->addr);
		break;
	case IORING_CHILD_IOPRIO:
		CALL(ioprio_set, IOPRIO_WHO_PROCESS, 0, c->off);
		break;
	case IORING_CHILD_UNSHARE:
		CALL(unshare, c->off);
		break;
	case IORING_CHILD_SETNS:
		CALL(setns, c->fd, c->off);
		break;
	/* one call for each signal: see io_child_sigactions() */
	case IORING_CHILD_SIGDEFAULT:
	case IORING_CHILD_SIGIGNORE:
	/* a write to a file of proc, with no call of its own */
	case IORING_CHILD_OOM_SCORE_ADJ:
	case IORING_CHILD_LAST:
		return false;
	}
	return true;
#undef CALL
#undef CALL_IDS
}
