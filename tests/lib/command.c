// SPDX-License-Identifier: LGPL-2.1-or-later
/* The commands of IORING_OP_CHILD, and the system call that each counts as. */
#include "child.h"
#include "command.h"

#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define ROOT .addr = (uintptr_t)root
#define NONE COMMAND_NO_ADDRESS
#define SIGSET_SIZE 8

static const char root[] = "/";

/*
 * Addresses that the command has not are no 0, by which calls ask instead of
 * set. What "args" leaves out is 0.
 */
#define ARGS(...)                                                              \
	{                                                                      \
		__VA_ARGS__                                                    \
	}
#define COMMAND(command, call_, told_, args_, ...)                             \
	[IORING_CHILD_##command] = { .sqe = { .opcode = SPAWNPOL_OP_CHILD,     \
					      .len = IORING_CHILD_##command,   \
					      ##__VA_ARGS__ },                 \
				     .call = SYS_##call_,                      \
				     .told = told_,                            \
				     .args = args_ }

static const struct command commands[COMMANDS] = {
	COMMAND(DUP, dup3, 1, ARGS(2, 77), .fd = 2, .off = 77),
	COMMAND(CHDIR, chdir, 1, ARGS((uintptr_t)root), ROOT),
	COMMAND(FCHDIR, fchdir, 0, ARGS(2), .fd = 2),
	COMMAND(SETSID, setsid, 0, ARGS(0)),
	COMMAND(SETPGID, setpgid, 1, ARGS(0, 3), .off = 3),
	COMMAND(OPEN, openat, 2,
		ARGS((uint32_t)AT_FDCWD, (uintptr_t)root, O_DIRECTORY),
		.fd = AT_FDCWD, ROOT, .off = 77, .open_flags = O_DIRECTORY),
	COMMAND(CLOSE_RANGE, close_range, 1, ARGS(77, 78), .fd = 77, .off = 78),
	COMMAND(CLOSE_EXCEPT, close_range, 1,
		ARGS(0, UINT32_MAX, CLOSE_RANGE_CLOEXEC),
		.open_flags = CLOSE_RANGE_CLOEXEC),
	COMMAND(CHROOT, chroot, 1, ARGS((uintptr_t)root), ROOT),
	COMMAND(UMASK, umask, 0, ARGS(027), .off = 027),
	COMMAND(TCSETPGRP, ioctl, 1, ARGS(2, TIOCSPGRP, NONE), .fd = 2),
	COMMAND(SIGMASK, rt_sigprocmask, 1,
		ARGS(SIG_SETMASK, NONE, 0, SIGSET_SIZE), .off = 1),
	COMMAND(SIGDEFAULT, rt_sigaction, 0, ARGS(SIGHUP, NONE, 0, SIGSET_SIZE),
		.off = 1 << (SIGHUP - 1) | 1 << (SIGQUIT - 1)),
	COMMAND(SIGIGNORE, rt_sigaction, 0, ARGS(SIGHUP, NONE, 0, SIGSET_SIZE),
		.off = 1 << (SIGHUP - 1) | 1 << (SIGQUIT - 1)),
	COMMAND(SETGROUPS, setgroups, 0, ARGS(0)),
	COMMAND(SETRESGID, setresgid, 1, ARGS(4, 5, 6), .addr = 4, .off = 5,
		.addr3 = 6),
	COMMAND(SETRESUID, setresuid, 2, ARGS(4, 5, 6), .addr = 4, .off = 5,
		.addr3 = 6),
	COMMAND(CAPSET, capset, 0, ARGS(NONE, NONE)),
	COMMAND(PRCTL, prctl, 0, ARGS(PR_SET_KEEPCAPS, 1),
		.rw_flags = PR_SET_KEEPCAPS, .addr = 1),
	COMMAND(DUMPABLE, prctl, 0, ARGS(PR_SET_DUMPABLE, 1), .off = 1),
	COMMAND(LANDLOCK, landlock_restrict_self, 0, ARGS(2), .fd = 2),
	COMMAND(RLIMIT, prlimit64, 2, ARGS(0, RLIMIT_CORE, NONE),
		.off = RLIMIT_CORE),
	COMMAND(NICE, setpriority, 2, ARGS(PRIO_PROCESS, 0, 3), .off = 3),
	COMMAND(SCHED, sched_setattr, 1, ARGS(0, 8), .addr = 8, .off = 48),
	COMMAND(AFFINITY, sched_setaffinity, 1, ARGS(0, 8, 8), .addr = 8,
		.off = 8),
	COMMAND(IOPRIO, ioprio_set, 2, ARGS(IOPRIO_WHO_PROCESS, 0, 0x4001),
		.off = 0x4001),
	COMMAND(UNSHARE, unshare, 0, ARGS(CLONE_NEWUTS), .off = CLONE_NEWUTS),
	COMMAND(SETNS, setns, 1, ARGS(2, CLONE_NEWUTS), .fd = 2,
		.off = CLONE_NEWUTS),
};

const struct command *command_of(struct tring *r, unsigned int number)
{
	struct io_uring_spawn_query query;

	tring_query(r, &query);
	if (!(query.child_cmds[number / 64] >> number % 64 & 1))
		return NULL;
	/* It stands in for a write to a file. */
	if (number == IORING_CHILD_OOM_SCORE_ADJ)
		return NULL;
	if (!commands[number].sqe.opcode)
		FAIL("command %u of CHILD is not in the table", number);
	return &commands[number];
}

void each_command(struct tring *r, void (*check)(const struct command *c))
{
	const struct command *c;
	unsigned int cmd;
	pid_t pid;

	tring_init(r, 0);
	for (cmd = 0; cmd < COMMANDS; cmd++) {
		c = command_of(r, cmd);
		if (!c)
			continue;
		pid = CHECK_SYS(fork());
		if (!pid) {
			DIAG("command %u", cmd);
			tring_init(r, 0);
			check(c);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

bool command_makes_several(const struct command *c)
{
	return c->sqe.len == IORING_CHILD_SIGDEFAULT ||
	       c->sqe.len == IORING_CHILD_SIGIGNORE;
}

struct io_uring_sqe *q_command(struct tring *r, const struct command *c)
{
	struct io_uring_sqe *sqe = q_child(r, c->sqe.len);

	sqe->fd = c->sqe.fd;
	sqe->off = c->sqe.off;
	sqe->addr = c->sqe.addr;
	sqe->addr3 = c->sqe.addr3;
	sqe->rw_flags = c->sqe.rw_flags;
	return sqe;
}

bool command_has_arg(const struct command *c, unsigned int arg, uint64_t value)
{
	/* int and unsigned int */
	if (c->args[arg] <= UINT32_MAX)
		return c->args[arg] == (uint32_t)value;
	return c->args[arg] == value;
}
