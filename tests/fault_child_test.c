// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * Each command of IORING_OP_CHILD fails at each place in turn where memory or
 * user space can be missing: it says so, and the child goes on (S6, S11).
 *
 * A child begins with no fault to come, so it is given one while it blocks in
 * the step before. It blocks in the step behind, too, to be asked whether it
 * has met with the fault.
 */
#include "lib/child.h"
#include "lib/fault.h"
#include "lib/fault_chain.h"
#include "lib/ring.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static struct tring r;
static struct blocker before, after;

#define NO_MEMORY_OR_COPY -ENOMEM, -EFAULT
/* READ, the step, READ, EXEC */
#define STEP 1
#define EXEC 3
#define STEPS 4

static const int read_errors[] = { -EFAULT, 0 };

static void queue(const struct io_uring_sqe *want)
{
	static char *argv[] = { "quit", NULL };
	struct io_uring_sqe *sqe;

	tring_forget(&r);
	q_clone(&r);
	hardlink(q_block(&r, &before));
	sqe = q_op(&r, want->opcode ?: SPAWNPOL_OP_CHILD);
	sqe->fd = want->fd;
	sqe->len = want->len;
	sqe->off = want->off;
	sqe->addr = want->addr;
	sqe->addr3 = want->addr3;
	sqe->rw_flags = want->rw_flags;
	hardlink(sqe);
	hardlink(q_block(&r, &after));
	q_exec_small(&r, in_dir("quit"), argv);
}

static void close_pipes(void)
{
	close(before.fds[0]);
	close(before.fds[1]);
	close(after.fds[0]);
	close(after.fds[1]);
}

/* Whatever has become of the step, the program is executed. */
static void run(struct fault_walk *w, const struct io_uring_sqe *want,
		unsigned int nth)
{
	pid_t pid;
	int fd;

	queue(want);
	tring_submit(&r);
	pid = CHECK_OK(fault_res(w, &r, CLONE));
	wait_blocked(pid);
	fd = fault_open(pid, pid);
	fault_arm(fd, nth);
	blocker_release(&before);
	fault_res(w, &r, STEP);
	wait_blocked(pid);
	w->happened = fault_happened(fd);
	fault_disarm(fd);
	close(fd);
	blocker_release(&after);
	if (fault_settle(w, &r, STEPS, 0))
		FAIL("fault %u of %s: EXEC is %d", w->nth, w->name,
		     tring_res(&r, EXEC));
	CHECK_EQ(tring_res(&r, STEP + 1), 1);
	close_pipes();
}

static void walk(const char *name, const struct io_uring_sqe *want, int error)
{
	const int errors[] = { NO_MEMORY_OR_COPY, error, 0 };
	struct fault_walk w = { .name = name };

	run(&w, want, 0);
	if (tring_res(&r, STEP) < 0)
		FAIL("%s: %s", name, tap_errname(tring_res(&r, STEP)));
	w = fault_walk(name, 1);
	while (fault_next(&w)) {
		run(&w, want, w.nth);
		fault_check(&w, "READ", tring_res(&r, 0), read_errors);
		fault_check(&w, "it", tring_res(&r, STEP), errors);
		if (!w.happened)
			CHECK_GE(tring_res(&r, STEP), 0);
	}
	CHECK_GT(w.injected, 0);
}

static void begin(void)
{
	fault_prepare();
	copy_file(helper("quit"), in_dir("quit"), 0755);
	tring_init(&r, 0);
}

/* FAULTS("a command", other error, .len = ..., ...): the fields of its SQE. */
#define FAULTS(name, error, ...)                                               \
	walk(name, &(const struct io_uring_sqe){ __VA_ARGS__ }, error)
#define AT(what) .addr = (uintptr_t)(what)

TEST(S6_faults_with_descriptors, .timeout = 60)
{
	int32_t kept[32];
	int i;

	for (i = 0; i < 32; i++)
		kept[i] = i;
	begin();
	FAULTS("DUP", 0, .len = IORING_CHILD_DUP, .fd = 1, .off = 300);
	FAULTS("OPEN", 0, .len = IORING_CHILD_OPEN, .fd = AT_FDCWD,
	       AT("/dev/null"), .off = 300);
	FAULTS("OPEN, creating", -ENOSPC, .len = IORING_CHILD_OPEN,
	       .fd = AT_FDCWD, AT(in_dir("new")), .off = 9,
	       .rw_flags = O_WRONLY | O_CREAT, .addr3 = 0600);
	FAULTS("CLOSE_RANGE", 0, .len = IORING_CHILD_CLOSE_RANGE, .fd = 100,
	       .off = 200);
	FAULTS("CLOSE_EXCEPT", 0, .len = IORING_CHILD_CLOSE_EXCEPT, AT(kept),
	       .off = 32);
}

TEST(S6_faults_in_the_file_system, .timeout = 60)
{
	int dir = CHECK_SYS(open("/", O_PATH | O_CLOEXEC));

	begin();
	FAULTS("CHDIR", 0, .len = IORING_CHILD_CHDIR, .fd = AT_FDCWD,
	       AT("/tmp/../usr"));
	FAULTS("FCHDIR", 0, .len = IORING_CHILD_FCHDIR, .fd = dir);
	FAULTS("CHROOT", 0, .len = IORING_CHILD_CHROOT, .fd = AT_FDCWD,
	       AT("/tmp/.."));
	FAULTS("UMASK", 0, .len = IORING_CHILD_UMASK, .off = 077);
}

