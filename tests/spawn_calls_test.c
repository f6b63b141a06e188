// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The commands of IORING_OP_CHILD are no way around a seccomp filter: each is
 * refused where the system call that it stands in for is (S19).
 */
#include "lib/child.h"
#include "lib/command.h"
#include "lib/filter.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/step.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
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

/* The result of a command where its call with that argument is refused. */
static int refused(const struct command *c, uint32_t value)
{
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		tring_init(&r, 0);
		refuse(c->call, c->told, value);
		_exit(child_step(&r, c->sqe, NULL) == -ENOTBLK);
	}
	return wait_exit(pid);
}

TEST(S19_seccomp_is_asked_about_every_command, .timeout = 60)
{
	const struct command *c;
	unsigned int cmd;

	helpers_for_all();
	tring_init(&r, 0);
	for (cmd = 0; cmd < COMMANDS; cmd++) {
		c = command_of(&r, cmd);
		if (!c)
			continue;
		DIAG("command %u", cmd);
		EXPECT_EQ(refused(c, c->args[c->told]), 1);
		EXPECT_EQ(refused(c, c->args[c->told] + 1), 0);
	}
}

/* As the call would: it does nothing, and that is no error. */
static void check_skipped(const struct command *c)
{
	filter_call(c->call, SECCOMP_RET_ERRNO | 0);
	q_clone(&r);
	q_command(&r, c);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* Also one of those commands that fail when they are done. */
TEST(K3_seccomp_can_skip_every_command, .timeout = 60)
{
	each_command(&r, check_skipped);
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
