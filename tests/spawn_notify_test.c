// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A supervisor of seccomp (SECCOMP_RET_USER_NOTIF) is asked about EXEC and about
 * the commands of a child as about the system calls that these stand in for, and
 * its answer counts (K3). How the wait for it ends otherwise: spawn_notify_end_test.c.
 */
#include "lib/child.h"
#include "lib/command.h"
#include "lib/filter.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/supervisor.h"

#include <linux/audit.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

/* --- who goes on ---------------------------------------------------------------------- */

TEST(K3_a_supervisor_lets_exec_go_on)
{
	static char *const argv[] = { "exit_with", "5", NULL };
	const char *path = helper("exit_with");
	struct seccomp_notif asked;

	supervise(&r, SYS_execveat);
	q_clone(&r);
	q_nop(&r);
	q_exec(&r, path, argv);
	tring_submit(&r);
	asked = asked_in(&r, 1);
	EXPECT_EQ(asked.flags, 0U);
	EXPECT_EQ(asked.data.nr, SYS_execveat);
	EXPECT_EQ(asked.data.arch, (uint32_t)AUDIT_ARCH_X86_64);
	EXPECT_EQ((int)asked.data.args[0], AT_FDCWD);
	EXPECT_EQ(asked.data.args[1], (uintptr_t)path);
	EXPECT_EQ(asked.data.args[2], (uintptr_t)argv);
	EXPECT_EQ(asked.data.args[3], (uintptr_t)environ);
	EXPECT_EQ(asked.data.args[4], 0U);
	EXPECT(!tring_has(&r, 1));
	let_go_on(&asked);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 5);
	tring_total(&r, 3);
}

TEST(K3_a_supervisor_works_on_every_kind_of_ring)
{
	unsigned int i;

	supervise_call(SYS_setsid);
	for (i = 0; i < tring_nr_kinds; i++) {
		struct seccomp_notif asked;

		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_child(&r, IORING_CHILD_SETSID);
		q_exit(&r, 0);
		tring_submit(&r);
		asked = asked_in(&r, 0);
		let_go_on(&asked);
		CHECK_EQ(tring_res(&r, 0), tring_res(&r, CLONE));
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
		tring_exit(&r);
	}
}

/* A command, and EXEC of nothing. */
static void submit_command(const struct command *c)
{
	tring_forget(&r);
	q_clone(&r);
	hardlink(q_command(&r, c));
	q_exec(&r, "/nonexistent", NULL);
	tring_submit(&r);
}

static void expect_arguments(const struct command *c,
			     const struct seccomp_notif *asked)
{
	unsigned int arg;

	EXPECT_EQ(asked->data.nr, c->call);
	EXPECT_EQ(asked->data.arch, (uint32_t)AUDIT_ARCH_X86_64);
	for (arg = 0; arg < 6; arg++) {
		DIAG("argument %u", arg);
		if (!command_has_arg(c, arg, asked->data.args[arg]))
			EXPECT_EQ(asked->data.args[arg], c->args[arg]);
	}
}

/* It says what it says without a supervisor. */
static void check_supervised(const struct command *c)
{
	struct seccomp_notif asked;
	unsigned int calls = 1;
	int free;

	submit_command(c);
	free = tring_res(&r, 0);
	tring_total(&r, 3);
	/* there are ioctls and openats of the supervisor's own */
	if (command_makes_several(c))
		supervise_call(c->call);
	else
		supervise_word(c->call, ARG_LOW(c->told), c->args[c->told]);
	submit_command(c);
	asked = asked_in(&r, 0);
	expect_arguments(c, &asked);
	let_go_on(&asked);
	for (; is_asked(&r, &asked, 0); calls++)
		let_go_on(&asked);
	EXPECT_EQ(calls, command_makes_several(c) ? 2U : 1U);
	if (free < 0 || tring_res(&r, 0) < 0)
		EXPECT_EQ(tring_res(&r, 0), free);
	tring_total(&r, 3);
	EXPECT_EQ(tring_res(&r, 1), -ENOENT);
	check_gone(tring_res(&r, CLONE));
}

TEST(K3_a_supervisor_sees_every_command, .timeout = 120)
{
	each_command(&r, check_supervised);
}

/* --- who fails ------------------------------------------------------------------------ */

static void q_umask(void)
{
	struct io_uring_sqe *sqe = q_child(&r, IORING_CHILD_UMASK);

	sqe->off = 027;
	hardlink(sqe);
}

static struct seccomp_notif asked_of_umask(void)
{
	tring_forget(&r);
	q_clone(&r);
	q_umask();
	q_child(&r, IORING_CHILD_SETPGID);
	q_exit(&r, 0);
	tring_submit(&r);
	return asked_in(&r, 0);
}

/* From 512 on, errors mean something within the kernel. */
TEST(K3_an_error_of_a_supervisor_is_the_result_of_the_step)
{
	static const struct {
		int error;
		int result;
	} errors[] = {
		{ EDOM, -EDOM },  { ECANCELED, -ECANCELED }, { 511, -511 },
		{ 512, -EPERM },  { 513, -EPERM },	     { 516, -EPERM },
		{ 4095, -EPERM },
	};
	struct seccomp_notif asked;
	unsigned int i;

	supervise(&r, SYS_umask);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		DIAG("error %d", errors[i].error);
		asked = asked_of_umask();
		fail_with(&asked, errors[i].error);
		tring_total(&r, 4);
		EXPECT_EQ(tring_res(&r, 0), errors[i].result);
		CHECK_EQ(tring_res(&r, 2), 0);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	}
}

