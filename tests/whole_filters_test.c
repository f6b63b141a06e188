// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * seccomp filters and their supervisors are asked about an IORING_OP_SPAWN as about
 * a chain: about clone3(2), each command, and each candidate of its search as one
 * execveat(2) (O6). The cases are those of spawn_seccomp_test.c, spawn_calls_test.c
 * and spawn_notify_test.c.
 */
#include "lib/child.h"
#include "lib/command.h"
#include "lib/filter.h"
#include "lib/ring.h"
#include "lib/supervisor.h"
#include "lib/whole.h"

#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static struct tring r;
static struct whole w;

/* It fails with this error at this step, and leaves nothing. */
static void check_fails(int error, unsigned int step)
{
	const struct tring_cqe *cqe = tring_cqe(&r, WHOLE);

	EXPECT_EQ(cqe->res, error);
	EXPECT_EQ(whole_step_of(cqe), step);
	tring_total(&r, 1);
	whole_is_gone();
}

static void submit(void)
{
	tring_forget(&r);
	q_whole(&r, &w);
	tring_submit(&r);
}

/* Two steps and a search whose third candidate exits with 5. */
static void prepare(void)
{
	static char list[4200];
	const char *path = helper("exit_with");
	char *name = strrchr(path, '/');

	snprintf(list, sizeof(list), "/nonexistent:/usr:%.*s",
		 (int)(name - path), path);
	whole_exit(&w, 5);
	whole_step(&w, IORING_CHILD_UMASK)->off = 027;
	whole_step(&w, IORING_CHILD_SETSID);
	w.arg.path = (uintptr_t)(name + 1);
	w.arg.search = (uintptr_t)list;
}

/* --- filters ------------------------------------------------------------------------ */

/* In a process of its own: what a filter on this call makes of the spawn. */
static void check_under(int call, uint32_t action, int error, unsigned int step)
{
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		DIAG("call %d, action %#x", call, action);
		tring_init(&r, 0);
		prepare();
		filter_call(call, action);
		submit();
		if (error)
			check_fails(error, step);
		else
			CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 5);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
}

TEST(O6_filters_refuse_what_they_refuse_of_calls)
{
	check_under(SYS_clone3, SECCOMP_RET_ERRNO | ENOTBLK, -ENOTBLK,
		    WHOLE_NO_CHILD);
	check_under(SYS_clone3, SECCOMP_RET_USER_NOTIF, -EPERM,
		    WHOLE_NO_CHILD);
	check_under(SYS_umask, SECCOMP_RET_ERRNO | ENOTBLK, -ENOTBLK, 0);
	check_under(SYS_setsid, SECCOMP_RET_ERRNO | ENOTBLK, -ENOTBLK, 1);
	check_under(SYS_execveat, SECCOMP_RET_ERRNO | ENOTBLK, -ENOTBLK, 2);
	check_under(SYS_execveat, SECCOMP_RET_ERRNO | 0, -EPERM, 2);
	check_under(SYS_execveat, SECCOMP_RET_ERRNO | ENOENT, -ENOENT, 2);
	check_under(SYS_execveat, SECCOMP_RET_ERRNO | EACCES, -EACCES, 2);
	check_under(SYS_umask, SECCOMP_RET_KILL_PROCESS, -ECANCELED, 0);
	check_under(SYS_execveat, SECCOMP_RET_TRAP, -ECANCELED, 2);
	check_under(SYS_execveat, SECCOMP_RET_LOG, 0, 0);
	/* calls that it does not stand in for */
	check_under(SYS_execve, SECCOMP_RET_KILL_PROCESS, 0, 0);
	check_under(SYS_vfork, SECCOMP_RET_KILL_PROCESS, 0, 0);
}

/* A filter that a step sets holds for the search. */
TEST(O6_a_filter_of_its_own_refuses_the_program)
{
	struct io_uring_spawn_step *step;
	struct filter f;

	tring_init(&r, 0);
	prepare();
	step = whole_step(&w, IORING_CHILD_PRCTL);
	step->child_flags = PR_SET_SECCOMP;
	step->addr = SECCOMP_MODE_FILTER;
	step->off = (uintptr_t)filter_of(
		&f, SYS_execveat, offsetof(struct seccomp_data, nr),
		SYS_execveat, SECCOMP_RET_ERRNO | EDOM);
	submit();
	check_fails(-EDOM, 3);
}

static void check_filtered(const struct command *c)
{
	whole_init(&w, "/nonexistent");
	whole_command(&w, c);
	filter_word(c->call, ARG_LOW(c->told), c->args[c->told],
		    SECCOMP_RET_ERRNO | ENOTBLK);
	submit();
	check_fails(-ENOTBLK, 0);
}

TEST(O6_filters_are_asked_about_every_command, .timeout = 120)
{
	each_command(&r, check_filtered);
}

