// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_CHILD: every command, mostly with fields that make sense. */
#include "case.h"
#include "world.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int some_fd(struct rnd *r)
{
	return rnd_odd(r, 10)
		       ? (int)rnd_below(r, 4) - 1
		       : FD_FIRST + (int)rnd_below(r, FD_LAST - FD_FIRST);
}

static void make_descriptors(struct rnd *r, struct io_uring_sqe *sqe)
{
	int32_t keep[4];
	unsigned int i;

	sqe->fd = some_fd(r);
	sqe->off = rnd_odd(r, 12) ? rnd_next(r) : 40 + rnd_below(r, 80);
	if (rnd_once_in(r, 4))
		sqe->rw_flags = O_CLOEXEC;
	if (sqe->len == IORING_CHILD_CLOSE_RANGE) {
		sqe->off = sqe->fd + rnd_below(r, 8);
		sqe->rw_flags = rnd_below(r, 2) ? 1 << 2 : 0;
	}
	if (sqe->len == IORING_CHILD_CLOSE_EXCEPT) {
		for (i = 0; i < 4; i++)
			keep[i] = some_fd(r);
		sqe->fd = 0;
		sqe->addr = arena_put(keep, sizeof(keep));
		sqe->off = rnd_odd(r, 10) ? 70000 : rnd_below(r, 5);
		sqe->rw_flags = rnd_below(r, 2) ? 1 << 2 : 0;
	}
}

static void make_path(struct rnd *r, struct io_uring_sqe *sqe)
{
	static const char *const paths[] = { ".",    "d", "/", "text",
					     "nope", "w", "" };
	static const int flags[] = { O_RDONLY, O_PATH, O_DIRECTORY, O_CLOEXEC };

	sqe->fd = rnd_once_in(r, 4) ? some_fd(r) : AT_FDCWD;
	sqe->addr =
		rnd_odd(r, 12) ? ARENA_END - 1 : arena_text(RND_OF(r, paths));
	if (sqe->len == IORING_CHILD_OPEN) {
		sqe->off = 40 + rnd_below(r, 80);
		sqe->rw_flags = RND_OF(r, flags);
		sqe->addr3 = rnd_once_in(r, 3) ? 0600 : 0;
	}
}

static void make_signals(struct rnd *r, struct io_uring_sqe *sqe)
{
	switch (sqe->len) {
	case IORING_CHILD_SETSID:
		break;
	case IORING_CHILD_SETPGID:
		sqe->off = rnd_once_in(r, 4) ? rnd_below(r, 100) : 0;
		break;
	case IORING_CHILD_TCSETPGRP:
		sqe->fd = some_fd(r);
		break;
	default:
		sqe->off = rnd_next(r) & rnd_next(r);
		if (rnd_once_in(r, 2))
			sqe->off &= ~(1UL << 8 | 1UL << 18);
	}
}

static void make_groups(struct rnd *r, struct io_uring_sqe *sqe)
{
	uint32_t ids[3] = { rnd_below(r, 3), rnd_below(r, 2000), 7 };

	sqe->addr = rnd_odd(r, 10) ? 8 : arena_put(ids, sizeof(ids));
	sqe->off = rnd_odd(r, 10) ? 70000 : rnd_below(r, 4);
}

static uint32_t some_id(struct rnd *r)
{
	static const uint32_t ids[] = { 0, 0, ~0U, ~0U, 1000, 65534 };

	return RND_OF(r, ids);
}

static void make_ids(struct rnd *r, struct io_uring_sqe *sqe)
{
	sqe->addr = some_id(r);
	sqe->off = some_id(r);
	sqe->addr3 = some_id(r);
	if (sqe->len == IORING_CHILD_CAPSET) {
		sqe->addr = rnd_next(r) & rnd_next(r) & ((1UL << 41) - 1);
		sqe->off = sqe->addr | (rnd_next(r) & ((1UL << 41) - 1));
		sqe->addr3 = rnd_once_in(r, 2) ? 0 : sqe->off;
	}
}

/* A filter that lets all pass but what it is given, to which it does this. */
static uint64_t make_filter(uint32_t syscall_nr, uint32_t action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syscall_nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = (void *)arena_put(code, sizeof(code)),
	};

	return arena_put(&prog, sizeof(prog));
}

static void make_seccomp(struct rnd *r, struct io_uring_sqe *sqe)
{
	static const uint32_t actions[] = { SECCOMP_RET_ALLOW,
					    SECCOMP_RET_ERRNO | 5,
					    SECCOMP_RET_KILL_PROCESS,
					    SECCOMP_RET_TRAP };

	sqe->addr = rnd_odd(r, 8) ? rnd_below(r, 4) : SECCOMP_MODE_FILTER;
	sqe->off = rnd_odd(r, 8)
			   ? 8
			   : make_filter(SYS_execveat, RND_OF(r, actions));
}

static void make_prctl(struct rnd *r, struct io_uring_sqe *sqe)
{
	static const int options[] = {
		PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG,	     PR_SET_KEEPCAPS,
		PR_SET_SECUREBITS,   PR_CAPBSET_DROP,	     PR_CAP_AMBIENT,
		PR_SET_TIMERSLACK,   PR_SET_CHILD_SUBREAPER, PR_SET_SECCOMP,
		PR_SET_SECCOMP,	     PR_SET_DUMPABLE,	     PR_SET_NAME,
	};

	sqe->rw_flags = RND_OF(r, options);
	sqe->addr = rnd_below(r, 3);
	if (sqe->rw_flags == PR_SET_SECCOMP)
		make_seccomp(r, sqe);
	else if (rnd_odd(r, 8))
		sqe->off = rnd_below(r, 40);
	if (rnd_odd(r, 16))
		sqe->addr3 = rnd_below(r, 3);
	if (rnd_odd(r, 16))
		sqe->__pad2[0] = rnd_below(r, 3);
}

