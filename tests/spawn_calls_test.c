// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The commands of IORING_OP_CHILD are no way around a seccomp filter: each is
 * refused where the system call that it stands in for is (S19).
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/step.h"

#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

/*
 * Refuse a system call, if this argument of it has that value, with ENOTBLK,
 * which no command says by itself.
 */
static void refuse(int number, unsigned int arg, uint32_t value)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[arg])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTBLK),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_SYS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
}

/*
 * One command, the call it stands in for, and an argument of it that is told
 * from others: the value is the command's, and one more is not. Addresses that
 * the command has not are no 0, by which calls ask instead of set.
 */
static const struct {
	struct io_uring_sqe sqe;
	int call;
	unsigned int arg;
	uint32_t value;
} commands[] = {
#define COMMAND(command, call_, arg_, value_, ...)                             \
	[IORING_CHILD_##command] = { { .opcode = SPAWNPOL_OP_CHILD,            \
				       .len = IORING_CHILD_##command,          \
				       ##__VA_ARGS__ },                        \
				     SYS_##call_,                              \
				     arg_,                                     \
				     value_ }
#define PATH .addr = (uintptr_t) "/"
	COMMAND(DUP, dup3, 1, 77, .fd = 2, .off = 77),
	COMMAND(CHDIR, chdir, 1, 0, PATH),
	COMMAND(FCHDIR, fchdir, 0, 2, .fd = 2),
	COMMAND(SETSID, setsid, 0, 0),
	COMMAND(SETPGID, setpgid, 1, 3, .off = 3),
	COMMAND(OPEN, openat, 2, O_DIRECTORY, PATH, .off = 77,
		.open_flags = O_DIRECTORY),
	COMMAND(CLOSE_RANGE, close_range, 1, 78, .fd = 77, .off = 78),
	COMMAND(CLOSE_EXCEPT, close_range, 1, ~0U,
		.open_flags = CLOSE_RANGE_CLOEXEC),
	COMMAND(CHROOT, chroot, 1, 0, PATH),
	COMMAND(UMASK, umask, 0, 027, .off = 027),
	COMMAND(TCSETPGRP, ioctl, 1, TIOCSPGRP, .fd = 2),
	COMMAND(SIGMASK, rt_sigprocmask, 1, ~0U, .off = 1),
	COMMAND(SIGDEFAULT, rt_sigaction, 0, 2, .off = 3),
	COMMAND(SIGIGNORE, rt_sigaction, 0, 2, .off = 3),
	COMMAND(SETGROUPS, setgroups, 0, 0),
	COMMAND(SETRESGID, setresgid, 1, 5, .addr = 4, .off = 5, .addr3 = 6),
	COMMAND(SETRESUID, setresuid, 2, 6, .addr = 4, .off = 5, .addr3 = 6),
	COMMAND(CAPSET, capset, 0, ~0U),
	COMMAND(PRCTL, prctl, 0, PR_SET_KEEPCAPS, .off = PR_SET_KEEPCAPS),
	COMMAND(DUMPABLE, prctl, 0, PR_SET_DUMPABLE, .off = 1),
	COMMAND(LANDLOCK, landlock_restrict_self, 0, 2, .fd = 2),
	COMMAND(RLIMIT, prlimit64, 2, ~0U, .off = 5),
	COMMAND(NICE, setpriority, 2, 3, .off = 3),
	COMMAND(SCHED, sched_setattr, 1, 8, .addr = 8, .off = 48),
	COMMAND(AFFINITY, sched_setaffinity, 1, 8, .addr = 8, .off = 8),
	COMMAND(IOPRIO, ioprio_set, 2, 0x4001, .off = 0x4001),
	COMMAND(UNSHARE, unshare, 0, CLONE_NEWUTS, .off = CLONE_NEWUTS),
	COMMAND(SETNS, setns, 1, CLONE_NEWUTS, .fd = 2, .off = CLONE_NEWUTS),
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* The result of a command where its call with that argument is refused. */
static int refused(unsigned int cmd, uint32_t value)
{
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		tring_init(&r, 0);
		refuse(commands[cmd].call, commands[cmd].arg, value);
		_exit(child_step(&r, commands[cmd].sqe, NULL) == -ENOTBLK);
	}
	return wait_exit(pid);
}

TEST(S19_seccomp_is_asked_about_every_command, .timeout = 60)
{
	struct io_uring_spawn_query query;
	unsigned int cmd;

	tring_init(&r, 0);
	tring_query(&r, &query);
	for (cmd = 0; cmd < 64; cmd++) {
		if (!(query.child_cmds >> cmd & 1))
			continue;
		/* It stands in for a write to a file. */
		if (cmd == IORING_CHILD_OOM_SCORE_ADJ)
			continue;
		DIAG("command %u", cmd);
		CHECK_LT(cmd, NR_COMMANDS);
		CHECK(commands[cmd].sqe.opcode);
		EXPECT_EQ(refused(cmd, commands[cmd].value), 1);
		EXPECT_EQ(refused(cmd, commands[cmd].value + 1), 0);
	}
}

/* Paths and arrays are told by their addresses, as in a call. */
TEST(S19_seccomp_is_told_addresses)
{
	static const char path[] = "/";

	tring_init(&r, 0);
	refuse(SYS_chdir, 0, (uint32_t)(uintptr_t)path);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CHDIR, .fd = AT_FDCWD,
			       .addr = (uintptr_t)path),
		  -ENOTBLK);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CHDIR, .fd = AT_FDCWD,
			       .addr = (uintptr_t)strdup(path)),
		  0);
}

/* To start at an open directory is to go there. */
TEST(S19_seccomp_is_asked_about_the_directory_of_a_path)
{
	int dir = CHECK_SYS(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	tring_init(&r, 0);
	refuse(SYS_fchdir, 0, dir);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CHDIR, .fd = dir,
			       .addr = (uintptr_t) "."),
		  -ENOTBLK);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CHROOT, .fd = dir,
			       .addr = (uintptr_t) "."),
		  -ENOTBLK);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CHDIR, .fd = dir,
			       .addr = (uintptr_t) "/"),
		  0);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CHDIR, .fd = AT_FDCWD,
			       .addr = (uintptr_t) "."),
		  0);
}

/* What a policy stages is asked about, too. */
TEST(S19_seccomp_is_asked_about_staged_commands)
{
	struct io_uring_sqe sqe = { .opcode = SPAWNPOL_OP_CHILD,
				    .len = IORING_CHILD_UMASK,
				    .off = 027 };
	struct engine_rule *rule;

	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &sqe, 1);
	refuse(SYS_umask, 0, 027);
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_GT(tring_res(&r, CLONE), 0);
	tring_total(&r, 3);
	CHECK_EQ(p.engine->runs, 2);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.res, -ENOTBLK);
}