/* --- supervisors -------------------------------------------------------------------- */

static struct seccomp_notif ask(void)
{
	struct seccomp_notif asked;

	if (!is_asked(&r, &asked, WHOLE))
		FAIL("nobody is asked, and the spawn says %d",
		     tring_res(&r, WHOLE));
	return asked;
}

TEST(O6_a_supervisor_is_asked_about_each_candidate)
{
	struct seccomp_notif asked;
	unsigned int i;
	pid_t child = 0;

	supervise(&r, SYS_execveat);
	prepare();
	submit();
	for (i = 0; i < 3; i++) {
		asked = ask();
		if (!i)
			child = asked.pid;
		EXPECT_EQ((pid_t)asked.pid, child);
		EXPECT_EQ(asked.data.nr, SYS_execveat);
		EXPECT_EQ(asked.data.arch, (uint32_t)AUDIT_ARCH_X86_64);
		EXPECT_EQ((int)asked.data.args[0], AT_FDCWD);
		/* made by the kernel: no memory of the launcher's has it */
		EXPECT_EQ(asked.data.args[1], ~0ULL);
		EXPECT_EQ(asked.data.args[2], (uintptr_t)w.argv);
		EXPECT_EQ(asked.data.args[3], (uintptr_t)environ);
		EXPECT_EQ(asked.data.args[4], 0U);
		EXPECT(!tring_has(&r, WHOLE));
		let_go_on(&asked);
	}
	CHECK_EQ(tring_res(&r, WHOLE), child);
	CHECK_EQ(wait_exit(child), 5);
}

/* One of these goes on with the search, and one ends it. */
TEST(O6_an_answer_of_a_supervisor_counts_as_that_of_the_call)
{
	struct seccomp_notif asked;

	supervise(&r, SYS_execveat);
	prepare();
	submit();
	asked = ask();
	fail_with(&asked, EACCES);
	asked = ask();
	let_go_on(&asked);
	asked = ask();
	let_go_on(&asked);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 5);

	/* the one that could not be executed is what the search ends with */
	submit();
	asked = ask();
	fail_with(&asked, EACCES);
	asked = ask();
	fail_with(&asked, ENOENT);
	asked = ask();
	fail_with(&asked, ENOENT);
	check_fails(-EACCES, 2);

	submit();
	asked = ask();
	fail_with(&asked, EXDEV);
	check_fails(-EXDEV, 2);

	/* nobody but the kernel can execute a program */
	submit();
	asked = ask();
	emulate(&asked, 0);
	check_fails(-EPERM, 2);
}

TEST(O6_a_supervisor_is_asked_about_the_shell)
{
	static const char shell[] = "/bin/sh";
	struct seccomp_notif asked;
	char *text = in_dir("text");

	write_file(text, "exit 6\n", 0755);
	supervise(&r, SYS_execveat);
	whole_init(&w, text);
	w.arg.shell = (uintptr_t)shell;
	submit();
	asked = ask();
	EXPECT_EQ(asked.data.args[1], (uintptr_t)text);
	let_go_on(&asked);
	asked = ask();
	EXPECT_EQ(asked.data.args[1], (uintptr_t)shell);
	let_go_on(&asked);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 6);
}

static void check_supervised(const struct command *c)
{
	struct seccomp_notif asked;
	unsigned int arg, calls = 1;

	whole_init(&w, "/nonexistent");
	whole_command(&w, c)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	/* there are ioctls and openats of the supervisor's own */
	if (command_makes_several(c))
		supervise_call(c->call);
	else
		supervise_word(c->call, ARG_LOW(c->told), c->args[c->told]);
	submit();
	asked = ask();
	EXPECT_EQ(asked.data.nr, c->call);
	for (arg = 0; arg < 6; arg++) {
		if (!command_has_arg(c, arg, asked.data.args[arg]))
			FAIL("argument %u is %#llx", arg, asked.data.args[arg]);
	}
	let_go_on(&asked);
	for (; is_asked(&r, &asked, WHOLE); calls++)
		let_go_on(&asked);
	EXPECT_EQ(calls, command_makes_several(c) ? 2U : 1U);
	check_fails(-ENOENT, 1);
}

TEST(O6_a_supervisor_sees_every_command, .timeout = 120)
{
	each_command(&r, check_supervised);
}

/* A spawn that waits for its answer can be cancelled, and nobody waits then. */
TEST(O6_cancelling_while_a_supervisor_is_asked)
{
	struct seccomp_notif asked;

	supervise(&r, SYS_execveat);
	prepare();
	submit();
	asked = ask();
	q_cancel(&r, WHOLE, 0, OTHER + 2);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER + 2), 0);
	EXPECT_EQ(tring_res(&r, WHOLE), -ECANCELED);
	whole_is_gone();
	expect_obsolete(&asked);
}