static void make_limits(struct rnd *r, struct io_uring_sqe *sqe)
{
	static const uint64_t values[] = { 0,	    1,	     64,	   4096,
					   1 << 20, 1 << 23, RLIM_INFINITY };

	sqe->off = rnd_below(r, RLIM_NLIMITS + 1);
	sqe->addr = RND_OF(r, values);
	sqe->addr3 = rnd_once_in(r, 2) ? sqe->addr : RND_OF(r, values);
}

struct sched {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void make_sched(struct rnd *r, struct io_uring_sqe *sqe)
{
	struct sched attr = {
		.size = sizeof(attr),
		.policy = rnd_below(r, 8),
		.nice = rnd_below(r, 40) - 20,
		.priority = rnd_below(r, 3),
		.flags = rnd_odd(r, 8) ? rnd_below(r, 256) : 0,
	};
	uint64_t mask[2] = { rnd_below(r, 4), 0 };

	switch (sqe->len) {
	case IORING_CHILD_SCHED:
		sqe->addr = rnd_odd(r, 10) ? 8 : arena_put(&attr, sizeof(attr));
		sqe->off = rnd_odd(r, 10) ? rnd_below(r, 5000) : sizeof(attr);
		break;
	case IORING_CHILD_AFFINITY:
		sqe->addr = rnd_odd(r, 10) ? 8 : arena_put(mask, sizeof(mask));
		sqe->off = rnd_odd(r, 10) ? rnd_next(r) : 8;
		break;
	case IORING_CHILD_IOPRIO:
		sqe->off = rnd_below(r, 4) << 13 | rnd_below(r, 9);
		break;
	case IORING_CHILD_NICE:
		sqe->off = (int64_t)rnd_below(r, 60) - 30;
		break;
	default:
		sqe->off = (int64_t)rnd_below(r, 2200) - 1100;
	}
}

static void make_namespaces(struct rnd *r, struct io_uring_sqe *sqe)
{
	static const unsigned int flags[] = {
		CLONE_NEWNS,
		CLONE_NEWUTS,
		CLONE_NEWUTS | CLONE_NEWIPC,
		CLONE_NEWPID,
		CLONE_NEWUSER,
		CLONE_NEWCGROUP,
		CLONE_NEWUSER | CLONE_NEWNS,
		CLONE_FILES,
		CLONE_VM,
		1 << 7,
	};

	if (sqe->len == IORING_CHILD_SETNS) {
		sqe->fd = rnd_once_in(r, 3) ? some_fd(r) : FD_UTS;
		sqe->off = rnd_once_in(r, 2) ? CLONE_NEWUTS : RND_OF(r, flags);
		return;
	}
	sqe->off = rnd_odd(r, 30) ? CLONE_NEWNET : RND_OF(r, flags);
}

void make_child(struct rnd *r, struct io_uring_sqe *sqe)
{
	sqe->opcode = SPAWNPOL_OP_CHILD;
	sqe->len = rnd_below(r, IORING_CHILD_LAST);
	switch (sqe->len) {
	case IORING_CHILD_DUP:
	case IORING_CHILD_CLOSE_RANGE:
	case IORING_CHILD_CLOSE_EXCEPT:
		make_descriptors(r, sqe);
		break;
	case IORING_CHILD_CHDIR:
	case IORING_CHILD_OPEN:
	case IORING_CHILD_CHROOT:
		make_path(r, sqe);
		break;
	case IORING_CHILD_SETSID:
	case IORING_CHILD_SETPGID:
	case IORING_CHILD_TCSETPGRP:
	case IORING_CHILD_SIGMASK:
	case IORING_CHILD_SIGDEFAULT:
	case IORING_CHILD_SIGIGNORE:
		make_signals(r, sqe);
		break;
	case IORING_CHILD_FCHDIR:
	case IORING_CHILD_LANDLOCK:
		sqe->fd = rnd_once_in(r, 3)		    ? some_fd(r)
			  : sqe->len == IORING_CHILD_FCHDIR ? FD_DIR
							    : FD_RULESET;
		break;
	case IORING_CHILD_UMASK:
		sqe->off = rnd_below(r, 01200);
		break;
	case IORING_CHILD_SETGROUPS:
		make_groups(r, sqe);
		break;
	case IORING_CHILD_SETRESGID:
	case IORING_CHILD_SETRESUID:
	case IORING_CHILD_CAPSET:
		make_ids(r, sqe);
		break;
	case IORING_CHILD_PRCTL:
		make_prctl(r, sqe);
		break;
	case IORING_CHILD_DUMPABLE:
		sqe->off = rnd_below(r, 3);
		break;
	case IORING_CHILD_RLIMIT:
		make_limits(r, sqe);
		break;
	case IORING_CHILD_UNSHARE:
	case IORING_CHILD_SETNS:
		make_namespaces(r, sqe);
		break;
	default:
		make_sched(r, sqe);
	}
	if (rnd_odd(r, 40))
		sqe->len = IORING_CHILD_LAST + rnd_below(r, 3);
}
