// SPDX-License-Identifier: LGPL-2.1-or-later
/* seccomp filters bind CLONE and EXEC as they bind clone3(2) and execveat(2) (S19). */
#include "lib/apart.h"
#include "lib/child.h"
#include "lib/filter.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"
#include "lib/step.h"

#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;

TEST(S19_seccomp_refuses_clone_as_it_refuses_clone3)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			DIAG("%s", tring_kinds[i].name);
			/* An SQ thread has the filters its maker had. */
			filter_call(SYS_clone3, SECCOMP_RET_ERRNO | ENOTBLK);
			tring_init(&r, tring_kinds[i].flags);
			CHECK_EQ(spawn_exit(&r, NULL), -ENOTBLK);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

TEST(S19_seccomp_refuses_exec_as_it_refuses_execveat)
{
	int exec;

	tring_init(&r, 0);
	filter_call(SYS_execveat, SECCOMP_RET_ERRNO | ENOTBLK);
	CHECK_GT(spawn_exit(&r, &exec), 0);
	EXPECT_EQ(exec, -ENOTBLK);
	check_no_children();
}

/*
 * CLONE is no call of the submitter's: what cannot be done to that counts as a
 * refusal. EXEC is one of the child's, see spawn_sigsys_test.c.
 */
TEST(S19_seccomp_actions_that_kill_or_trap_are_eperm_for_clone)
{
	static const unsigned int actions[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_TRAP,	  SECCOMP_RET_TRACE,
		SECCOMP_RET_USER_NOTIF,
	};
	unsigned int i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			tring_init(&r, 0);
			filter_call(SYS_clone3, actions[i]);
			CHECK_EQ(spawn_exit(&r, NULL), -EPERM);
			check_no_children();
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

/* Nobody is there to ask, as for a call: see spawn_tracer_test.c, spawn_notify_test.c. */
TEST(K3_seccomp_that_asks_nobody_is_enosys)
{
	static const unsigned int actions[] = { SECCOMP_RET_TRACE,
						SECCOMP_RET_USER_NOTIF };
	unsigned int i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		pid_t pid = CHECK_SYS(fork());
		int exec;

		if (!pid) {
			tring_init(&r, 0);
			filter_call(SYS_execveat, actions[i]);
			filter_call(SYS_setsid, actions[i]);
			CHECK_GT(spawn_exit(&r, &exec), 0);
			CHECK_EQ(exec, -ENOSYS);
			EXPECT_EQ(
				CHILD_RESULT(NULL, .len = IORING_CHILD_SETSID),
				-ENOSYS);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

TEST(S19_seccomp_that_logs_or_refuses_others_allows)
{
	int exec;

	tring_init(&r, 0);
	filter_call(SYS_clone3, SECCOMP_RET_LOG);
	filter_call(SYS_execveat, SECCOMP_RET_LOG);
	filter_call(SYS_fork, SECCOMP_RET_ERRNO | EPERM);
	CHECK_GT(spawn_exit(&r, &exec), 0);
	CHECK_EQ(exec, 0);
}

/*
 * The SQ thread keeps the rights its maker had. No child is made on behalf of
 * one that has others than the process by now.
 */
TEST(S19_an_sq_thread_with_other_rights_gets_no_child)
{
	int how;

	for (how = 0; how < 2; how++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			tring_init(&r, IORING_SETUP_SQPOLL);
			CHECK_GT(spawn_exit(&r, NULL), 0);
			if (how)
				become_ordinary();
			else
				filter_call(SYS_fork, SECCOMP_RET_ALLOW);
			CHECK_EQ(spawn_exit(&r, NULL), -EPERM);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

TEST(S19_the_child_inherits_filters)
{
	struct shown s;

	tring_init(&r, 0);
	filter_call(SYS_fork, SECCOMP_RET_ERRNO | EPERM);
	q_clone(&r);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "Seccomp"), 2);
	EXPECT_EQ(shown_number(&s, "Seccomp_filters"), 1);
	EXPECT_EQ(shown_number(&s, "nnp"), 1);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* --- what filters can answer ------------------------------------------------------ */

/* In a process of its own: EXEC's or CLONE's result under a filter. */
static int under(int call, uint32_t action)
{
	struct apart apart;
	int exec, res;

	if (apart_begin(&apart)) {
		tring_init(&r, 0);
		filter_call(call, action);
		res = spawn_exit(&r, &exec);
		apart_end(&apart, res > 0 ? exec : res);
	}
	return apart_result(&apart);
}

/*
 * Those that are errors of the system come through. One of 0 would be a success
 * that never was, and from 512 on they mean something within the kernel.
 */
TEST(S19_seccomp_errnos)
{
	static const struct {
		unsigned int filter;
		int result;
	} errnos[] = {
		{ 0, -EPERM },
		{ EPERM, -EPERM },
		{ ENOENT, -ENOENT },
		{ ENOEXEC, -ENOEXEC },
		{ EHWPOISON, -EHWPOISON },
		{ 511, -511 },
		{ 512 /* ERESTARTSYS */, -EPERM },
		{ 513 /* ERESTARTNOINTR */, -EPERM },
		{ 516 /* ERESTART_RESTARTBLOCK */, -EPERM },
		{ 529 /* EIOCBQUEUED */, -EPERM },
		{ 4095, -EPERM },
		{ 65535, -EPERM },
	};
	unsigned int i;

	for (i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
		uint32_t action = SECCOMP_RET_ERRNO | errnos[i].filter;

		DIAG("errno %u", errnos[i].filter);
		EXPECT_EQ(under(SYS_clone3, action), errnos[i].result);
		EXPECT_EQ(under(SYS_execveat, action), errnos[i].result);
	}
	check_no_children();
}

/* The same of a command. One of 0 is a success that the call would have as well. */
TEST(K3_seccomp_errnos_of_commands)
{
	static const unsigned int errnos[][2] = {
		{ 0, 0 },	  { EPERM, EPERM }, { EDOM, EDOM },
		{ 511, 511 },	  { 512, EPERM },   { 513, EPERM },
		{ 516, EPERM },	  { 529, EPERM },   { 4095, EPERM },
		{ 65535, EPERM },
	};
	unsigned int i;

	for (i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
		struct apart apart;
		struct shown s;

		DIAG("errno %u", errnos[i][0]);
		if (apart_begin(&apart)) {
			umask(011);
			tring_init(&r, 0);
			filter_call(SYS_umask,
				    SECCOMP_RET_ERRNO | errnos[i][0]);
			q_clone(&r);
			hardlink(q_child(&r, IORING_CHILD_UMASK));
			q_show(&r, &s);
			tring_submit(&r);
			CHECK_EQ(tring_res(&r, 1), 0);
			shown_read(&s);
			EXPECT_STR(shown(&s, "Umask"), "0011");
			CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
			apart_end(&apart, tring_res(&r, 0));
		}
		EXPECT_EQ(apart_result(&apart), -(int)errnos[i][1]);
	}
}

/* Only the two calls that they stand in for: a filter that means others misses. */
TEST(S19_seccomp_that_refuses_execve_or_clone_alone_is_not_asked)
{
	EXPECT_EQ(under(SYS_execve, SECCOMP_RET_KILL_PROCESS), 0);
	EXPECT_EQ(under(SYS_clone, SECCOMP_RET_KILL_PROCESS), 0);
	EXPECT_EQ(under(SYS_vfork, SECCOMP_RET_KILL_PROCESS), 0);
}

/* Make a real call that does nothing, and answer for it with EDOM. */
static void check_supervised(int listener, int call)
{
	struct seccomp_notif_resp resp = { .error = -EDOM };
	struct seccomp_notif asked = { 0 };
	pid_t pid = CHECK_SYS(fork());

	if (!pid)
		_exit(syscall(call, -1, NULL, 0, 0, 0) < 0 && errno == EDOM
			      ? 0
			      : 1);
	CHECK_SYS(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked));
	EXPECT_EQ(asked.data.nr, call);
	resp.id = asked.id;
	CHECK_SYS(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp));
	CHECK_EQ(wait_exit(pid), 0);
}

/* A supervisor who listens is not asked about CLONE: nothing waits for its answer. */
TEST(S19_seccomp_supervisors_are_not_notified_of_clone)
{
	struct pollfd poller = { .events = POLLIN };

	tring_init(&r, 0);
	poller.fd = filter_call_flags(SYS_clone3, SECCOMP_RET_USER_NOTIF,
				      SECCOMP_FILTER_FLAG_NEW_LISTENER);
	check_supervised(poller.fd, SYS_clone3);
	CHECK_EQ(spawn_exit(&r, NULL), -EPERM);
	CHECK_EQ(poll(&poller, 1, 0), 0);
}

/* --- several filters -------------------------------------------------------------- */

/* EXEC's result under two filters, and what the call itself says to both. */
static void check_both(uint32_t older, uint32_t newer, int result)
{
	pid_t pid = CHECK_SYS(fork());
	int exec;

	if (!pid) {
		tring_init(&r, 0);
		filter_call(SYS_execveat, older);
		filter_call(SYS_execveat, newer);
		CHECK_GT(spawn_exit(&r, &exec), 0);
		CHECK_EQ(exec, result);
		if (result != -ECANCELED) /* it would be killed */
			CHECK_SYS_ERR(syscall(SYS_execveat, -1, "", 0, 0, 0),
				      result ? -result : EBADF);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
}

TEST(S19_of_several_filters_the_strictest_wins)
{
	static const uint32_t errno_ = SECCOMP_RET_ERRNO | ENOTBLK;
	static const uint32_t strict[] = {
		SECCOMP_RET_KILL_PROCESS,
		SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_TRAP,
	};
	unsigned int i;

	for (i = 0; i < sizeof(strict) / sizeof(strict[0]); i++) {
		check_both(errno_, strict[i], -ECANCELED);
		check_both(strict[i], errno_, -ECANCELED);
	}
	check_both(SECCOMP_RET_ALLOW, errno_, -ENOTBLK);
	check_both(errno_, SECCOMP_RET_ALLOW, -ENOTBLK);
	check_both(SECCOMP_RET_LOG, errno_, -ENOTBLK);
	check_both(errno_, SECCOMP_RET_LOG, -ENOTBLK);
	check_both(errno_, SECCOMP_RET_TRACE, -ENOTBLK);
	check_both(SECCOMP_RET_TRACE, SECCOMP_RET_ALLOW, -ENOSYS);
	check_both(errno_, SECCOMP_RET_ERRNO | EDOM, -EDOM);
	check_both(SECCOMP_RET_ERRNO | EDOM, errno_, -ENOTBLK);
}