/* A controlling terminal of this process's. */
static int terminal(void)
{
	int pty = CHECK_SYS(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));

	CHECK_SYS(grantpt(pty));
	CHECK_SYS(unlockpt(pty));
	CHECK_SYS(setsid());
	return CHECK_SYS(open(ptsname(pty), O_RDWR | O_CLOEXEC));
}

TEST(S6_faults_with_sessions_and_signals, .timeout = 60)
{
	int tty;

	begin();
	tty = terminal();
	FAULTS("SETSID", 0, .len = IORING_CHILD_SETSID);
	FAULTS("SETPGID", 0, .len = IORING_CHILD_SETPGID);
	FAULTS("TCSETPGRP", 0, .len = IORING_CHILD_TCSETPGRP, .fd = tty);
	FAULTS("SIGMASK", 0, .len = IORING_CHILD_SIGMASK, .off = 1);
	FAULTS("SIGDEFAULT", 0, .len = IORING_CHILD_SIGDEFAULT, .off = 1);
	FAULTS("SIGIGNORE", 0, .len = IORING_CHILD_SIGIGNORE, .off = 1);
}

static int ruleset(void)
{
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SOCK,
	};

	return CHECK_SYS(
		syscall(__NR_landlock_create_ruleset, &attr, sizeof(attr), 0));
}

#define ALL_CAPS ((1ULL << (CAP_LAST_CAP + 1)) - 1)

TEST(S6_faults_with_credentials, .timeout = 60)
{
	static struct sock_filter allow =
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	static struct sock_fprog filter = { .len = 1, .filter = &allow };
	static const uint32_t groups[] = { 5, 6, 7 };

	begin();
	FAULTS("SETGROUPS", 0, .len = IORING_CHILD_SETGROUPS, AT(groups),
	       .off = 3);
	FAULTS("SETRESGID", 0, .len = IORING_CHILD_SETRESGID, .addr = 5,
	       .off = 5, .addr3 = 5);
	FAULTS("SETRESUID", -EAGAIN, .len = IORING_CHILD_SETRESUID, .addr = 5,
	       .off = 5, .addr3 = 5);
	FAULTS("CAPSET", 0, .len = IORING_CHILD_CAPSET, .addr = 0,
	       .off = ALL_CAPS, .addr3 = 0);
	FAULTS("PRCTL, no_new_privs", 0, .len = IORING_CHILD_PRCTL,
	       .rw_flags = PR_SET_NO_NEW_PRIVS, .addr = 1);
	FAULTS("PRCTL, bounding set", 0, .len = IORING_CHILD_PRCTL,
	       .rw_flags = PR_CAPBSET_DROP, .addr = CAP_SYS_BOOT);
	FAULTS("PRCTL, seccomp", -NOT_SUPPORTED, .len = IORING_CHILD_PRCTL,
	       .rw_flags = PR_SET_SECCOMP, .addr = SECCOMP_MODE_FILTER,
	       .off = (uintptr_t)&filter);
	FAULTS("DUMPABLE", 0, .len = IORING_CHILD_DUMPABLE, .off = 0);
	FAULTS("LANDLOCK", 0, .len = IORING_CHILD_LANDLOCK, .fd = ruleset());
}

TEST(S6_faults_with_limits, .timeout = 60)
{
	static const struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} batch = { .size = 48, .policy = SCHED_BATCH };
	static const uint64_t mask = 1;

	begin();
	FAULTS("RLIMIT", 0, .len = IORING_CHILD_RLIMIT, .off = RLIMIT_CORE,
	       .addr = 0, .addr3 = 0);
	FAULTS("NICE", 0, .len = IORING_CHILD_NICE, .off = 5);
	FAULTS("SCHED", 0, .len = IORING_CHILD_SCHED, AT(&batch), .off = 48);
	FAULTS("AFFINITY", 0, .len = IORING_CHILD_AFFINITY, AT(&mask),
	       .off = sizeof(mask));
	FAULTS("IOPRIO", 0, .len = IORING_CHILD_IOPRIO, .off = 2 << 13 | 7);
	FAULTS("OOM_SCORE_ADJ", 0, .len = IORING_CHILD_OOM_SCORE_ADJ,
	       .off = 100);
}

TEST(S6_faults_with_namespaces, .timeout = 100)
{
	int uts = CHECK_SYS(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC));
	int self = CHECK_SYS(syscall(__NR_pidfd_open, getpid(), 0));

	begin();
	FAULTS("UNSHARE", 0, .len = IORING_CHILD_UNSHARE,
	       .off = CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWCGROUP);
	FAULTS("UNSHARE, mounts", 0, .len = IORING_CHILD_UNSHARE,
	       .off = CLONE_NEWNS);
	FAULTS("UNSHARE, users", -EAGAIN, .len = IORING_CHILD_UNSHARE,
	       .off = CLONE_NEWUSER);
	FAULTS("SETNS", 0, .len = IORING_CHILD_SETNS, .fd = uts, .off = 0);
	FAULTS("SETNS, pidfd", 0, .len = IORING_CHILD_SETNS, .fd = self,
	       .off = CLONE_NEWUTS | CLONE_NEWNS);
}
