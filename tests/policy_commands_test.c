// SPDX-License-Identifier: LGPL-2.1-or-later
/* Policies react to every command of IORING_OP_CHILD that can fail (P5, P6). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define NOWHERE ((uintptr_t) "/nonexistent")

/* How each fails for an ordinary user, when it is issued. */
static const struct {
	const char *name;
	struct io_uring_sqe sqe;
	int error;
} failing[] = {
	{ "dup", { .len = IORING_CHILD_DUP, .fd = 99 }, -EBADF },
	{ "chdir", { .len = IORING_CHILD_CHDIR, .addr = NOWHERE }, -ENOENT },
	{ "fchdir", { .len = IORING_CHILD_FCHDIR, .fd = 99 }, -EBADF },
	{ "setpgid", { .len = IORING_CHILD_SETPGID, .off = 1 }, -EPERM },
	{ "open", { .len = IORING_CHILD_OPEN, .addr = NOWHERE }, -ENOENT },
	{ "close_range",
	  { .len = IORING_CHILD_CLOSE_RANGE, .fd = 80, .off = 79 },
	  -EINVAL },
	{ "close_except",
	  { .len = IORING_CHILD_CLOSE_EXCEPT, .off = 1 },
	  -EFAULT },
	{ "chroot", { .len = IORING_CHILD_CHROOT, .addr = NOWHERE }, -ENOENT },
	{ "tcsetpgrp", { .len = IORING_CHILD_TCSETPGRP, .fd = 99 }, -EBADF },
	{ "sigignore",
	  { .len = IORING_CHILD_SIGIGNORE, .off = 1ULL << (SIGKILL - 1) },
	  -EINVAL },
	{ "setgroups", { .len = IORING_CHILD_SETGROUPS }, -EPERM },
	{ "setresgid", { .len = IORING_CHILD_SETRESGID }, -EPERM },
	{ "setresuid", { .len = IORING_CHILD_SETRESUID }, -EPERM },
	{ "capset", { .len = IORING_CHILD_CAPSET, .addr = 1 }, -EPERM },
	{ "prctl",
	  { .len = IORING_CHILD_PRCTL,
	    .rw_flags = PR_SET_PDEATHSIG,
	    .addr = 99 },
	  -EINVAL },
	{ "landlock", { .len = IORING_CHILD_LANDLOCK, .fd = 99 }, -EPERM },
	{ "rlimit", { .len = IORING_CHILD_RLIMIT, .addr = 1 }, -EINVAL },
	{ "nice", { .len = IORING_CHILD_NICE, .off = -1ULL }, -EACCES },
	{ "sched", { .len = IORING_CHILD_SCHED, .off = 48 }, -EFAULT },
	{ "affinity", { .len = IORING_CHILD_AFFINITY, .off = 8 }, -EFAULT },
	{ "ioprio", { .len = IORING_CHILD_IOPRIO, .off = 1 << 13 }, -EPERM },
	{ "oom_score_adj",
	  { .len = IORING_CHILD_OOM_SCORE_ADJ, .off = -1ULL },
	  -EACCES },
	{ "unshare",
	  { .len = IORING_CHILD_UNSHARE, .off = CLONE_NEWUTS },
	  -EPERM },
	{ "setns", { .len = IORING_CHILD_SETNS, .fd = 99 }, -EBADF },
};

/*
 * CLONE, the command, EXEC of exit_with 5; hard-linked, so that only the policy
 * can end it.
 */
static void run_failing(unsigned int i)
{
	const struct io_uring_sqe *want = &failing[i].sqe;
	struct io_uring_sqe *sqe;

	tring_forget(&r);
	p.engine->runs = 0;
	q_clone(&r);
	sqe = q_child(&r, want->len);
	sqe->fd = want->fd;
	sqe->addr = want->addr;
	sqe->off = want->off;
	sqe->rw_flags = want->rw_flags;
	hardlink(sqe);
	q_exit(&r, 5);
	tring_submit(&r);
	tring_total(&r, 3);
}

static struct engine_rule *start(uint32_t verdict)
{
	tprog_start(&r, &p, 0);
	become_ordinary();
	return tprog_rule(&p, IORING_POLICY_FAILED, 0, verdict);
}

#define FOR_EACH_FAILING(i) \
	for (i = 0; i < sizeof(failing) / sizeof(failing[0]); i++)

#define EXPECT_OF(i, what, is, want)                                    \
	do {                                                            \
		if ((is) != (want))                                     \
			FAIL("%s: %s is %d, not %d", failing[i].name, what, \
			     is, want);                                 \
	} while (0)

static void expect_program(unsigned int i)
{
	EXPECT_OF(i, "EXEC", tring_res(&r, 1), 0);
	EXPECT_OF(i, "status", wait_exit(tring_res(&r, CLONE)), 5);
}

TEST(P6_failing_commands_are_reported_and_skipped)
{
	const struct engine_run *run;
	unsigned int i;

	start(IORING_VERDICT_SKIP);
	FOR_EACH_FAILING(i) {
		run_failing(i);
		run = tprog_run(&p, 0);
		EXPECT_OF(i, "error", run->ctx.res, failing[i].error);
		EXPECT_OF(i, "command", (int)run->ctx.cmd,
			  (int)failing[i].sqe.len);
		EXPECT_OF(i, "result", tring_res(&r, 0), 0);
		expect_program(i);
	}
}

TEST(P6_failing_commands_are_retried)
{
	unsigned int i;

	start(IORING_VERDICT_RETRY)->below = 3;
	FOR_EACH_FAILING(i) {
		run_failing(i);
		EXPECT_OF(i, "number of tries",
			  (int)tprog_run(&p, 2)->ctx.attempt, 3);
		EXPECT_OF(i, "result", tring_res(&r, 0), failing[i].error);
		expect_program(i);
	}
}

TEST(P6_failing_commands_are_substituted)
{
	struct io_uring_sqe mask = { .opcode = SPAWNPOL_OP_CHILD,
				      .len = IORING_CHILD_UMASK,
				      .off = 027 };
	unsigned int i;

	umask(022);
	rule_stage_sqe(start(IORING_VERDICT_SUBMIT), &mask, 1);
	FOR_EACH_FAILING(i) {
		run_failing(i);
		EXPECT_OF(i, "result", tring_res(&r, 0), 022);
		expect_program(i);
	}
}

TEST(P6_failing_commands_abort)
{
	unsigned int i;

	start(IORING_VERDICT_ABORT);
	FOR_EACH_FAILING(i) {
		run_failing(i);
		EXPECT_OF(i, "result", tring_res(&r, 0), failing[i].error);
		EXPECT_OF(i, "EXEC", tring_res(&r, 1), -ECANCELED);
		check_gone(tring_res(&r, CLONE));
	}
	check_no_children();
}

/* A second SETSID is the one that fails. */
TEST(P6_setsid_that_fails_is_skipped)
{
	start(IORING_VERDICT_SKIP)->step = 1;
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETSID);
	q_child(&r, IORING_CHILD_SETSID);
	q_exit(&r, 5);
	tring_submit(&r);
	CHECK_GT(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(tprog_run(&p, 0)->ctx.res, -EPERM);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 5);
}