static struct seccomp_notif asked_of_exec(void)
{
	tring_forget(&r);
	q_clone(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	return asked_in(&r, 0);
}

TEST(K3_an_error_of_a_supervisor_is_the_result_of_exec)
{
	static const int errors[][2] = { { EDOM, -EDOM },
					 { ENOENT, -ENOENT },
					 { 512, -EPERM } };
	struct seccomp_notif asked;
	unsigned int i;

	supervise(&r, SYS_execveat);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		asked = asked_of_exec();
		fail_with(&asked, errors[i][0]);
		EXPECT_EQ(tring_res(&r, 0), errors[i][1]);
		tring_total(&r, 2);
		check_gone(tring_res(&r, CLONE));
		check_no_children();
	}
}

/* A search goes on after an error that a supervisor has made up. */
TEST(K3_a_search_goes_on_after_an_error_of_a_supervisor)
{
	struct seccomp_notif asked;

	supervise(&r, SYS_execveat);
	q_clone(&r);
	q_exit(&r, 3)->ioprio = IORING_EXEC_SEARCH;
	q_exit(&r, 4)->ioprio = IORING_EXEC_SEARCH;
	q_exit(&r, 5);
	tring_submit(&r);
	asked = asked_in(&r, 0);
	fail_with(&asked, ENOENT);
	asked = asked_in(&r, 1);
	let_go_on(&asked);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 4);
	tring_total(&r, 4);
}

/* --- who emulates --------------------------------------------------------------------- */

/* The step succeeds and is not done: the program has our umask. */
TEST(K3_a_success_that_a_supervisor_makes_up_is_the_result_of_a_command)
{
	static const int values[] = { 0, 5, 0777, -ENOTBLK };
	struct seccomp_notif asked;
	unsigned int i;
	struct shown s;

	umask(011);
	supervise(&r, SYS_umask);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		tring_forget(&r);
		q_clone(&r);
		q_umask();
		q_show(&r, &s);
		tring_submit(&r);
		asked = asked_in(&r, 0);
		emulate(&asked, values[i]);
		EXPECT_EQ(tring_res(&r, 0), values[i]);
		CHECK_EQ(tring_res(&r, 1), 0);
		shown_read(&s);
		EXPECT_STR(shown(&s, "Umask"), "0011");
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	}
}

/* Nobody but the kernel can execute a program. */
TEST(K3_a_success_of_exec_cannot_be_made_up)
{
	static const int64_t values[] = { 0, 1, 1LL << 32 };
	struct seccomp_notif asked;
	unsigned int i;

	supervise(&r, SYS_execveat);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		asked = asked_of_exec();
		emulate(&asked, values[i]);
		EXPECT_EQ(tring_res(&r, 0), -EPERM);
		tring_total(&r, 2);
		check_gone(tring_res(&r, CLONE));
		check_no_children();
	}
}

/* The supervisor puts a descriptor into the child, instead of DUP. */
static void check_addfd(uint32_t flags, int fd)
{
	struct seccomp_notif_addfd add = {
		.flags = SECCOMP_ADDFD_FLAG_SETFD | flags,
		.srcfd = fd,
		.newfd = 77,
	};
	struct seccomp_notif asked;
	struct shown s;

	tring_forget(&r);
	q_clone(&r);
	q_dup(&r, 2, 77);
	q_show(&r, &s);
	tring_submit(&r);
	asked = asked_in(&r, 0);
	add.id = asked.id;
	CHECK_EQ(CHECK_SYS(ioctl(supervisor_listener, SECCOMP_IOCTL_NOTIF_ADDFD,
				 &add)),
		 77);
	if (!flags)
		emulate(&asked, 77);
	CHECK_EQ(tring_res(&r, 0), 77);
	CHECK_EQ(tring_res(&r, 1), 0);
	shown_read(&s);
	EXPECT_HAS(shown(&s, "fd77"), in_dir("given"));
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	/* it is the child's alone */
	EXPECT_EQ(fcntl(77, F_GETFD), -1);
}

TEST(K3_a_supervisor_gives_the_child_a_descriptor)
{
	int fd;

	write_file(in_dir("given"), "", 0600);
	fd = CHECK_SYS(open(in_dir("given"), O_RDONLY | O_CLOEXEC));
	supervise(&r, SYS_dup3);
	check_addfd(0, fd);
	check_addfd(SECCOMP_ADDFD_FLAG_SEND, fd);
}

/* --- what policies stage ------------------------------------------------------------- */

/* The path is none of the user's: its address is one that cannot be. */
TEST(K3_a_supervisor_is_asked_about_what_a_policy_stages)
{
	struct seccomp_notif asked;

	tprog_start(&r, &p, 0);
	rule_stage_text(
		tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SUBMIT),
		ENGINE_STAGE_EXEC, helper("exit_with"));
	supervise_call(SYS_execveat);
	q_clone(&r);
	q_exit(&r, 6)->addr = (uintptr_t) "/missing/exit_with";
	tring_submit(&r);
	asked = asked_in(&r, 0);
	EXPECT_NE(asked.data.args[1], ~0ULL);
	let_go_on(&asked);
	asked = asked_in(&r, 0);
	EXPECT_EQ(asked.data.nr, SYS_execveat);
	EXPECT_EQ(asked.data.args[1], ~0ULL);
	let_go_on(&asked);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 6);
	EXPECT_EQ(tprog_run(&p, 0)->ctx.res, -ENOENT);
}
